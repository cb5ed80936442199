"""SIGKILL at random moments: nothing promised is lost, nothing is done twice."""

import dataclasses
from collections.abc import Callable

import pytest

from portal.core.ids import new_id
from tests.faults.campaign import Campaign
from tests.faults.ledger import Order, account, describe
from tests.faults.rig import HURRIED, Rig, kill_quietly, until
from tests.faults.size import Dice, scaled

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
Promise = Callable[..., None]
Figures = Callable[[str, object], None]


def test_workers_killed_at_random_lose_and_double_nothing(
    rig: Rig, promise: Promise, dice: Dice, record_property: Figures
) -> None:
    """Half of the kills by each seed; horses, workers with their horses, relays and whole trees."""
    rig.started(rig.tree(), rig.tree(), rig.tree())
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
    rig.started(rig.tree())
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
    rig.started(tree)

    def kill_between() -> None:
        until(lambda: rig.count("SELECT count(*) FROM outbox WHERE kind = 'fault.receipt'") > 0, within=60)
        for horse in tree.horses():
            kill_quietly(horse)

    assert _is_doubled(rig, promise, Order(number=1, after_ms=1500), meanwhile=kill_between)


def test_without_leases_slow_work_is_doubled(rig: Rig, promise: Promise) -> None:
    """Negative control: nobody owns a delivery, so that a repeated word in Redis runs it again."""
    rig.more |= {"PORTAL_TEST_SABOTAGE": "no_lease", "PORTAL_TEST_SECONDS": "10"}
    rig.started(rig.tree(times=HURRIED | {"lease_margin": -9.7, "first_delay": 0.01, "tries": 99}))
    assert _is_doubled(rig, promise, Order(number=1, before_ms=3000))


def _is_doubled(rig: Rig, promise: Promise, order: Order, *, meanwhile: Callable[[], None] = lambda: None) -> bool:
    """Whether the sabotage doubles a receipt in one of a few trials; a busy machine may spoil some."""
    for number in range(1, 9):
        with rig.rows() as rows:
            rows.execute("DELETE FROM deliveries")
            rows.execute("DELETE FROM outbox")
        promise(dataclasses.replace(order, id=new_id(), number=number))
        meanwhile()
        rig.settled(within=120)
        with rig.rows() as rows:
            if account(rows).doubled:
                return True
    return False
