import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask

from portal.core import clock
from portal.core.events import declare, relay, times
from portal.core.events.declare import handles
from portal.core.events.delivery import DIED, NO_TENANT, BadJob, HandedBack, rehearse, run_delivery
from portal.core.events.outbox import publish
from portal.core.events.times import Times
from portal.core.tenancy.scope import NoScope, Reach, current_scope, system_scope
from portal.core.tenancy.session import transaction
from tests import world
from tests.core.events.conftest import Happened, make_due, receipt

Rows = psycopg.Connection[Any]
System = Callable[..., Any]
One = Callable[[], dict[str, Any]]
Count = Callable[[], int]


@pytest.fixture
def run(app: Flask, own_redis: object, rows: Rows) -> Callable[[], str]:
    """`run()`: what relay and worker do with one due delivery; the job starts from no scope."""

    def once() -> str:
        with app.app_context():
            due = relay.pick("default", most=1, after=uuid.UUID(int=0), requeue_after=dt.timedelta(seconds=30))
            if not due:
                return "nothing due"
            with pytest.raises(NoScope):
                current_scope()
            outcome = run_delivery(str(due[0].tenant_id), str(due[0].delivery_id), due[0].attempts)
            with pytest.raises(NoScope):
                current_scope()
            return outcome

    return once


def test_a_handler_runs_once_as_the_system_of_the_events_tenant(
    system: System, run: Callable[[], str], delivery: One, receipts: Count
) -> None:
    seen = []

    @handles(Happened, name="test.listen")
    def listen(happened: Happened) -> None:
        seen.append((happened, current_scope()))
        receipt(happened)

    happened = Happened(word="tell")
    with system("summit"):
        publish(happened)
    assert run() == "done"
    assert run() == "nothing due"
    assert seen == [(happened, system_scope(world.tenant_id("summit")))]
    assert seen[0][1].reach is Reach.SYSTEM
    row = delivery()
    assert (row["state"], row["attempts"], row["lease_token"], row["last_error"]) == ("done", 1, None, None)
    assert row["finished_at"] >= row["started_at"]
    assert receipts() == 1


def test_a_word_that_redis_repeats_runs_nothing_twice(
    app: Flask, system: System, delivery: One, receipts: Count
) -> None:
    handles(Happened, name="test.listen")(receipt)
    with system():
        publish(Happened())
    row = delivery()
    word = (str(row["tenant_id"]), str(row["id"]), 0)
    with app.app_context():
        assert [run_delivery(*word) for _ in range(3)] == ["done", "not claimed", "not claimed"]
    assert receipts() == 1


def test_a_failure_undoes_the_work_and_comes_back_later_with_its_reason(
    system: System, run: Callable[[], str], delivery: One, receipts: Count, rows: Rows
) -> None:
    fail = [True]

    @handles(Happened, name="test.listen")
    def listen(happened: Happened) -> None:
        receipt(happened)
        if fail:
            message = "mail server said no to sam@brightdental.example"
            raise ConnectionError(message)

    with system():
        publish(Happened())
    before = clock.now()
    assert run() == "failed"
    row = delivery()
    assert (row["state"], row["attempts"], row["lease_token"]) == ("open", 1, None)
    assert row["last_error"].startswith("ConnectionError: mail server said no to [address]")
    assert dt.timedelta(seconds=8) <= row["due_at"] - before <= dt.timedelta(seconds=13)
    assert receipts() == 0
    assert run() == "nothing due"
    fail.clear()
    make_due(rows)
    assert run() == "done"
    assert receipts() == 1


def test_an_old_word_in_redis_does_not_shorten_the_delay(app: Flask, system: System, delivery: One) -> None:
    calls = []

    @handles(Happened, name="test.listen")
    def listen(_happened: Happened) -> None:
        calls.append(1)
        raise ValueError

    with system():
        publish(Happened())
    row = delivery()
    with app.app_context():
        assert run_delivery(str(row["tenant_id"]), str(row["id"]), 0) == "failed"
        assert run_delivery(str(row["tenant_id"]), str(row["id"]), 0) == "not claimed"
    assert len(calls) == 1


def test_ten_failures_make_a_dead_letter_with_growing_delays(
    system: System, run: Callable[[], str], delivery: One, rows: Rows
) -> None:
    @handles(Happened, name="test.listen")
    def listen(_happened: Happened) -> None:
        message = "still broken"
        raise RuntimeError(message)

    with system():
        publish(Happened())
    delays = []
    for _ in range(9):
        make_due(rows)
        before = clock.now()
        assert run() == "failed"
        delays.append(delivery()["due_at"] - before)
    assert delays[0] < delays[1] < delays[2] < delays[3] < delays[4] < delays[5]
    assert delivery()["state"] == "open"
    make_due(rows)
    assert run() == "failed"
    row = delivery()
    assert (row["state"], row["attempts"]) == ("dead", 10)
    assert row["last_error"].startswith("RuntimeError: still broken")
    make_due(rows)
    assert run() == "nothing due"


def test_runs_that_die_without_a_word_count_too(
    app: Flask, system: System, delivery: One, rows: Rows, receipts: Count
) -> None:
    times.use(app, Times(tries=3))

    @handles(Happened, name="test.listen")
    def listen(_happened: Happened) -> None:
        raise SystemExit  # what a killed process looks like from here: nobody writes down how it ended

    with system():
        publish(Happened())
    with app.app_context():
        for attempt in range(3):
            make_due(rows)
            (due,) = relay.pick("default", most=9, after=uuid.UUID(int=0), requeue_after=dt.timedelta(seconds=30))
            assert due.attempts == attempt
            with pytest.raises(SystemExit):
                run_delivery(str(due.tenant_id), str(due.delivery_id), due.attempts)
            assert delivery()["lease_token"] is not None
        make_due(rows)
        (due,) = relay.pick("default", most=9, after=uuid.UUID(int=0), requeue_after=dt.timedelta(seconds=30))
        assert run_delivery(str(due.tenant_id), str(due.delivery_id), due.attempts) == "not claimed"
    times.use(app, times.PRODUCTION)
    row = delivery()
    assert (row["state"], row["attempts"], row["last_error"]) == ("dead", 3, DIED)
    assert receipts() == 0


def test_a_lease_outlasts_the_handlers_limit(app: Flask, system: System, delivery: One) -> None:
    @handles(Happened, name="test.listen", seconds=120)
    def listen(_happened: Happened) -> None:
        raise SystemExit

    with system():
        publish(Happened())
    row = delivery()
    before = clock.now()
    with app.app_context(), pytest.raises(SystemExit):
        run_delivery(str(row["tenant_id"]), str(row["id"]), 0)
    assert delivery()["due_at"] >= before + dt.timedelta(seconds=120) + times.PRODUCTION.lease_margin


def test_a_run_that_lost_its_lease_can_not_finish(
    app: Flask, system: System, delivery: One, rows: Rows, receipts: Count
) -> None:
    """A frozen process wakes after its lease: another run has the delivery, and only that one counts."""
    outcomes = []

    @handles(Happened, name="test.listen")
    def listen(happened: Happened) -> None:
        receipt(happened)
        if not outcomes:
            outcomes.append("frozen")
            make_due(rows)
            (due,) = relay.pick("default", most=1, after=uuid.UUID(int=0), requeue_after=dt.timedelta(seconds=30))
            outcomes.append(run_delivery(str(due.tenant_id), str(due.delivery_id), due.attempts))

    with system():
        publish(Happened())
    row = delivery()
    with app.app_context():
        outcomes.append(run_delivery(str(row["tenant_id"]), str(row["id"]), 0))
    assert outcomes == ["frozen", "done", "lease lost"]
    assert receipts() == 1
    assert (delivery()["state"], delivery()["attempts"]) == ("done", 2)


def test_a_late_failure_does_not_touch_what_another_run_finished(
    app: Flask, system: System, delivery: One, rows: Rows
) -> None:
    entered = []

    @handles(Happened, name="test.listen")
    def listen(_happened: Happened) -> None:
        if not entered:
            entered.append(1)
            make_due(rows)
            (due,) = relay.pick("default", most=1, after=uuid.UUID(int=0), requeue_after=dt.timedelta(seconds=30))
            run_delivery(str(due.tenant_id), str(due.delivery_id), due.attempts)
            message = "too late"
            raise RuntimeError(message)

    with system():
        publish(Happened())
    row = delivery()
    with app.app_context():
        assert run_delivery(str(row["tenant_id"]), str(row["id"]), 0) == "failed"
    assert (delivery()["state"], delivery()["last_error"]) == ("done", None)


def test_without_the_lease_the_effect_is_doubled(
    app: Flask, system: System, delivery: One, rows: Rows, receipts: Count, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same frozen run with the token's check switched off."""
    monkeypatch.setattr("portal.core.events.delivery._settle", lambda *_args, **_values: None)
    entered = []

    @handles(Happened, name="test.listen")
    def listen(happened: Happened) -> None:
        receipt(happened)
        if not entered:
            entered.append(1)
            make_due(rows)
            (due,) = relay.pick("default", most=1, after=uuid.UUID(int=0), requeue_after=dt.timedelta(seconds=30))
            run_delivery(str(due.tenant_id), str(due.delivery_id), due.attempts)

    with system():
        publish(Happened())
    row = delivery()
    with app.app_context():
        run_delivery(str(row["tenant_id"]), str(row["id"]), 0)
    assert receipts() == 2


def test_a_suspended_tenants_job_is_refused_and_kept_as_a_dead_letter(
    system: System, run: Callable[[], str], delivery: One, rows: Rows, receipts: Count
) -> None:
    handles(Happened, name="test.listen")(receipt)
    with system():
        publish(Happened())
    rows.execute("UPDATE tenants SET state = 'suspended' WHERE id = %s", [world.tenant_id("harbor")])
    assert run() == "not claimed"
    row = delivery()
    assert (row["state"], row["attempts"], row["last_error"]) == ("dead", 0, NO_TENANT)
    assert receipts() == 0


@pytest.mark.parametrize("tenant", [world.tenant_id("summit"), uuid.uuid4()], ids=["another's", "nobody's"])
def test_a_job_with_a_wrong_tenant_touches_nothing(
    app: Flask, system: System, delivery: One, receipts: Count, tenant: uuid.UUID
) -> None:
    handles(Happened, name="test.listen")(receipt)
    with system("harbor"):
        publish(Happened())
    before = delivery()
    with app.app_context():
        assert run_delivery(str(tenant), str(before["id"]), 0) == "not claimed"
    assert delivery() == before
    assert receipts() == 0


@pytest.mark.parametrize(
    "arguments",
    [("", "", 0), (None, None, 0), ("x", "y", 0), (str(uuid.uuid4()), str(uuid.uuid4()), "0"),
     (str(uuid.uuid4()), str(uuid.uuid4()), -1), (str(uuid.uuid4()), {"$ne": ""}, True)],
)  # fmt: skip
def test_a_job_that_names_nothing_is_refused(app: Flask, arguments: tuple[Any, Any, Any]) -> None:
    with app.app_context(), pytest.raises(BadJob):
        run_delivery(*arguments)


def test_code_that_does_not_know_the_handler_or_event_yet_tries_again_later(
    system: System, run: Callable[[], str], delivery: One, monkeypatch: pytest.MonkeyPatch, rows: Rows
) -> None:
    handles(Happened, name="test.listen")(lambda _event: None)
    with system():
        publish(Happened())
    with monkeypatch.context() as older:
        older.setattr(declare, "_handlers", {})
        assert run() == "failed"
    assert delivery()["last_error"] == "UnknownHandler: no handler test.listen of test.happened"
    make_due(rows)
    rows.execute("UPDATE outbox SET version = 7")
    assert run() == "failed"
    assert delivery()["last_error"].startswith("UnknownEvent: test.happened version 7")
    make_due(rows)
    rows.execute("UPDATE outbox SET version = 1")
    assert run() == "done"


def test_one_handlers_failure_is_not_the_others(
    app: Flask, system: System, rows: Rows, receipts: Count, run: Callable[[], str]
) -> None:
    handles(Happened, name="test.good")(receipt)

    @handles(Happened, name="test.poison")
    def poison(_happened: Happened) -> None:
        raise RuntimeError

    with system():
        publish(Happened())
    assert sorted([run(), run()]) == ["done", "failed"]
    assert receipts() == 1
    make_due(rows)
    assert run() == "failed"
    assert run() == "nothing due"
    assert receipts() == 1


def test_a_stopped_process_hands_its_delivery_back_at_once(
    system: System, run: Callable[[], str], delivery: One, receipts: Count
) -> None:
    stopped: list[int] = []

    @handles(Happened, name="test.listen")
    def listen(happened: Happened) -> None:
        receipt(happened)
        if not stopped:
            stopped.append(1)
            raise HandedBack

    with system():
        publish(Happened())
    assert run() == "handed back"
    row = delivery()
    assert (row["state"], row["lease_token"], row["last_error"]) == ("open", None, None)
    assert row["due_at"] <= clock.now()
    assert run() == "done"
    assert receipts() == 1


def test_what_a_handler_publishes_is_delivered_in_turn_and_only_once(
    system: System, run: Callable[[], str], rows: Rows, receipts: Count
) -> None:
    @declare.event("test.followed")
    class Followed(declare.Event):
        """What followed."""

    handles(Followed, name="test.follow")(receipt)

    @handles(Happened, name="test.listen")
    def listen(_happened: Happened) -> None:
        publish(Followed())

    with system():
        publish(Happened())
    assert [run(), run(), run()] == ["done", "done", "nothing due"]
    assert receipts() == 1


def test_a_handler_may_read_under_a_readers_own_scope(
    system: System, run: Callable[[], str], rows: Rows, receipts: Count
) -> None:
    scopes = []

    @handles(Happened, name="test.listen")
    def listen(happened: Happened) -> None:
        with transaction(system_scope(world.tenant_id("summit"))):
            scopes.append(current_scope().tenant_id)
        scopes.append(current_scope().tenant_id)
        receipt(happened)

    with system("harbor"):
        publish(Happened())
    assert run() == "done"
    assert scopes == [world.tenant_id("summit"), world.tenant_id("harbor")]
    assert receipts() == 1


def test_a_rehearsal_touches_nothing(app: Flask, system: System, delivery: One, receipts: Count) -> None:
    handles(Happened, name="test.listen")(receipt)
    with system():
        publish(Happened())
    before = delivery()
    with app.app_context():
        rehearse()
    assert delivery() == before
    assert receipts() == 0
