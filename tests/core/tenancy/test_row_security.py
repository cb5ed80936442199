"""Row-level security alone, in plain SQL as the application's role: every table, every reach, reading and writing.

Tables join by existing: what each scope may see is worked out from the declared
class of the table, and compared with what PostgreSQL lets through.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from portal.core.tenancy.census import Declared
from tests import databases, world
from tests.core.tenancy.filling import OF_STAFF, fill
from tests.databases import Database
from tests.every_model import tables

HARBOR, SUMMIT = world.tenant_id("harbor"), world.tenant_id("summit")
BRIGHT, CEDAR = world.SAM.client_id, world.NOAH.client_id
DECLARED = tables()
SCOPED = sorted(name for name, table in DECLARED.items() if not table.is_global)
Settings = dict[str, Any]
UNSET: Settings = {}
PUBLIC = " AND visibility = 'public'"
READ_BY = {"common": {"gate", "client"}, "shared": {"client"}}
MEMBER = {("client", "client"), *(("user", reach) for reach in ("client", "gate", None, "everything"))}
"""By which key which reach sees the rows of a client's people."""
SCOPES: dict[str, Settings] = {
    "client A1": {"tenant": HARBOR, "reach": "client", "client": BRIGHT, "user": world.SAM.id},
    "client A2": {"tenant": HARBOR, "reach": "client", "client": CEDAR, "user": world.NOAH.id},
    "client B1": {"tenant": SUMMIT, "reach": "client", "client": world.DELTA_SAM.client_id, "user": world.DELTA_SAM.id},
    "staff of A": {"tenant": HARBOR, "reach": "staff", "user": world.TECH.id},
    "staff of B": {"tenant": SUMMIT, "reach": "staff", "user": world.SUMMIT_TECH.id},
    "staff of A, for A1 alone": {
        "tenant": HARBOR,
        "reach": "staff",
        "user": world.TECH.id,
        "clients": f"{{{BRIGHT}}}",
    },
    "system of A": {"tenant": HARBOR, "reach": "system"},
    "gate of A": {"tenant": HARBOR, "reach": "gate"},
    "gate of A that knows Sam": {"tenant": HARBOR, "reach": "gate", "user": world.SAM.id},
    "a client's user of another tenant": {"tenant": SUMMIT, "reach": "client", "client": BRIGHT, "user": world.SAM.id},
    "no reach": {"tenant": HARBOR, "client": BRIGHT, "user": world.NOAH.id},
    "a reach nobody knows": {"tenant": HARBOR, "reach": "everything", "client": BRIGHT, "user": uuid.uuid4()},
    "no tenant": {"reach": "system"},
    "nothing": UNSET,
}


@pytest.fixture(scope="module")
def filled(admin_url: str, worker_name: str) -> Iterator[Database]:
    """One database for the whole module: nothing here is ever committed."""
    database = databases.copied(Database(admin_url, databases.FURNISHED), f"portal_filled_{worker_name}")
    fill(database)
    yield database
    databases.drop(database)


@contextmanager
def asking(url: str, settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A transaction as the application's role with these settings, rolled back at the end."""
    with psycopg.connect(url) as connection:
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, true)", [f"app.{name}", str(value)])
        yield connection
        connection.rollback()


def condition(table: Declared, scope: Settings, *, writing: bool = False) -> tuple[str, dict[str, Any]]:
    """Which rows a scope may see (or change), from the table's class; the words of tenancy.md once more."""
    if "tenant" not in scope:
        return "false", {}
    rows = _rows(table, scope, writing=writing)
    return ("false", {}) if rows == "false" else (f"tenant_id = %(tenant)s AND {rows}", scope)


def _rows(table: Declared, scope: Settings, *, writing: bool) -> str:
    reach, key = scope.get("reach"), table.owner_key
    if reach in {"staff", "system"}:
        return _of_staff(table, scope)
    rows = "false"
    if table.table_class in READ_BY and not writing:
        rows = "true" if reach in READ_BY[table.table_class] else "false"
    elif table.table_class == "client" and reach == "client":
        rows = f"{key} = %(client)s{PUBLIC if table.has_visibility else ''}"
    elif table.table_class == "member":
        own = [f"{each}_id = %({each})s" for each in ("client", "user") if each in scope and (each, reach) in MEMBER]
        rows = f"({' OR '.join(own)})" if own else "false"
    elif table.table_class == "person" and "user" in scope:
        rows = f"{key} = %(user)s"
    return rows


def _of_staff(table: Declared, scope: Settings) -> str:
    if "clients" not in scope or table.table_class not in {"client", "member"}:
        return "true"
    assigned = f"{table.owner_key} = ANY (%(clients)s::uuid[])"
    return f"({assigned} OR user_id = %(user)s)" if table.table_class == "member" else assigned


def rows_of(connection: psycopg.Connection[Any], name: str, where: str, values: dict[str, Any]) -> set[Any]:
    statement = sql.SQL("SELECT tenant_id, id FROM {} WHERE ").format(sql.Identifier(name)) + sql.SQL(where)
    return set(connection.execute(statement, values))


@pytest.mark.parametrize("who", SCOPES)
def test_each_scope_reads_what_the_class_of_the_table_gives_it(filled: Database, who: str) -> None:
    scope = SCOPES[who]
    with psycopg.connect(filled.owner_url) as owner, asking(filled.app_url, scope) as app:
        for name in SCOPED:
            expected = rows_of(owner, name, *condition(DECLARED[name], scope))
            everything = rows_of(owner, name, "true", {})
            assert rows_of(app, name, "true", {}) == expected, f"{who} reads {name}"
            assert expected != everything, f"the world has no foreign rows in {name}: nothing is proven"


@pytest.mark.parametrize("who", SCOPES)
def test_each_scope_changes_what_the_class_of_the_table_gives_it(filled: Database, who: str) -> None:
    scope = SCOPES[who]
    with psycopg.connect(filled.owner_url) as owner, asking(filled.app_url, scope) as app:
        for name in SCOPED:
            if not owner.execute("SELECT has_table_privilege('portal_app', %s, 'UPDATE')", [name]).fetchone()[0]:
                continue
            expected = rows_of(owner, name, *condition(DECLARED[name], scope, writing=True))
            statement = sql.SQL("UPDATE {} SET id = id RETURNING tenant_id, id").format(sql.Identifier(name))
            assert set(app.execute(statement)) == expected, f"{who} changes {name}"


@pytest.mark.parametrize("name", SCOPED)
def test_no_scope_writes_a_row_of_another_tenant(filled: Database, name: str) -> None:
    for who in ("client A1", "staff of A", "system of A", "gate of A that knows Sam", "nothing"):
        with asking(filled.app_url, SCOPES[who]) as app:
            _refused(app, name, _a_row(filled, name, "tenant_id = %s", [SUMMIT]))


@pytest.mark.parametrize("name", [name for name in SCOPED if DECLARED[name].table_class == "client"])
def test_no_client_writes_a_row_of_another_client(filled: Database, name: str) -> None:
    key = DECLARED[name].owner_key
    row = _a_row(filled, name, f"{key} = %s", [CEDAR])
    with asking(filled.app_url, SCOPES["client A1"]) as app:
        _refused(app, name, row | ({"visibility": "public"} if DECLARED[name].has_visibility else {}))
    if DECLARED[name].has_visibility:
        with asking(filled.app_url, SCOPES["client A2"]) as app:
            _refused(app, name, row | {"visibility": "internal"})


@pytest.mark.parametrize("name", [name for name in SCOPED if DECLARED[name].table_class == "person"])
def test_no_client_writes_a_row_of_another_person(filled: Database, name: str) -> None:
    somebody = world.TECH.id if name in OF_STAFF else world.NOAH.id
    row = _a_row(filled, name, f"{DECLARED[name].owner_key} = %s", [somebody])
    for who in ("client A1", "gate of A that knows Sam"):
        with asking(filled.app_url, SCOPES[who]) as app:
            _refused(app, name, row)


@pytest.mark.parametrize("name", [name for name in SCOPED if DECLARED[name].table_class == "member"])
def test_a_person_makes_no_seat_at_a_client(filled: Database, name: str) -> None:
    row = _a_row(filled, name, "client_id = %s", [CEDAR])
    for who in ("client A1", "gate of A"):
        with asking(filled.app_url, SCOPES[who]) as app:
            _refused(app, name, row | {"id": str(uuid.uuid4())})
    with asking(filled.app_url, SCOPES["gate of A that knows Sam"]) as app:
        _refused(app, name, row | {"id": str(uuid.uuid4()), "user_id": str(world.SAM.id)})


@pytest.mark.parametrize("name", [name for name in SCOPED if DECLARED[name].table_class == "client"])
def test_staff_held_to_one_client_write_for_no_other(filled: Database, name: str) -> None:
    row = _a_row(filled, name, f"{DECLARED[name].owner_key} = %s", [CEDAR])
    with asking(filled.app_url, SCOPES["staff of A, for A1 alone"]) as app:
        _refused(app, name, row)


@pytest.mark.parametrize("name", [name for name in SCOPED if DECLARED[name].table_class in {"shared", "common"}])
def test_only_staff_write_what_all_read(filled: Database, name: str) -> None:
    row = _a_row(filled, name, "tenant_id = %s", [HARBOR])
    for who in ("client A1", "gate of A"):
        with asking(filled.app_url, SCOPES[who]) as app:
            _refused(app, name, row)


def test_a_client_may_put_work_into_a_staff_table_but_not_see_it(filled: Database) -> None:
    row = _a_row(filled, "outbox", "tenant_id = %s", [HARBOR]) | {"id": str(uuid.uuid4()), "dedupe_key": None}
    with asking(filled.app_url, SCOPES["client A1"]) as app:
        app.execute(*_insert("outbox", row))
        assert app.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    with asking(filled.app_url, UNSET) as app:
        _refused(app, "outbox", row)


@pytest.mark.parametrize("table", ["audit_entries", "audit_heads"])
@pytest.mark.parametrize("who", ["client A1", "staff of A", "system of A"])
def test_the_audit_trail_can_only_be_read(filled: Database, who: str, table: str) -> None:
    for act in ("UPDATE {} SET digest = ''", "DELETE FROM {}", "TRUNCATE {}", "INSERT INTO {} SELECT * FROM {}"):
        with asking(filled.app_url, SCOPES[who]) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(act.replace("{}", table))


def test_a_warm_connection_remembers_nobody(filled: Database) -> None:
    with psycopg.connect(filled.app_url, autocommit=True) as connection:
        for _ in range(3):
            with connection.transaction():
                for name, value in SCOPES["staff of A"].items():
                    connection.execute("SELECT set_config(%s, %s, true)", [f"app.{name}", str(value)])
                assert connection.execute("SELECT count(*) FROM tickets").fetchone() == (2,)
            for name in SCOPED:
                assert not rows_of(connection, name, "true", {}), f"{name} is open between transactions"


def _a_row(database: Database, name: str, where: str, values: list[Any]) -> dict[str, Any]:
    statement = sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE ").format(sql.Identifier(name)) + sql.SQL(where)
    with psycopg.connect(database.owner_url) as owner:
        row = owner.execute(statement + sql.SQL(" LIMIT 1"), values).fetchone()
    assert row, f"the world has no such row in {name}"
    return dict(row[0])


def _insert(name: str, row: dict[str, Any]) -> tuple[sql.Composed, list[Any]]:
    from psycopg.types.json import Jsonb

    table = sql.Identifier(name)
    return sql.SQL("INSERT INTO {} SELECT (jsonb_populate_record(NULL::{}, %s)).*").format(table, table), [Jsonb(row)]


def _refused(app: psycopg.Connection[Any], name: str, row: dict[str, Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
        app.execute(*_insert(name, row))


@pytest.mark.parametrize("who", SCOPES)
def test_each_scope_reads_its_own_tenant_alone_and_the_staff_change_it(filled: Database, who: str) -> None:
    scope = SCOPES[who]
    own = {(scope["tenant"],)} if "tenant" in scope else set()
    with asking(filled.app_url, scope) as app:
        assert set(app.execute("SELECT id FROM tenants")) == own
        changed = set(app.execute("UPDATE tenants SET name = name RETURNING id"))
    assert changed == (own if scope.get("reach") in {"staff", "system"} else set())


def test_no_scope_makes_another_tenant_or_renames_one(filled: Database) -> None:
    new = (
        "INSERT INTO tenants (id, slug, name, display_name, state, time_zone, support_email, support_phone,"
        " support_hours, website, brand_version, logo_alt, created_at)"
        " VALUES (%s, 'new', '', '', 'active', '', '', '', '', '', 1, '', clock_timestamp())"
    )
    for who in ("client A1", "staff of A", "system of A", "nothing"):
        with asking(filled.app_url, SCOPES[who]) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(new, [uuid.uuid4()])
        with asking(filled.app_url, SCOPES[who]) as app:
            assert app.execute("UPDATE tenants SET name = 'x' WHERE id = %s", [SUMMIT]).rowcount == 0
    made = uuid.uuid4()
    of_staff = {"tenant": made, "reach": "staff"}
    with asking(filled.app_url, of_staff) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(new, [made])
    with asking(filled.app_url, {"tenant": made, "reach": "system"}) as app:
        app.execute(new, [made])


@pytest.mark.parametrize("who", SCOPES)
def test_only_commands_and_the_system_learn_who_else_is_served(filled: Database, who: str) -> None:
    with asking(filled.app_url, SCOPES[who]) as app:
        if SCOPES[who].get("reach", "") in {"", "system"}:
            assert {row[1] for row in app.execute("SELECT * FROM door.tenants(NULL)")} >= {"harbor", "summit"}
            assert [row[1] for row in app.execute("SELECT * FROM door.tenants('summit')")] == ["summit"]
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("SELECT * FROM door.tenants(NULL)")
