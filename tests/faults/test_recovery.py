"""At the product's own waiting times: how long a delivery takes whose worker was killed in the middle of it."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.ledger import SlowOnce
from tests.faults.rig import Rig, until
from tests.faults.size import scaled

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
PROMISED = 120.0
"""Seconds."""
NOTICED = 75.0
"""Seconds."""


def test_a_killed_workers_delivery_is_made_good_in_time(
    rig: Rig, promise: Callable[..., None], record_property: Callable[[str, object], None]
) -> None:
    """Kills horse and worker together; the waiting is the product's, nothing is hurried."""
    kills = scaled(5)
    tree = rig.tree(times=None, WORKERS=str(kills + 1))
    rig.started(tree)
    told = [rig.folder / f"told-{number}" for number in range(kills)]
    for file in told:
        promise(SlowOnce(told=str(file)))
    until(lambda: all(file.exists() and file.read_text() for file in told), within=30, what="all at work")
    killed = {}
    for file in told:
        for pid in reversed([int(word) for word in file.read_text().split()]):
            os.kill(pid, signal.SIGKILL)
        killed[str(file)] = time.time()
    until(lambda: rig.workers_known() > kills + 1, within=30, what="new workers beside the dead ones' names")
    forgotten = until(lambda: rig.workers_known() == kills + 1, within=NOTICED, what="Redis forgot the dead ones")
    rig.settled(within=PROMISED * 1.5)
    with rig.rows() as rows:
        done = rows.execute(
            "SELECT o.payload ->> 'told' AS told, extract(epoch FROM d.finished_at)::float AS at, d.attempts"
            "  FROM deliveries d JOIN outbox o ON o.id = d.event_id WHERE o.kind = 'fault.slow_once'"
        ).fetchall()
    took = sorted(round(row["at"] - killed[row["told"]], 1) for row in done)
    record_property("kills of horse and worker", kills)
    record_property("seconds until made good", took)
    record_property("p99 (s)", took[-1])
    record_property("seconds until RQ forgot the dead workers", round(forgotten, 1))
    assert len(took) == kills
    assert {row["attempts"] for row in done} == {2}
    assert rig.count("SELECT count(*) FROM outbox WHERE kind = 'fault.receipt'") == kills
    assert took[-1] < PROMISED
