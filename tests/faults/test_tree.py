"""The worker's tree as processes: who starts whom, who dies with whom, and what stopping means."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests import world
from tests.faults.ledger import LongWork, Order, account, describe
from tests.faults.rig import HURRIED, Rig, kill_quietly, until
from tests.faults.size import scaled

pytestmark = pytest.mark.faults
Promise = Callable[..., None]
Figures = Callable[[str, object], None]
DONE = "SELECT count(*) FROM deliveries WHERE state = 'done'"


def test_orders_are_delivered_soon_and_once(rig: Rig, promise: Promise, record_property: Figures) -> None:
    rig.started(rig.tree())
    for number in range(1, 11):
        promise(Order(number=number))
        rig.settled(within=20)
    with rig.rows() as rows:
        verdict = account(rows)
        took = [
            row["ms"]
            for row in rows.execute(
                "SELECT extract(epoch FROM finished_at - created_at)::float * 1000 AS ms FROM deliveries"
                " WHERE handler = 'fault.deliver' ORDER BY 1"
            ).fetchall()
        ]
    record_property("from publishing to done (ms), median and longest", [round(took[5]), round(took[-1])])
    assert verdict.is_clean, describe(verdict)
    assert verdict.orders == 10


def test_a_flood_of_one_tenant_does_not_keep_another_waiting(
    rig: Rig, promise: Promise, record_property: Figures
) -> None:
    rig.started(rig.tree())
    flood = scaled(4000)
    promise(*[Order(number=number, before_ms=20) for number in range(1, flood + 1)])
    until(lambda: rig.count(DONE) > 4, within=30, what="the flood is being worked off")
    promise(Order(number=flood + 1), slug="summit")
    mine = DONE + f" AND tenant_id = '{world.tenant_id('summit')}' AND queue = 'default'"
    took = until(lambda: rig.count(mine) == 1, within=60, what="the late-comer")
    left = rig.count("SELECT count(*) FROM deliveries WHERE state = 'open'")
    record_property("deliveries in the flood", flood * 2)
    record_property("of them still waiting when the late-comer was served", left)
    record_property("the late-comer's wait (s)", round(took, 1))
    assert left > flood * 1.5


def test_a_poke_saves_the_wait_for_the_sweep(rig: Rig, promise: Promise) -> None:
    rig.started(rig.tree(times=HURRIED | {"poll_every": 20.0}))
    until(lambda: rig.count("SELECT count(*) FROM schedules") > 0, within=10)
    promise(Order(number=1))
    assert rig.settled(within=10) < 8


def test_the_tree_dies_whole_with_its_root(rig: Rig, promise: Promise) -> None:
    tree = rig.tree()
    rig.started(tree)
    promise(LongWork(seconds=50, told=str(rig.folder / "told")))
    until(tree.horses, within=10)
    members = tree.members()
    assert len(members) >= 5, "root, relay, two workers, a horse"
    tree.kill()
    _gone, alive = psutil.wait_procs(members, timeout=5)
    assert not alive


def test_a_dead_child_is_started_again(rig: Rig, promise: Promise) -> None:
    tree = rig.tree()
    rig.started(tree)
    before = {child.pid for child in tree.relay_and_workers()}
    for child in tree.relay_and_workers():
        kill_quietly(child)
    until(
        lambda: len(tree.relay_and_workers()) == 3 and not before & {child.pid for child in tree.relay_and_workers()},
        within=10,
    )
    promise(Order(number=1))
    rig.settled(within=20)
    assert tree.is_running


def test_a_stop_lets_the_running_job_finish(rig: Rig, promise: Promise) -> None:
    tree = rig.tree(times=HURRIED | {"drain": 15.0})
    rig.started(tree)
    told = rig.folder / "told"
    promise(LongWork(seconds=2, told=str(told)))
    until(told.exists, within=10)
    assert tree.stop() == 0
    assert rig.count("SELECT count(*) FROM deliveries WHERE state = 'done'") == 1
    assert len(told.read_text().splitlines()) == 1


def test_a_stop_hands_back_what_takes_too_long(rig: Rig, promise: Promise) -> None:
    tree = rig.tree(times=HURRIED | {"drain": 1.0})
    rig.started(tree)
    told = rig.folder / "told"
    promise(LongWork(seconds=30, told=str(told)))
    until(told.exists, within=10)
    assert tree.stop() == 0
    assert rig.count("SELECT count(*) FROM deliveries WHERE state = 'open' AND lease_token IS NULL") == 1
    assert rig.count("SELECT count(*) FROM deliveries WHERE due_at <= now()") == 1, "at once, not after its lease"


def test_a_stopped_tree_leaves_its_queue_to_others(rig: Rig, promise: Promise) -> None:
    first = rig.tree()
    rig.started(first)
    for number in range(1, 21):
        promise(Order(number=number, before_ms=100))
    second = rig.tree()
    rig.started(first, second)
    first.stop()
    rig.settled(within=40)
    with rig.rows() as rows:
        verdict = account(rows)
    assert verdict.is_clean, describe(verdict)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_good_order_on_both_signals(rig: Rig, number: signal.Signals) -> None:
    tree = rig.tree()
    rig.started(tree)
    os.kill(tree.process.pid, number)
    assert tree.process.wait(15) == 0
    assert rig.workers_known() == 0


def test_it_waits_for_a_database_that_is_not_up_yet(rig: Rig, promise: Promise) -> None:
    promise(Order(number=1))
    rig.postgres.stop()
    tree = rig.tree()
    until(lambda: b"worker.database_away" in tree.log.read_bytes(), within=20)
    rig.postgres.restart()
    rig.started(tree)
    rig.settled(within=20)


def test_it_refuses_an_unsafe_role(rig: Rig) -> None:
    tree = rig.tree(DATABASE_URL=rig.database.superuser_url)
    assert tree.process.wait(30) == 78
    assert "superuser" in tree.log.read_text()


def test_it_wants_no_terminal_and_writes_no_secret(rig: Rig, promise: Promise) -> None:
    tree = rig.tree()
    rig.started(tree)
    promise(Order(number=1))
    rig.settled(within=20)
    tree.stop()
    log = Path(tree.log).read_text()
    for secret in (rig.valkey.plan.password, "of-servers-that-live-for-minutes", "test-secret-key"):
        assert secret not in log
