import datetime as dt
import json
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask

from portal.cli.events import events_command
from portal.cli.outbox import outbox_group
from portal.core import clock
from portal.core.events import catalogue, deadletters, relay, tidy
from portal.core.events.declare import handles
from portal.core.events.delivery import run_delivery
from portal.core.events.outbox import publish
from portal.core.events.schedule import ScheduleDue, Timetable, every
from portal.core.tenancy.filter import UnfilteredStatement
from portal.core.tenancy.scope import Reach, Scope, current_scope
from portal.core.tenancy.session import transaction
from tests import world
from tests.core.events.conftest import Happened, an_id, make_due, receipt

Rows = psycopg.Connection[Any]
System = Callable[..., Any]
One = Callable[[], dict[str, Any]]


@pytest.fixture
def dead(system: System, rows: Rows, delivery: One) -> uuid.UUID:
    """A dead letter of Harbor's whose work would leave a receipt."""
    handles(Happened, name="test.listen")(receipt)
    with system("harbor"):
        publish(Happened())
    rows.execute("UPDATE deliveries SET state = 'dead', attempts = 10, last_error = 'SMTP said no'")
    found: uuid.UUID = delivery()["id"]
    return found


def _work(app: Flask) -> list[str]:
    with app.app_context():
        due = relay.pick("default", most=99, after=uuid.UUID(int=0), requeue_after=dt.timedelta(seconds=30))
        return [run_delivery(str(row.tenant_id), str(row.delivery_id), row.attempts) for row in due]


def _invoke(app: Flask, *arguments: str) -> tuple[int, str]:
    with app.app_context():
        result = CliRunner().invoke(outbox_group, arguments)
    return result.exit_code, result.output


def test_a_replayed_letter_is_delivered_once(
    app: Flask, system: System, dead: uuid.UUID, delivery: One, receipts: Callable[[], int]
) -> None:
    with system("harbor"):
        deadletters.replay(dead)
    with pytest.raises(deadletters.NotDead), system("harbor"):
        deadletters.replay(dead)
    assert _work(app) == ["done"]
    assert _work(app) == []
    assert receipts() == 1
    assert (delivery()["state"], delivery()["attempts"]) == ("done", 1)


def test_a_discarded_letter_never_runs(
    app: Flask, system: System, dead: uuid.UUID, rows: Rows, receipts: Callable[[], int]
) -> None:
    with system("harbor"):
        deadletters.discard(dead)
    make_due(rows)
    assert _work(app) == []
    with pytest.raises(deadletters.NotDead), system("harbor"):
        deadletters.replay(dead)
    assert receipts() == 0


def test_another_tenants_letter_is_none(system: System, dead: uuid.UUID, delivery: One) -> None:
    before = delivery()
    for act in (deadletters.replay, deadletters.discard):
        with pytest.raises(deadletters.NotDead), system("summit"):
            act(dead)
    with system("summit") as session:
        assert session.execute(deadletters.deliveries(current_scope())).all() == []
        assert session.execute(deadletters.delivery(current_scope(), dead)).all() == []
    assert delivery() == before


def test_a_client_sees_no_letters(app: Flask, dead: uuid.UUID) -> None:
    client = Scope(tenant_id=world.tenant_id("harbor"), reach=Reach.CLIENT, client_id=an_id(), user_id=an_id())
    with app.app_context(), transaction(client) as session:
        assert session.execute(deadletters.deliveries(client)).all() == []
    with app.app_context(), pytest.raises(UnfilteredStatement), transaction(client):
        deadletters.replay(dead)


def test_what_staff_did_stands_in_the_audit_trail(system: System, dead: uuid.UUID, rows: Rows) -> None:
    with system("harbor"):
        deadletters.replay(dead)
    entry = rows.execute("SELECT * FROM audit_entries WHERE action = 'outbox.replayed'").fetchone()
    assert entry is not None
    assert (entry["object_kind"], entry["object_id"]) == ("deliveries", dead)


def test_the_command_lists_replays_and_discards(
    app: Flask, dead: uuid.UUID, delivery: One, receipts: Callable[[], int]
) -> None:
    code, output = _invoke(app, "list", "--tenant", "harbor")
    assert code == 0
    assert all(word in output for word in (str(dead), "test.happened", "test.listen", "10 tries", "SMTP said no"))
    code, output = _invoke(app, "list", "--tenant", "harbor", "--json")
    assert (code, json.loads(output)[0]["id"]) == (0, str(dead))
    assert _invoke(app, "replay", "--tenant", "harbor", str(dead))[0] == 0
    assert _invoke(app, "replay", "--tenant", "harbor", str(dead))[0] == 1
    assert _work(app) == ["done"]
    assert receipts() == 1


def test_the_command_takes_all_and_asks_before_it_discards(app: Flask, dead: uuid.UUID, delivery: One) -> None:
    del dead
    assert _invoke(app, "discard", "--tenant", "harbor", "--all")[0] == 1  # nobody said yes
    assert delivery()["state"] == "dead"
    assert _invoke(app, "discard", "--tenant", "harbor", "--all", "--yes")[0] == 0
    assert delivery()["state"] == "discarded"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("list", "--tenant", "nobody"), 1),
        (("list",), 2),
        (("replay", "--tenant", "harbor"), 2),
        (("replay", "--tenant", "harbor", "--all", str(uuid.uuid4())), 2),
        (("replay", "--tenant", "harbor", "no-id"), 2),
        (("replay", "--tenant", "summit", str(uuid.uuid4())), 1),
        (("--help",), 0),
        (("replay", "--help"), 0),
    ],
)
def test_the_commands_exit_code_says_how_it_went(app: Flask, arguments: tuple[str, ...], code: int) -> None:
    assert _invoke(app, *arguments)[0] == code


@pytest.mark.usefixtures("no_duties")
def test_duties_show_their_last_run_and_the_next(app: Flask, system: System, rows: Rows) -> None:
    @every(dt.timedelta(hours=1), name="test.hourly", queue="default")
    def hourly(_due: ScheduleDue) -> None:
        """Does little."""

    with app.app_context():
        Timetable().work()
        rows.execute("UPDATE schedules SET next_at = next_at - interval '1 hour'")
        timetable = Timetable()
        while timetable.work():
            pass
    assert _work(app) == ["done", "done"]
    with system("harbor") as session:
        viewer = current_scope()
        (line,) = deadletters.duty_lines(
            session.execute(deadletters.slots(viewer)).all(), session.execute(deadletters.last_runs(viewer)).scalars()
        )
    assert (line.name, line.about, line.period) == ("test.hourly", "Does little.", dt.timedelta(hours=1))
    assert line.next_at is not None
    assert line.next_at > clock.now()
    assert line.last_state == "done"
    assert line.duration is not None
    assert dt.timedelta(0) <= line.duration < dt.timedelta(seconds=5)


def test_the_clean_up_forgets_what_was_delivered_long_ago(system: System, rows: Rows) -> None:
    handles(Happened, name="test.listen")(lambda _event: None)
    old, states = clock.now() - tidy.KEEP - dt.timedelta(days=1), ["done", "discarded", "dead", "open", "done"]
    for slug in ("harbor", "summit"):
        with system(slug):
            for _ in states:
                publish(Happened())
    made = [row["id"] for row in rows.execute("SELECT id FROM deliveries ORDER BY id").fetchall()]
    for number, delivery_id in enumerate(made):
        finished = clock.now() if number % 5 == 4 else old
        rows.execute(
            "UPDATE deliveries SET state = %s, finished_at = %s WHERE id = %s",
            [states[number % 5], finished, delivery_id],
        )
    rows.execute("UPDATE outbox SET created_at = %s", [old])
    with system("harbor"):
        tidy.tidy(ScheduleDue(name="events.tidy", slot=clock.now()))
    left = rows.execute("SELECT tenant_id, state FROM deliveries").fetchall()
    assert sorted(row["state"] for row in left if row["tenant_id"] == world.tenant_id("harbor")) == [
        "dead", "done", "open",
    ]  # fmt: skip
    assert len([row for row in left if row["tenant_id"] == world.tenant_id("summit")]) == 5
    events = rows.execute(
        "SELECT count(*) AS n FROM outbox WHERE tenant_id = %s", [world.tenant_id("harbor")]
    ).fetchone()
    assert events == {"n": 3}


def test_the_catalogue_is_made_from_the_code(app: Flask) -> None:
    handles(Happened, name="test.listen", queue="urgent", seconds=5)(receipt)
    entry = next(entry for entry in catalogue.entries() if entry["kind"] == "test.happened")
    assert entry["about"] == "Something happened in a test."
    assert entry["facts"] == {"word": "str"}
    assert entry["handlers"] == [
        {"name": "test.listen", "queue": "urgent", "seconds": 5, "about": "Leave one more receipt."}
    ]
    with app.app_context():
        result = CliRunner().invoke(events_command, ["--json"])
        page = CliRunner().invoke(events_command, ["--markdown"])
    assert json.loads(result.output)["events"] == catalogue.entries()
    assert "## `test.happened` (version 1)" in page.output
