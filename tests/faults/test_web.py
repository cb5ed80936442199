"""A web process killed around its COMMIT: committed means done, not committed means never happened."""

from collections.abc import Callable

import pytest

from tests.faults.ledger import account, describe
from tests.faults.rig import Rig
from tests.faults.size import scaled
from tests.faults.test_mail import die

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def test_killed_right_after_the_commit_everything_still_happens(
    rig: Rig, record_property: Callable[[str, object], None]
) -> None:
    rig.started(rig.tree())
    kills = scaled(200)
    die(rig, kills, "after", "order")
    took = rig.settled(within=120)
    with rig.rows() as rows:
        verdict = account(rows)
    record_property("web processes killed after COMMIT", kills)
    record_property("settled after the last (s)", round(took, 1))
    assert verdict.orders == kills
    assert verdict.is_clean, describe(verdict)


def test_killed_right_before_the_commit_nothing_happens(
    rig: Rig, record_property: Callable[[str, object], None]
) -> None:
    rig.started(rig.tree())
    kills = scaled(200)
    die(rig, kills, "before", "order")
    record_property("web processes killed before COMMIT", kills)
    assert rig.count("SELECT count(*) FROM outbox WHERE kind LIKE 'fault.%'") == 0
