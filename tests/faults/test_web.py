"""A web process killed around its COMMIT: committed means done, not committed means never happened."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from portal.settings import ROOT
from tests.faults.ledger import account, describe
from tests.faults.rig import Rig
from tests.faults.size import scaled

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def _die(rig: Rig, count: int, when: str) -> None:
    command = [sys.executable, "-m", "tests.faults.dying_web", str(count), when]
    subprocess.run(command, cwd=ROOT, env=rig.environment, check=True, timeout=600)


def test_killed_right_after_the_commit_everything_still_happens(
    rig: Rig, record_property: Callable[[str, object], None]
) -> None:
    rig.started(rig.tree())
    kills = scaled(200)
    _die(rig, kills, "after")
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
    _die(rig, kills, "before")
    record_property("web processes killed before COMMIT", kills)
    assert rig.count("SELECT count(*) FROM outbox WHERE kind LIKE 'fault.%'") == 0
