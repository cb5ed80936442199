"""SIGKILL at random moments: nothing promised is lost, nothing is done twice."""

from collections.abc import Callable

import pytest

from tests.faults.campaign import Campaign
from tests.faults.ledger import Order, account, describe
from tests.faults.rig import HURRIED, Rig, kill_quietly, until
from tests.faults.size import Dice, scaled

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
Promise = Callable[..., None]
Figures = Callable[[str, object], None]
RECEIPT_OF = "SELECT count(*) FROM outbox WHERE kind = 'fault.receipt' AND payload ->> 'number' = %s"


def test_workers_killed_at_random_lose_and_double_nothing(
    rig: Rig, promise: Promise, dice: Dice, record_property: Figures
) -> None:
    """Half of the kills by each seed; horses, workers with their horses, relays and whole trees."""
    rig.started(rig.tree(), rig.tree(), rig.tree(), within=60)
    campaign = Campaign(rig, dice, promise)
    verdict = campaign.run(orders=scaled(500) // 2, kills=scaled(200) // 2)
    record_property("kills", dict(campaign.kills))
    record_property("receipts due", campaign.published * 2)
    record_property("lost", len(verdict.lost))
    record_property("doubled", len(verdict.doubled))
    record_property("deliveries tried more than once", rig.count("SELECT count(*) FROM deliveries WHERE attempts > 1"))
    record_property("most tries of one", rig.count("SELECT max(attempts) FROM deliveries"))
    assert verdict.is_clean, f"seed {dice.seed}: {describe(verdict)}"
    assert verdict.orders == campaign.published


def test_without_the_outboxs_second_look_kills_lose_orders(rig: Rig, promise: Promise) -> None:
    """Negative control: the same campaign with Redis trusted must not come out clean."""
    rig.more["PORTAL_TEST_SABOTAGE"] = "trust_redis"
    rig.started(rig.tree(), within=60)
    campaign = Campaign(rig, Dice.fixed(), promise)
    campaign.publish(10)
    campaign.kill_somebody()
    while campaign.kills["horse"] + campaign.kills["worker"] < 2:
        campaign.publish(2)
        campaign.kill_somebody()
    with pytest.raises(AssertionError, match="every delivery settled"):
        rig.settled(within=15)


def test_without_one_transaction_kills_double_receipts(rig: Rig, promise: Promise) -> None:
    """Negative control: effect and mark apart, and a death in between repeats the effect."""
    rig.more["PORTAL_TEST_SABOTAGE"] = "two_transactions"
    tree = rig.tree()
    rig.started(tree, within=60)
    for number in range(1, 4):
        promise(Order(number=number, after_ms=1500))
        until(lambda wanted=str(number): rig.count(RECEIPT_OF, wanted) == 1, within=20, what="effect without mark")
        for horse in tree.horses():
            kill_quietly(horse)
    rig.settled(within=60)
    with rig.rows() as rows:
        assert account(rows).doubled


def test_without_leases_slow_work_is_doubled(rig: Rig, promise: Promise) -> None:
    """Negative control: nobody owns a delivery, so that a repeated word in Redis runs it again."""
    rig.more["PORTAL_TEST_SABOTAGE"] = "no_lease"
    rig.started(rig.tree(times=HURRIED | {"lease_margin": -1.7, "first_delay": 0.01}), within=60)
    for number in range(1, 4):  # one at a time, so that the other worker is free to run it too
        promise(Order(number=number, before_ms=1600))
        rig.settled(within=60)
    with rig.rows() as rows:
        assert account(rows).doubled
