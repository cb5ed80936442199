"""The doors of tenancy: who is let in as what, and that their settings end with the transaction."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from portal.clients.models import Client
from portal.core import clock
from portal.core.tenancy import doors, numbers
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.scope import UNENTERED, Reach, Scope, current_scope, entered, system_scope
from portal.core.tenancy.session import transaction
from portal.extensions import db
from portal.identity.models import LoginSession, Membership, Password, User
from portal.tickets.models import Board, Ticket
from tests import world
from tests.databases import Database

HARBOR, SUMMIT = world.tenant_id("harbor"), world.tenant_id("summit")
IDLE = dt.timedelta(days=14)
Change = Callable[[psycopg.Connection[Any]], object]


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@pytest.fixture
def signed_in(app: Flask) -> Callable[[world.Person], str]:
    """A session for somebody; returns the hash of its token."""

    def sign_in(person: world.Person, **more: Any) -> str:
        hashed = hash_of(f"token of {person.email}")
        now = clock.now()
        values = {"created_at": now, "last_used_at": now, "expires_at": now + dt.timedelta(days=1), **more}
        membership = person.membership_id if person.side == "client" else None
        with app.app_context(), transaction(system_scope(person.tenant_id)) as session:
            session.add(
                LoginSession(user_id=person.id, side=person.side, token_hash=hashed, membership_id=membership, **values)
            )
        return hashed

    return sign_in


@contextmanager
def at_the_door(app: Flask, **more: Any) -> Iterator[doors.Entry | None]:
    """A request that has just come through the door, or was not let in."""
    arguments = {"slug": "harbor", "host": "", "side": "client", "token_hash": "", "other_token_hash": "", "idle": IDLE}
    with app.app_context(), entered(UNENTERED):
        try:
            yield doors.enter(**(arguments | more))
        finally:
            db.session.remove()


def settings() -> dict[str, str]:
    """What the database has been told of who asks."""
    names = ("tenant", "reach", "client", "user")
    columns = ", ".join(f"coalesce(current_setting('app.{name}', true), '') AS {name}" for name in names)
    row = db.session.execute(text(f"SELECT {columns}").execution_options(**{RAW: True})).one()
    return dict(row._mapping)


def test_a_stranger_stands_at_the_gate_and_sees_nobody(app: Flask) -> None:
    with at_the_door(app) as entry:
        assert entry is not None
        assert entry.scope == Scope(tenant_id=HARBOR, reach=Reach.GATE)
        assert settings() == {"tenant": str(HARBOR), "reach": "gate", "client": "", "user": ""}
        for model in (User, Password, Membership, Client, Board, Ticket):
            assert db.session.scalars(select(model)).all() == []


def test_a_client_person_enters_with_client_contact_and_permissions(app: Flask, signed_in: Any) -> None:
    with at_the_door(app, token_hash=signed_in(world.SAM)) as entry:
        assert entry is not None
        scope = entry.scope
        assert (scope.reach, scope.client_id, scope.user_id) == (Reach.CLIENT, world.SAM.client_id, world.SAM.id)
        assert (scope.contact_id, scope.ticket_scope) == (world.SAM.contact_id, "taking_part")
        assert scope.may("ticket:read")
        assert not scope.may("ticket:note")
        assert scope == current_scope()
        assert settings()["client"] == str(world.SAM.client_id)
        assert {client.name for client in db.session.scalars(select(Client))} == {"Bright Dental"}


def test_staff_enter_with_the_permissions_of_their_roles(app: Flask, signed_in: Any) -> None:
    with at_the_door(app, side="msp", token_hash=signed_in(world.TECH)) as entry:
        assert entry is not None
        assert (entry.scope.reach, entry.scope.client_id) == (Reach.STAFF, None)
        assert entry.scope.may("ticket:note")
        assert not entry.scope.may("audit:read")
        assert {client.name for client in db.session.scalars(select(Client))} == {"Bright Dental", "Cedar CANARY"}


@pytest.mark.parametrize(
    "change",
    [
        {"slug": "nobody"},
        {"slug": "HARBOR"},
        {"slug": "", "host": "portal.harbor.example"},
        {"slug": "", "host": "new.harbor.example"},
        {"slug": "", "host": ""},
        {"slug": "harbor'--"},
    ],
    ids=["unknown", "case", "own host not there", "own host not verified", "nothing", "quote"],
)
def test_a_host_that_is_nobodys_is_not_let_in(app: Flask, database: Database, change: dict[str, str]) -> None:
    _run(
        database,
        "INSERT INTO tenant_hosts (host, tenant_id, is_primary) VALUES ('new.harbor.example', %s, true)",
        HARBOR,
    )
    with at_the_door(app, **change) as entry:
        assert entry is None
        assert settings() == {"tenant": "", "reach": "", "client": "", "user": ""}


def test_a_verified_own_host_leads_to_its_tenant(app: Flask, database: Database) -> None:
    _run(
        database,
        "INSERT INTO tenant_hosts (host, tenant_id, is_primary, verified_at)"
        " VALUES ('help.summit.example', %s, true, now())", SUMMIT,
    )  # fmt: skip
    with at_the_door(app, slug="", host="help.summit.example") as entry:
        assert entry is not None
        assert (entry.scope.tenant_id, entry.facts.own_host) == (SUMMIT, "help.summit.example")
    with app.app_context(), transaction(None):
        assert doors.tenant_of_host(slug="", host="help.summit.example") == SUMMIT
        assert doors.tenant_of_host(slug="harbor", host="help.summit.example") == HARBOR
        assert doors.tenant_of_host(slug="", host="evil.example") is None


def test_a_suspended_tenant_is_nobodys_host_for_strangers_and_for_the_signed_in(
    app: Flask, database: Database, signed_in: Any
) -> None:
    token = signed_in(world.SAM)
    _run(database, "UPDATE tenants SET state = 'suspended' WHERE id = %s", HARBOR)
    for arguments in ({}, {"token_hash": token}):
        with at_the_door(app, **arguments) as entry:
            assert entry is None
    with app.app_context(), transaction(None):
        assert doors.tenant_of_host(slug="harbor", host="") is None


@pytest.mark.parametrize(
    ("person", "change"),
    [
        (world.SAM, "UPDATE sessions SET expires_at = now() - interval '1 second'"),
        (world.SAM, "UPDATE sessions SET last_used_at = now() - interval '14 days 1 minute'"),
        (world.SAM, "UPDATE users SET state = 'suspended' WHERE id = '{user}'"),
        (world.SAM, "UPDATE users SET state = 'locked' WHERE id = '{user}'"),
        (world.SAM, "UPDATE memberships SET is_active = false WHERE user_id = '{user}'"),
        (world.SAM, "UPDATE clients SET is_active = false WHERE name = 'Bright Dental'"),
        (world.SAM, "UPDATE contacts SET is_active = false WHERE name = '{name}'"),
        (world.SAM, "DELETE FROM sessions"),
        (world.TECH, "UPDATE users SET state = 'suspended' WHERE id = '{user}'"),
        (world.TECH, "UPDATE users SET kind = 'client' WHERE id = '{user}'"),
        (world.TECH, "UPDATE sessions SET expires_at = now() - interval '1 second'"),
    ],
)
def test_a_session_that_no_longer_counts_leads_to_the_gate(
    app: Flask, database: Database, signed_in: Any, person: world.Person, change: str
) -> None:
    arguments = {"side": person.side, "token_hash": signed_in(person)}
    with at_the_door(app, **arguments) as entry:
        assert entry is not None
        assert entry.scope.session_id is not None
    _run(database, change.format(user=person.id, name=person.name))
    with at_the_door(app, **arguments) as entry:
        assert entry is not None
        assert entry.scope == Scope(tenant_id=HARBOR, reach=Reach.GATE)
        assert entry.facts.permissions is None
        assert entry.facts.client_name is None


def test_a_token_counts_at_its_own_tenant_and_side_alone(app: Flask, signed_in: Any) -> None:
    sam, tech = signed_in(world.SAM), signed_in(world.TECH)
    for arguments in (
        {"slug": "summit", "token_hash": sam},
        {"side": "msp", "token_hash": sam},
        {"side": "client", "token_hash": tech},
        {"slug": "summit", "side": "msp", "token_hash": tech},
        {"token_hash": sam.upper()},
        {"token_hash": hash_of("something else")},
    ):
        with at_the_door(app, **arguments) as entry:
            assert entry is not None
            assert entry.scope.reach is Reach.GATE, arguments
            assert not entry.facts.other_side, arguments


def test_the_door_knows_whether_the_other_side_is_signed_in(app: Flask, signed_in: Any) -> None:
    tech = signed_in(world.TECH)
    with at_the_door(app, other_token_hash=tech) as entry:
        assert entry is not None
        assert entry.facts.other_side
        assert entry.scope.reach is Reach.GATE
    with at_the_door(app, slug="summit", other_token_hash=tech) as entry:
        assert entry is not None
        assert not entry.facts.other_side


def test_last_use_is_written_at_most_every_five_minutes(app: Flask, database: Database, signed_in: Any) -> None:
    def last_used() -> dt.datetime:
        with psycopg.connect(database.owner_url) as connection:
            return connection.execute("SELECT last_used_at FROM sessions").fetchone()[0]

    for ago, moves in ((dt.timedelta(minutes=4), False), (dt.timedelta(minutes=6), True)):
        token = signed_in(world.SAM, last_used_at=clock.now() - ago)
        before = last_used()
        with at_the_door(app, token_hash=token):
            db.session.commit()
        assert (last_used() > before) is moves
        _run(database, "DELETE FROM sessions")


def test_the_gate_sees_one_person_once_recognised(app: Flask) -> None:
    with at_the_door(app):
        assert doors.recognise(kind="client", email_key="sam@brightdental.example")[0] == world.SAM.id
        assert [user.id for user in db.session.scalars(select(User))] == [world.SAM.id]
        assert [row.user_id for row in db.session.scalars(select(Password))] == [world.SAM.id]
        assert db.session.scalars(select(Client)).all() == []
        assert doors.recognise(kind="client", email_key="noah@cedarlaw.example")[0] == world.NOAH.id
        assert [user.id for user in db.session.scalars(select(User))] == [world.NOAH.id]
        for kind, key in (
            ("internal", "sam@brightdental.example"),
            ("client", "sam@deltafoods.example"),
            ("client", ""),
        ):
            assert doors.recognise(kind=kind, email_key=key) == (None, None)
            assert db.session.scalars(select(User)).all() == []


@pytest.mark.parametrize("person", [world.SAM, world.TECH])
def test_only_the_gate_recognises_people(app: Flask, signed_in: Any, person: world.Person) -> None:
    token = signed_in(person)
    with at_the_door(app, side=person.side, token_hash=token), pytest.raises(DBAPIError, match="only the gate"):
        doors.recognise(kind="client", email_key="noah@cedarlaw.example")


def test_numbers_are_counted_per_tenant_and_never_twice(app: Flask, system: Any) -> None:
    with system("harbor"):
        assert [numbers.take_number("ticket") for _ in range(3)] == [1002, 1003, 1004]
    with system("summit"):
        assert numbers.take_number("ticket") == world.DELTA_NUMBER + 1
    with app.app_context(), transaction(None), pytest.raises(DBAPIError):
        numbers.take_number("ticket")


def test_tries_are_counted_per_tenant(app: Flask, system: Any) -> None:
    limit = [(1, dt.timedelta(minutes=5))]
    at = clock.now()
    with system("harbor"):
        assert doors.throttle("key", limits=limit, at=at)[0] == 0
        assert doors.throttle("key", limits=limit, at=at)[0] > 0
    with system("summit"):
        assert doors.throttle("key", limits=limit, at=at)[0] == 0
    with app.app_context(), transaction(None), pytest.raises(DBAPIError):
        doors.throttle("key", limits=limit, at=at)


def test_the_scope_of_the_door_ends_with_its_transaction(app: Flask, signed_in: Any) -> None:
    with at_the_door(app, token_hash=signed_in(world.SAM)):
        assert settings()["user"] == str(world.SAM.id)
        db.session.commit()
        with entered(UNENTERED):
            assert settings() == {"tenant": "", "reach": "", "client": "", "user": ""}


def _run(database: Database, statement: str, *values: uuid.UUID) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(statement, values)
