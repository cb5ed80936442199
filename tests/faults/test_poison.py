"""Work that harms the worker: it gets its tries, then lies with the dead letters; others go on meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.core.events import deadletters
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from tests import world
from tests.faults.ledger import Order, Trap, account, describe
from tests.faults.rig import HURRIED, Rig, until
from tests.faults.size import FULL

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
Promise = Callable[..., None]
TRIES = 10 if FULL else 3
WAYS = ("raise", "hang", "deaf", "frozen", "segfault", "leave")
DIED = "The run ended without an answer"
REASONS = {"raise": "RuntimeError: poison", "hang": "JobTimeoutException", "deaf": DIED, "frozen": DIED,
           "segfault": DIED, "leave": DIED}  # fmt: skip


def test_poison_ends_as_a_dead_letter_while_others_go_on(
    rig: Rig, promise: Promise, publishing: Flask, record_property: Callable[[str, object], None]
) -> None:
    tree = rig.tree(times=HURRIED | {"tries": TRIES, "longest_delay": 0.6})
    rig.started(tree)
    for way in WAYS:
        promise(Trap(way=way))
    for number in range(1, 21):
        promise(Order(number=number), slug="summit")
    until(
        lambda: rig.count("SELECT count(*) FROM outbox WHERE kind = 'fault.receipt'") == 40,
        within=120, what="the other tenant's orders",
    )  # fmt: skip
    if FULL:
        assert rig.count("SELECT count(*) FROM deliveries WHERE state = 'dead'") < len(WAYS), "others came first"
    took = rig.settled(within=400)
    found = _dead(rig)
    assert {way: row["attempts"] for way, row in found.items()} == dict.fromkeys(WAYS, TRIES)
    for way, row in found.items():
        assert row["last_error"].startswith(REASONS[way]), (way, row["last_error"])
        assert row["tenant_id"] == world.tenant_id("harbor")
    record_property("ways to harm", list(WAYS))
    record_property("tries each", TRIES)
    record_property("all dead after (s)", round(took, 1))
    _disarm_and_replay(rig, publishing, [row["id"] for row in found.values()])
    assert rig.count("SELECT count(*) FROM outbox WHERE kind = 'fault.receipt' AND payload ->> 'number' = '0'") == 6
    assert rig.count("SELECT count(*) FROM deliveries WHERE state <> 'done'") == 0
    with rig.rows() as rows:
        verdict = account(rows)
    assert verdict.is_clean, describe(verdict)


def _dead(rig: Rig) -> dict[str, dict[str, Any]]:
    with rig.rows() as rows:
        found = rows.execute(
            "SELECT d.*, o.payload ->> 'way' AS way FROM deliveries d JOIN outbox o ON o.id = d.event_id"
            " WHERE d.state = 'dead'"
        ).fetchall()
    return {row["way"]: dict(row) for row in found}


def _disarm_and_replay(rig: Rig, publishing: Flask, letters: list[Any]) -> None:
    (rig.folder / "disarmed").touch()
    for letter in letters:
        with publishing.app_context(), transaction(system_scope(world.tenant_id("harbor"))):
            deadletters.replay(letter)
    rig.settled(within=60)
