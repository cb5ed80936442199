"""Retention: the old end of a trail goes, what stays is still proven, and nobody can take more than that."""

import datetime as dt
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError

from portal.core import audit, audit_chain, clock
from portal.core.tenancy.scope import Reach, Scope, system_scope
from portal.core.tenancy.session import transaction
from tests import world
from tests.databases import Database

HARBOR = world.tenant_id("harbor")
YEAR = dt.timedelta(days=366)


@pytest.fixture(autouse=True)
def _new_trail(app: Flask, database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("DELETE FROM audit_entries")
        connection.execute("DELETE FROM audit_heads")
        connection.execute("UPDATE access_settings SET audit_months = 12")


def write(app: Flask, monkeypatch: pytest.MonkeyPatch, *ages: int) -> None:
    """One entry for each age in days."""
    now = clock.now()
    with app.app_context():
        for age in ages:
            with monkeypatch.context() as patch, transaction(system_scope(HARBOR)):
                patch.setattr(clock, "now", lambda age=age: now - dt.timedelta(days=age))
                audit.record("test.done", age=age)


def trim(app: Flask, before: dt.datetime, most: int = 100, scope: Scope | None = None) -> int:
    with app.app_context(), transaction(scope or system_scope(HARBOR)) as session:
        return audit_chain.trim(session, before, most=most)


def verdict(app: Flask, **more: Any) -> audit_chain.Verdict:
    with app.app_context(), transaction(system_scope(HARBOR)) as session:
        return audit_chain.verify(session, **more)


def test_what_stays_is_proven_after_the_old_end_went(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    write(app, monkeypatch, 900, 800, 500, 10, 1)
    before = verdict(app)
    assert trim(app, clock.now() - YEAR) == 3
    found = verdict(app, anchor=(before.position, before.digest))
    assert (found.entries, found.position, found.digest, found.faults) == (2, 5, before.digest, ())
    write(app, monkeypatch, 0)
    assert verdict(app).faults == ()
    assert verdict(app, anchor=(1, "0" * 64)).faults[0].reason.startswith("the entry is older than what is kept")
    assert app.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 0


def test_it_goes_in_portions_and_may_go_altogether(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    write(app, monkeypatch, 900, 800, 700)
    assert [trim(app, clock.now() - YEAR, most=2) for _ in range(3)] == [2, 1, 0]
    found = verdict(app)
    assert (found.entries, found.position, found.faults) == (0, 3, ())
    write(app, monkeypatch, 0)
    assert (verdict(app).entries, verdict(app).faults) == (1, ())


def test_an_old_entry_behind_a_young_one_stays(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    write(app, monkeypatch, 900, 5, 800)
    assert trim(app, clock.now() - YEAR) == 1
    assert (verdict(app).entries, verdict(app).faults) == (2, ())


def test_a_shortened_chain_that_is_cut_again_by_hand_shows_it(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(app, monkeypatch, 900, 10, 5, 1)
    trim(app, clock.now() - YEAR)
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("DELETE FROM audit_entries WHERE position = 2")
    assert [fault.position for fault in verdict(app).faults] == [3]


@pytest.mark.parametrize("days", [0, 300, 364])
def test_nothing_of_the_last_twelve_months_can_go(app: Flask, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    write(app, monkeypatch, 900)
    with pytest.raises(DBAPIError, match="too young"):
        trim(app, clock.now() - dt.timedelta(days=days))
    assert verdict(app).entries == 1


def test_the_tenants_own_retention_holds_the_door_too(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(app, monkeypatch, 500)
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE access_settings SET audit_months = 24")
    with pytest.raises(DBAPIError, match="too young"):
        trim(app, clock.now() - YEAR)
    assert verdict(app).entries == 1


def test_only_the_system_may(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    write(app, monkeypatch, 900)
    staff = Scope(tenant_id=HARBOR, reach=Reach.STAFF, user_id=world.ADMIN.id)
    with pytest.raises(DBAPIError, match="only the system"):
        trim(app, clock.now() - YEAR, scope=staff)


def test_the_application_deletes_nothing_itself(app: Flask, database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        granted = connection.execute(
            "SELECT has_table_privilege('portal_app', 'audit_entries', 'DELETE'),"
            " has_table_privilege('portal_app', 'audit_entries', 'UPDATE'),"
            " has_table_privilege('portal_app', 'audit_entries', 'INSERT')"
        ).fetchone()
    assert granted == (False, False, False)
