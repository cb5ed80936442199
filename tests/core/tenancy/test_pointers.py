"""No row points at another tenant's or client's: each foreign key is tried, as the application and as the owner."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from portal.core.tenancy import census
from tests import databases, world
from tests.core.tenancy.filling import fill
from tests.databases import Database
from tests.every_model import tables

HARBOR, SUMMIT = world.tenant_id("harbor"), world.tenant_id("summit")
OWN = ("tenant_id", "client_id")
DECLARED = tables()


@pytest.fixture(scope="module")
def filled(admin_url: str, worker_name: str) -> Iterator[Database]:
    database = databases.copied(Database(admin_url, databases.FURNISHED), f"portal_pointers_{worker_name}")
    fill(database)
    yield database
    databases.drop(database)


def pointers(database: Database) -> list[tuple[str, census.Key]]:
    """Every foreign key between tables of tenants, but those whose only pointer is the owner itself."""
    engine = create_engine(database.owner_url.replace("postgresql://", "postgresql+psycopg://"))
    with Session(engine) as session:
        found = census.found(session)
    engine.dispose()
    return [
        (name, key)
        for name, fact in found.items()
        for key in fact.keys
        if key.kind == "foreign" and not DECLARED[key.references or ""].is_global and not DECLARED[name].is_global
    ]


def attempts(database: Database, table: str, key: census.Key) -> Iterator[tuple[str, Any, str, Any]]:
    """(whose, id of a row of ours that points, the column that points, the foreign id) for each stranger."""
    column, target = key.columns[-1], key.referenced[-1]
    for whose, owner in (("another tenant's", world.DELTA_SAM), ("another client's", world.NOAH)):
        parent = DECLARED[key.references or ""]
        if owner is world.NOAH and (parent.table_class != "client" or _names_a_client(table, column)):
            continue
        foreign = _one(database, parent, target, owner)
        row = _pointing(database, table, column)
        if foreign is not None and row is not None:
            yield whose, row, column, foreign


def _names_a_client(table: str, column: str) -> bool:
    """What the staff keeps about its clients may be about any of the tenant's."""
    own = "client_id" if DECLARED[table].table_class == "staff" else DECLARED[table].owner_key
    return DECLARED[table].table_class in {"staff", "client"} and column == own


def _one(database: Database, parent: census.Declared, column: str, owner: world.Person) -> Any:
    where = sql.SQL("tenant_id = {}").format(owner.tenant_id)
    if parent.table_class == "client":
        where += sql.SQL(" AND {} = {}").format(sql.Identifier(parent.owner_key or ""), owner.client_id)
    return _ask(database, sql.SQL("SELECT {} FROM {} WHERE {} LIMIT 1").format(
        sql.Identifier(column), sql.Identifier(parent.name), where
    ))  # fmt: skip


def _pointing(database: Database, table: str, column: str) -> Any:
    """A row of ours, at best one whose pointer is set, so that turning it breaks no other rule."""
    where = sql.SQL("tenant_id = {}").format(HARBOR)
    if (table, column) in NEVER_SET:
        where += sql.SQL(" AND {} IS NOT NULL").format(sql.Identifier(column))
    if DECLARED[table].table_class in {"client", "member"} and DECLARED[table].owner_key == "client_id":
        where += sql.SQL(" AND client_id = {}").format(world.SAM.client_id)
    return _ask(database, sql.SQL("SELECT id FROM {} WHERE {} ORDER BY {} IS NULL LIMIT 1").format(
        sql.Identifier(table), where, sql.Identifier(column)
    ))  # fmt: skip


def _ask(database: Database, statement: sql.Composed) -> Any:
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute(statement).fetchone()
    return row[0] if row else None


@pytest.mark.parametrize("role", ["app", "owner"])
def test_every_pointer_at_a_stranger_is_refused(filled: Database, role: str) -> None:
    found = pointers(filled)
    tried: set[tuple[str, str]] = set()
    let_through = []
    url = filled.app_url if role == "app" else filled.owner_url
    for table, key in found:
        for whose, row, column, foreign in attempts(filled, table, key):
            tried.add((table, column))
            statement = sql.SQL("UPDATE {} SET {} = {}{} WHERE id = {}").format(
                sql.Identifier(table),
                sql.Identifier(column),
                foreign,
                BESIDES.get((table, column), BESIDES.get(table, sql.SQL(""))),
                row,
            )
            if not _is_refused(url, statement):
                let_through.append(f"{table}.{column} took {whose}")
    assert let_through == []
    assert len(tried) >= 25, "too few keys were tried to prove anything"
    untried = {(table, key.columns[-1]) for table, key in found} - tried
    assert untried <= NEVER_SET, f"give these a row that points: {sorted(untried - NEVER_SET)}"


BESIDES: dict[Any, sql.SQL] = {
    "comments": sql.SQL(", version = 99999"), "ticket_changes": sql.SQL(", version = 99999"),
    ("denials", "membership_id"): sql.SQL(", client_id = NULL"),
    ("sessions", "as_contact_id"): sql.SQL(
        f", as_client_id = '{world.SAM.client_id}', membership_id = NULL, parent_id = id"
    ),
}  # fmt: skip
"""What else must change so that the attempt fails for its pointer alone: entries of a timeline stand in places of
their own, a denial is of a client or of a person, and who looks on does so at a client and without a seat."""
UNIQUE_FIRST = {"uq_memberships_tenant_id_contact_id"}
"""A contact has one membership at most: this key speaks before the foreign one is asked."""
NEVER_SET = {
    ("memberships", "site_id"), ("outgoing_mail", "contact_id"), ("outgoing_mail", "user_id"),
    ("ticket_changes", "by_user_id"), ("tickets", "assignee_user_id"), ("tickets", "opened_by_user_id"),
}  # fmt: skip
"""Pointers that the world leaves empty; their keys are held to the rules by the census."""


def _is_refused(url: str, statement: sql.Composed) -> bool:
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT set_config('app.tenant', %s, true), set_config('app.reach', 'system', true)", [str(HARBOR)]
        )
        try:
            connection.execute(statement)
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except psycopg.errors.ForeignKeyViolation:
            return True
        except psycopg.errors.UniqueViolation as error:
            return error.diag.constraint_name in UNIQUE_FIRST
        finally:
            connection.rollback()
    return False


def test_a_key_without_the_client_would_let_one_through(filled: Database) -> None:
    """Negative control: the same attempt, with the key reduced to the tenant."""
    loose = (
        "ALTER TABLE comments ADD CONSTRAINT loose UNIQUE (tenant_id, id, client_id)",
        "ALTER TABLE ticket_people DROP CONSTRAINT {}",
    )
    key = next(key for table, key in pointers(filled) if table == "ticket_people" and key.columns[-1] == "ticket_id")
    _, row, column, foreign = next(
        each for each in attempts(filled, "ticket_people", key) if each[0] == "another client's"
    )
    with psycopg.connect(filled.superuser_url) as connection:
        connection.execute(loose[0])
        connection.execute(sql.SQL(loose[1]).format(sql.Identifier(key.name)))
        connection.execute(
            sql.SQL("UPDATE ticket_people SET {} = {} WHERE id = {}").format(sql.Identifier(column), foreign, row)
        )
        connection.rollback()
