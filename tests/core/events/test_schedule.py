import datetime as dt
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from portal.core import clock
from portal.core.events import declare, relay, schedule, times
from portal.core.events.delivery import run_delivery
from portal.core.events.schedule import ScheduleDue, Timetable, every
from portal.core.events.times import Times
from tests import world
from tests.core.events.test_relay import LATER, NOBODY

Rows = psycopg.Connection[Any]
HOUR = dt.timedelta(hours=1)


def nothing(_due: ScheduleDue) -> None:
    """Work that leaves no trace."""


pytestmark = pytest.mark.usefixtures("no_duties")


def work_off(app: Flask, timetable: Timetable | None = None) -> None:
    """What a relay does until nothing is due."""
    timetable = timetable or Timetable()
    with app.app_context():
        while timetable.work():
            pass


def back_date(rows: Rows, name: str, by: dt.timedelta) -> dt.datetime:
    """As if the duty had been due so long ago; the slot."""
    row = rows.execute(
        "UPDATE schedules SET next_at = next_at - %s, lease_until = NULL WHERE name = %s RETURNING next_at", [by, name]
    ).fetchone()
    assert row is not None
    slot: dt.datetime = row["next_at"]
    return slot


def published(rows: Rows) -> list[tuple[Any, str]]:
    """Tenant and slot of every event of the schedule."""
    found = rows.execute("SELECT tenant_id, payload FROM outbox WHERE kind = 'schedule.due' ORDER BY created_at")
    return [(row["tenant_id"], row["payload"]["slot"]) for row in found]


def test_a_new_duty_waits_for_its_next_whole_slot(app: Flask, rows: Rows) -> None:
    every(HOUR, name="test.hourly")(nothing)
    work_off(app)
    row = rows.execute("SELECT * FROM schedules").fetchone()
    assert row is not None
    assert row["every_seconds"] == 3600
    assert row["next_at"].minute == row["next_at"].second == 0
    assert clock.now() < row["next_at"] <= clock.now() + HOUR
    assert published(rows) == []


def test_a_slot_reaches_every_active_tenant_once_and_moves_on(app: Flask, rows: Rows) -> None:
    every(HOUR, name="test.hourly", queue="bulk")(nothing)
    work_off(app)
    slot = back_date(rows, "test.hourly", HOUR)
    for _ in range(3):
        work_off(app)
    told = published(rows)
    assert {tenant for tenant, _ in told} == {world.tenant_id("harbor"), world.tenant_id("summit")}
    assert {dt.datetime.fromisoformat(when) for _, when in told} == {slot}
    assert len(told) == 2
    row = rows.execute("SELECT * FROM schedules").fetchone()
    assert row is not None
    assert row["next_at"] == slot + HOUR
    assert row["lease_until"] is None
    assert row["last_duration_ms"] >= 0
    assert row["last_started_at"] <= row["last_finished_at"]


def test_the_duty_runs_like_any_handler(app: Flask, rows: Rows) -> None:
    seen = []

    @every(HOUR, name="test.hourly", queue="default")
    def listen(due: ScheduleDue) -> None:
        seen.append(due)

    work_off(app)
    slot = back_date(rows, "test.hourly", HOUR)
    work_off(app)
    with app.app_context():
        for row in relay.pick("default", most=9, after=NOBODY, requeue_after=LATER):
            assert row.handler == "every:test.hourly"
            assert run_delivery(str(row.tenant_id), str(row.delivery_id), row.attempts) == "done"
    assert [(due.name, due.slot) for due in seen] == [("test.hourly", slot)] * 2


def test_a_suspended_tenant_has_no_duties(app: Flask, rows: Rows) -> None:
    every(HOUR, name="test.hourly")(nothing)
    work_off(app)
    rows.execute("UPDATE tenants SET state = 'suspended' WHERE slug = 'summit'")
    back_date(rows, "test.hourly", HOUR)
    work_off(app)
    assert [tenant for tenant, _ in published(rows)] == [world.tenant_id("harbor")]


def test_without_any_tenant_the_slot_still_moves_on(app: Flask, rows: Rows) -> None:
    every(HOUR, name="test.hourly")(nothing)
    work_off(app)
    rows.execute("UPDATE tenants SET state = 'suspended'")
    slot = back_date(rows, "test.hourly", HOUR)
    work_off(app)
    assert rows.execute("SELECT next_at FROM schedules").fetchone() == {"next_at": slot + HOUR}


def test_after_a_night_down_a_duty_runs_once(app: Flask, rows: Rows) -> None:
    every(HOUR, name="test.hourly")(nothing)
    work_off(app)
    slot = back_date(rows, "test.hourly", 10 * HOUR)
    for _ in range(12):
        work_off(app)
    assert len(published(rows)) == 2
    assert rows.execute("SELECT next_at FROM schedules").fetchone() == {"next_at": slot + 10 * HOUR}


def test_a_duty_that_asks_for_it_makes_up_for_each_slot(app: Flask, rows: Rows) -> None:
    every(HOUR, name="test.hourly", each_slot=True)(nothing)
    work_off(app)
    slot = back_date(rows, "test.hourly", 3 * HOUR)
    for _ in range(12):
        work_off(app)
    wanted = {slot + number * HOUR for number in range(3)}
    assert {dt.datetime.fromisoformat(when) for _, when in published(rows)} == wanted
    assert len(published(rows)) == 6


def test_many_relays_publish_a_slot_once(app: Flask, rows: Rows) -> None:
    every(HOUR, name="test.hourly")(nothing)
    work_off(app)
    back_date(rows, "test.hourly", HOUR)
    start = threading.Barrier(6)

    def relay_process() -> None:
        start.wait()
        work_off(app)

    threads = [threading.Thread(target=relay_process) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(published(rows)) == 2


def test_a_relay_that_dies_half_way_is_taken_over_without_doubles(
    app: Flask, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    every(HOUR, name="test.hourly")(nothing)
    work_off(app)
    back_date(rows, "test.hourly", HOUR)
    monkeypatch.setattr(schedule, "PORTION", 1)
    with app.app_context():
        assert Timetable().work()  # one tenant told, then it is gone
    assert len(published(rows)) == 1
    work_off(app)
    assert len(published(rows)) == 1, "the lease still holds"
    rows.execute("UPDATE schedules SET lease_until = %s", [clock.now() - dt.timedelta(seconds=1)])
    work_off(app)
    assert sorted(tenant for tenant, _ in published(rows)) == sorted(
        [world.tenant_id("harbor"), world.tenant_id("summit")]
    )


def test_a_failing_publication_is_taken_up_again(app: Flask, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    times.use(app, Times(schedule_lease=dt.timedelta(0)))
    every(HOUR, name="test.hourly")(nothing)
    work_off(app)
    back_date(rows, "test.hourly", HOUR)
    timetable = Timetable()
    with monkeypatch.context() as broken, app.app_context():
        broken.setattr(declare, "_kinds", {})
        with pytest.raises(TypeError):
            timetable.work()
    timetable._look_at = 0
    work_off(app, timetable)
    times.use(app, times.PRODUCTION)
    assert len(published(rows)) == 2


def test_the_testers_clock_moves_business_duties_alone(app: Flask, rows: Rows, tmp_path: Path) -> None:
    every(HOUR, name="test.business")(nothing)
    every(HOUR, name="test.real", clock="real")(nothing)
    work_off(app)
    offset = tmp_path / "clock"
    offset.write_text("+2d")
    clock.use_clock_file(offset)
    try:
        work_off(app)
        names = [row["payload"]["name"] for row in rows.execute("SELECT payload FROM outbox")]
        assert names == ["test.business", "test.business"]
        offset.write_text("")
        work_off(app)  # set back: the duty must not sleep for two days
    finally:
        clock.use_clock_file(None)
    row = rows.execute("SELECT next_at FROM schedules WHERE name = 'test.business'").fetchone()
    assert row is not None
    assert row["next_at"] <= clock.now() + HOUR


def test_a_shorter_period_counts_from_now_on(app: Flask, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    every(24 * HOUR, name="test.often")(nothing)
    work_off(app)
    monkeypatch.setattr(schedule, "_duties", {})
    monkeypatch.setattr(declare, "_handlers", {})
    every(dt.timedelta(minutes=5), name="test.often")(nothing)
    work_off(app)
    row = rows.execute("SELECT * FROM schedules").fetchone()
    assert row is not None
    assert row["every_seconds"] == 300
    assert row["next_at"] <= clock.now() + dt.timedelta(minutes=5)


@pytest.mark.parametrize("period", [dt.timedelta(0), dt.timedelta(milliseconds=1500), -HOUR])
def test_a_period_is_whole_seconds(period: dt.timedelta) -> None:
    with pytest.raises(ValueError, match="whole seconds"):
        every(period, name="test.odd")
