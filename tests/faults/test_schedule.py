"""One schedule, several trees, some of them killed: each slot reaches each tenant once."""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.rig import Rig, kill_quietly, until
from tests.faults.size import FULL, Dice

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
PERIOD = 2


def test_each_slot_reaches_each_tenant_once(
    rig: Rig, dice: Dice, record_property: Callable[[str, object], None]
) -> None:
    rig.more["PORTAL_TEST_TICK"] = "1"
    rig.started(rig.tree(), rig.tree(), rig.tree())
    kills = 0
    ends = time.monotonic() + (120 if FULL else 12)
    while time.monotonic() < ends:
        time.sleep(0.5 + dice.source.random() * 1.5)
        tree = dice.source.choice(rig.trees)
        for relay in tree.relay_and_workers()[:1]:
            kills += kill_quietly(relay)
    slots = "SELECT count(DISTINCT payload ->> 'slot') FROM outbox WHERE kind = 'schedule.due'"
    until(lambda: rig.count(slots) >= (100 if FULL else 10) / PERIOD, within=60, what="slots published")
    for tree in rig.trees:
        tree.stop()
    with rig.rows() as rows:
        told = rows.execute(
            "SELECT tenant_id, payload ->> 'slot' AS slot FROM outbox"
            " WHERE kind = 'schedule.due' AND payload ->> 'name' = 'fault.tick'"
        ).fetchall()
        receipts = rows.execute("SELECT payload ->> 'of' AS of FROM outbox WHERE kind = 'fault.receipt'").fetchall()
        numbers = sorted(
            row["at"]
            for row in rows.execute(
                "SELECT DISTINCT extract(epoch FROM (payload ->> 'slot')::timestamptz)::int AS at FROM outbox"
                " WHERE kind = 'schedule.due' AND payload ->> 'name' = 'fault.tick'"
            )
        )
    record_property("relays killed", kills)
    record_property("slots", len(numbers))
    each = Counter((row["tenant_id"], row["slot"]) for row in told)
    assert max(each.values()) == 1, f"seed {dice.seed}"
    assert max(Counter(row["of"] for row in receipts).values()) == 1, f"seed {dice.seed}"
    assert numbers == list(range(numbers[0], numbers[-1] + 1, PERIOD)), "no slot was left out"
