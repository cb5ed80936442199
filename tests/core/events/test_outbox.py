import dataclasses
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import redis as redis_client
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from portal.core.events import poke
from portal.core.events.declare import Event, handles
from portal.core.events.outbox import publish
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.scope import NoScope, Reach, Scope
from portal.core.tenancy.session import transaction
from portal.launcher.spawn import free_port
from tests import world
from tests.core.events.conftest import Happened, an_id

Rows = psycopg.Connection[Any]
System = Callable[..., Any]


@pytest.fixture(autouse=True)
def two_handlers() -> None:
    handles(Happened, name="test.first", queue="urgent")(lambda _event: None)
    handles(Happened, name="test.second")(lambda _event: None)


def _count(rows: Rows, table: str) -> int:
    row = rows.execute(f"SELECT count(*) AS n FROM {table}").fetchone()  # type: ignore[arg-type]  # noqa: S608
    assert row is not None
    return int(row["n"])


def test_an_event_and_one_delivery_for_each_handler_are_written(system: System, rows: Rows) -> None:
    happened = Happened(word="now")
    with system():
        assert publish(happened)
    event = rows.execute("SELECT * FROM outbox").fetchone()
    assert event is not None
    assert (event["id"], event["kind"], event["version"], event["payload"]) == (
        happened.id, "test.happened", 1, {"word": "now"},
    )  # fmt: skip
    deliveries = rows.execute("SELECT * FROM deliveries ORDER BY handler").fetchall()
    assert [(row["handler"], row["queue"], row["state"], row["attempts"]) for row in deliveries] == [
        ("test.first", "urgent", "open", 0),
        ("test.second", "default", "open", 0),
    ]
    assert {row["tenant_id"] for row in deliveries} == {world.tenant_id("harbor")}


def test_a_rolled_back_change_leaves_no_event_and_no_poke(
    system: System, rows: Rows, own_redis: redis_client.Redis
) -> None:
    def change_my_mind() -> None:
        with system():
            publish(Happened())
            raise KeyError

    with pytest.raises(KeyError):
        change_my_mind()
    assert _count(rows, "outbox") == _count(rows, "deliveries") == 0
    assert own_redis.llen(poke.KEY) == 0


def test_the_relay_is_poked_after_the_commit_and_not_before(system: System, own_redis: redis_client.Redis) -> None:
    with system() as session:
        publish(Happened())
        with session.begin_nested():
            publish(Happened())
        assert own_redis.llen(poke.KEY) == 0
    assert own_redis.llen(poke.KEY) == 1


def test_a_transaction_without_events_pokes_nobody(system: System, own_redis: redis_client.Redis) -> None:
    with system() as session:
        session.execute(text("SELECT 1"), execution_options={RAW: True})
    assert own_redis.llen(poke.KEY) == 0


@pytest.mark.parametrize(
    "scope",
    [
        Scope(tenant_id=world.tenant_id("harbor"), reach=Reach.GATE),
        Scope(tenant_id=world.tenant_id("harbor"), reach=Reach.CLIENT, client_id=an_id(), user_id=an_id()),
        Scope(tenant_id=world.tenant_id("harbor"), reach=Reach.STAFF, user_id=an_id()),
    ],
    ids=lambda scope: str(scope.reach),
)
def test_every_reach_may_publish(app: Flask, rows: Rows, scope: Scope) -> None:
    with app.app_context(), transaction(scope):
        assert publish(Happened(), dedupe_key="once")
        assert not publish(Happened(), dedupe_key="once")
        assert publish(Happened())
    assert _count(rows, "outbox") == 2
    assert _count(rows, "deliveries") == 4


def test_a_client_can_not_read_what_it_published(app: Flask) -> None:
    scope = Scope(tenant_id=world.tenant_id("harbor"), reach=Reach.CLIENT, client_id=an_id(), user_id=an_id())
    with app.app_context(), transaction(scope) as session:
        publish(Happened())
        for table in ("outbox", "deliveries"):
            found = session.execute(text(f"SELECT count(*) FROM {table}"), execution_options={RAW: True})  # noqa: S608
            assert found.scalar_one() == 0


def test_a_key_is_unique_in_its_tenant_alone(system: System, rows: Rows) -> None:
    with system("harbor"):
        assert publish(Happened(), dedupe_key="slot")
    with system("harbor"):
        assert not publish(Happened(), dedupe_key="slot")
    with system("summit"):
        assert publish(Happened(), dedupe_key="slot")
    assert _count(rows, "outbox") == 2


def test_nobody_publishes_without_a_scope(app: Flask) -> None:
    with app.app_context(), pytest.raises(NoScope):
        publish(Happened())


def test_the_database_refuses_an_event_of_another_tenant(app: Flask) -> None:
    scope = Scope(tenant_id=world.tenant_id("harbor"), reach=Reach.SYSTEM)
    with app.app_context(), pytest.raises(ProgrammingError, match="row-level security"), transaction(scope) as session:
        session.execute(
            text("INSERT INTO outbox VALUES (:t, :t, 'test.happened', 1, '{}', NULL, :n)"),
            {"t": world.tenant_id("summit"), "n": world.OPENED},
            execution_options={RAW: True},
        )


def test_an_undeclared_class_can_not_be_published(system: System) -> None:
    with system(), pytest.raises(TypeError, match="no declared event"):
        publish(Event())


def test_a_dead_redis_costs_a_publisher_a_moment_once_and_no_event(
    app: Flask, system: System, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = dataclasses.replace(app.extensions["settings"], redis_url=f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setitem(app.extensions, "settings", settings)
    started = time.monotonic()
    for _ in range(50):
        with system():
            publish(Happened())
    assert time.monotonic() - started < 5
    assert _count(rows, "outbox") == 50


def test_a_silent_redis_is_left_alone_for_a_while() -> None:
    class Silent:
        tried = 0

        def pipeline(self, **_options: object) -> object:
            self.tried += 1
            raise redis_client.TimeoutError

    silent = Silent()
    poker = poke.Poker(silent, pause=60)  # type: ignore[arg-type]  # stands for the network's far end
    assert {poker.send() for _ in range(100)} == {False}
    assert silent.tried == 1
