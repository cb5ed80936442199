"""Events and handlers of the tests' own, on the real database and a Redis database of this process's own."""

import dataclasses
import datetime as dt
import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import redis as redis_client
from flask import Flask

from portal.core import clock
from portal.core.events import declare, schedule
from portal.core.events.declare import Event, event
from portal.core.events.outbox import publish
from tests.databases import Database


@event("test.happened")
class Happened(Event):
    """Something happened in a test."""

    word: str = "yes"


@event("test.receipt")
class Receipt(Event):
    """A lasting effect that a second run would repeat."""

    of: uuid.UUID


def receipt(happened: Event) -> None:
    """Leave one more receipt."""
    publish(Receipt(of=happened.id))


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers and duties of one test stay its own."""
    for name in ("_types", "_kinds", "_handlers"):
        monkeypatch.setattr(declare, name, dict(getattr(declare, name)))
    monkeypatch.setattr(schedule, "_duties", dict(schedule._duties))


@pytest.fixture
def no_duties(own_registry: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule without the product's own duties."""
    monkeypatch.setattr(schedule, "_duties", {})


@pytest.fixture
def rows(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """The database as its superuser sees it, to look and to move time."""
    with psycopg.connect(database.superuser_url, autocommit=True, row_factory=psycopg.rows.dict_row) as connection:
        yield connection


@pytest.fixture
def own_redis(app: Flask, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis_client.Redis]:
    """An empty Redis database that no other test process uses; the app is pointed at it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = f"{redis_url.rpartition('/')[0]}/{int(worker) % 14 + 1}"
    settings = dataclasses.replace(app.extensions["settings"], redis_url=url)
    monkeypatch.setitem(app.extensions, "settings", settings)
    with redis_client.Redis.from_url(url) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def delivery(rows: psycopg.Connection[Any]) -> Callable[[], dict[str, Any]]:
    """`delivery()`: the one delivery there is, as a row."""

    def one() -> dict[str, Any]:
        found = rows.execute("SELECT * FROM deliveries").fetchall()
        assert len(found) == 1
        return dict(found[0])

    return one


@pytest.fixture
def receipts(rows: psycopg.Connection[Any]) -> Callable[[], int]:
    """`receipts()`: how many lasting effects there are."""

    def count() -> int:
        row = rows.execute("SELECT count(*) AS n FROM outbox WHERE kind = 'test.receipt'").fetchone()
        assert row is not None
        return int(row["n"])

    return count


def make_due(rows: psycopg.Connection[Any]) -> None:
    """Let all waiting be over."""
    rows.execute("UPDATE deliveries SET due_at = %s WHERE state = 'open'", [clock.now() - dt.timedelta(seconds=1)])


def an_id() -> uuid.UUID:
    """An id of nothing."""
    return uuid.uuid4()
