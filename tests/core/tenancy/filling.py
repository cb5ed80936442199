"""Gives every owner rows in the tables that the world leaves empty, so that a policy has something to hide."""

import datetime as dt
import uuid
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import JSON, Uuid

from portal.core.db import metadata
from portal.core.tenancy.census import Declared
from tests import world
from tests.databases import Database
from tests.every_model import tables

AT = dt.datetime(2026, 9, 2, 9, 0, tzinfo=dt.UTC)
LATE = {"version": 900, "public_version": 900, "kind": "begun"}
"""After all that the world's tickets have in their timelines."""
DOMAIN = "filled.example"
"""Whose people each tenant's provider makes accounts for."""
OF_STAFF = {"staff_roles"}
"""Tables of class Person in which clients' people have no rows."""
OWNERS = (world.SAM, world.NOAH, world.DELTA_SAM)


def fill(database: Database) -> None:
    """One row an owner in each table without one; keys and checks hold, or this raises."""
    known = tables()
    with psycopg.connect(database.owner_url) as connection:
        for person in OWNERS:
            for table, row in _rows(person, known).items():
                if not _has(connection, known[table], person):
                    _put(connection, table, row)
        empty = [
            f"{name} of {person.email}"
            for name, table in known.items()
            for person in OWNERS
            if not table.is_global and not _has(connection, table, person)
        ]
    assert not empty, f"give these tables a row in tests/core/tenancy/filling.py: {', '.join(empty)}"


def _has(connection: psycopg.Connection[Any], table: Declared, person: world.Person) -> bool:
    where = sql.SQL("tenant_id = {}").format(person.tenant_id)
    if table.owner_key and table.name not in OF_STAFF:
        owner = person.client_id if table.table_class in {"client", "member"} else person.id
        where += sql.SQL(" AND {} = {}").format(sql.Identifier(table.owner_key), owner)
    found = connection.execute(
        sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {})").format(sql.Identifier(table.name), where)
    ).fetchone()
    return bool(found and found[0])


def _put(connection: psycopg.Connection[Any], table: str, row: dict[str, Any]) -> None:
    row = {name: connection.execute(*value).fetchone()[0] if isinstance(value, tuple) else value
           for name, value in row.items()}  # fmt: skip
    values = {
        name: Jsonb(value) if isinstance(value, dict) else value for name, value in _completed(table, row).items()
    }
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(map(sql.Placeholder, values)),
        ),
        values,
    )


def _completed(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """The row with a plain value in each column that needs one."""
    plain = {str: "x", int: 1, bool: False, dt.datetime: AT, list: [], bytes: b"x"}
    for column in metadata.tables[table].columns:
        if column.name not in row and not column.nullable:
            given = getattr(column.default, "arg", None)
            row[column.name] = given if given is not None and not callable(given) else _plain(column, plain)
    return row


def _plain(column: Any, plain: dict[type, Any]) -> Any:
    if isinstance(column.type, Uuid):
        return uuid.uuid4()
    if isinstance(column.type, JSON):
        return {}
    return plain[column.type.python_type]


def _rows(person: world.Person, known: dict[str, Declared]) -> dict[str, dict[str, Any]]:
    """What matters of a row in each table that the furnished world doesn't fill, parents before children."""
    number = {"Bright Dental": world.OUR_NUMBER, "Cedar CANARY": world.CEDAR_NUMBER, "Delta CANARY": world.DELTA_NUMBER}
    ticket = world.ticket_id(number[person.client])
    event = uuid.uuid5(person.id, "event")
    rows: dict[str, dict[str, Any]] = {
        "ticket_changes": {
            "ticket_id": ticket,
            "visibility": "public",
            "by_contact_id": person.contact_id,
            **LATE,
        },
        "sessions": {"side": "client", "token_hash": person.email, "membership_id": person.membership_id},
        "staged_files": {},
        "outbox": {"id": event},
        "deliveries": {"event_id": event, "queue": "bulk", "state": "done"},
        "throttles": {"key": person.email},
        "audit_heads": {},
        "audit_entries": {"position": 9000 + OWNERS.index(person)},
        "outgoing_mail": {"key": person.email},
        **_of_access(person),
    }
    for name, row in rows.items():
        row.setdefault("id", uuid.uuid4())
        row["tenant_id"] = person.tenant_id
        if known[name].table_class in {"client", "member"}:
            row["client_id"] = person.client_id
        if known[name].table_class in {"person", "member"}:
            row["user_id"] = person.id
    return rows


def _of_access(person: world.Person) -> dict[str, dict[str, Any]]:
    """How people come in, and what narrows them."""
    name, user = person.email, {"user_id": person.id}
    ids = {each: uuid.uuid5(person.tenant_id, each) for each in ("group", "provider", "board group")}
    role = {"role_id": ("SELECT id FROM roles WHERE tenant_id = %s AND side = 'client' LIMIT 1", [person.tenant_id])}
    review = uuid.uuid5(person.id, "review")
    return {
        "access_settings": {"audit_months": 24},
        "totps": {},
        "passkeys": {"credential_id": name, "transports": []},
        "recovery_codes": {},
        "mail_tokens": {"purpose": "invitation", "token_hash": name, "membership_id": person.membership_id},
        "access_codes": {"contact_id": person.contact_id, "code_hash": name},
        "access_requests": {"state": "open"},
        "access_reviews": {"id": review},
        "access_review_items": {"review_id": review, "membership_id": person.membership_id, "decision": "kept"},
        "client_groups": {"id": ids["group"], "name": name},
        "client_group_members": {"group_id": ids["group"], "client_id": person.client_id},
        "group_grants": {"group_id": ids["group"], "ticket_scope": "own", **user, **role},
        "board_groups": {"id": ids["board group"], "name": name},
        "board_group_boards": {
            "board_group_id": ids["board group"],
            "board_id": ("SELECT id FROM boards WHERE tenant_id = %s LIMIT 1", [person.tenant_id]),
        },
        "client_assignments": {"client_id": person.client_id, **user},
        "denials": {"client_id": person.client_id, "permission": "nothing:real"},
        "sso_providers": {
            "id": ids["provider"],
            "slug": name,
            "side": "client",
            "kind": "other",
            "domains": [DOMAIN],
            "creates_users": True,
        },
        "sso_group_roles": {"provider_id": ids["provider"], **role},
        "sso_identities": {"provider_id": ids["provider"], "subject": name},
        "email_domains": {"domain": name, "outcome": "found"},
        "security_alerts": {"key": name},
        "membership_role_sites": {
            "membership_role_id": ("SELECT id FROM membership_roles WHERE membership_id = %s", [person.membership_id]),
            "site_id": ("SELECT id FROM sites WHERE client_id = %s LIMIT 1", [person.client_id]),
        },
    }
