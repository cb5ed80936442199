"""The table of who may do what, and that nothing asks for what isn't in it."""

import importlib
import json
import uuid

import psycopg
import pytest
import sqlalchemy
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Flask

from portal.cli.routes import routes
from portal.core.policy import rule_of
from portal.identity import permissions
from portal.identity.permission_words import WORDS, grouped
from portal.identity.permissions import GRANTS, PERMISSIONS, ROLES, permissions_for, permissions_of
from tests import world
from tests.databases import Database
from tests.identity.steps import Visit

FIRST = frozenset({
    "ticket:read", "ticket:create", "ticket:comment", "ticket:resolve", "ticket:reply", "ticket:note", "ticket:assign",
    "ticket:update", "client:read", "job:read", "outbox:read", "outbox:replay", "audit:read",
})  # fmt: skip
"""The permissions of the first release, which its migration and provisioning gave."""


def test_the_shipped_roles_are_those_of_the_product() -> None:
    assert {(role.side, role.name) for role in ROLES} == {
        ("client", "User"),
        ("client", "Admin"),
        ("client", "Finance"),
        ("internal", "Administrator"),
        ("internal", "Dispatcher"),
        ("internal", "Technician"),
        ("internal", "Billing"),
        ("internal", "Read-only"),
    }
    assert {role.key for role in ROLES if role.is_required} == {"user", "admin", "administrator"}
    assert {role.key for role in ROLES if role.is_giveable} == {"user", "finance"}


def test_every_permission_that_a_view_asks_for_is_in_the_table(app: Flask) -> None:
    asked = {rule.permission for name in app.view_functions if (rule := rule_of(app, name)) and rule.permission}
    assert asked <= PERMISSIONS
    assert asked, "the views do ask"


def test_every_view_can_be_reached_by_some_role_of_its_side(app: Flask) -> None:
    sides = {role.key: role.side for role in ROLES}
    for row in routes(app):
        if row["permission"]:
            side = {"client": "client", "staff": "internal"}[row["face"]]
            assert any(sides[key] == side for key in GRANTS[row["permission"]]), row["rule"]


def test_an_administrator_may_all_that_staff_may_and_readers_only_read() -> None:
    staff = frozenset[str]().union(*(permissions_of(role.key) for role in ROLES if role.side == "internal"))
    assert permissions_of("administrator") == staff
    assert {permission.partition(":")[2] for permission in permissions_of("read_only")} == {"read"}


def test_no_client_role_may_what_is_the_msps_own() -> None:
    own = {
        "ticket:note", "ticket:reply", "ticket:assign", "ticket:update", "ticket:private", "audit:read", "audit:export",
        "outbox:read", "client:read", "client:update", "role:read", "role:update", "portal:view_as", "access:update",
        "sso:update", "amount:unlimited",
    }  # fmt: skip
    assert not permissions_for("client") & own
    for role in ROLES:
        if role.side == "client":
            assert not permissions_of(role.key) & own


@pytest.mark.parametrize("table", ["permission user\na:b yes", f"{permissions._TABLE}ticket:read yes", "x:y ."])
def test_a_table_that_does_not_add_up_is_refused(table: str) -> None:
    with pytest.raises(ValueError, match=r"add up|shipped roles"):
        permissions._parsed(table)


def test_the_commands_print_both_tables(app: Flask) -> None:
    runner = app.test_cli_runner()
    printed = json.loads(runner.invoke(args=["permissions", "--json"]).output)
    assert {row["role"] for row in printed["roles"]} == {role.key for role in ROLES}
    assert printed["permissions"] == sorted(PERMISSIONS)
    rows = json.loads(runner.invoke(args=["routes-table", "--json"]).output)["routes"]
    assert len(rows) == len(list(app.url_map.iter_rules()))
    assert all(row["face"] for row in rows)
    (ending,) = [row for row in rows if row["endpoint"] == "identity.client_end_session"]
    assert (ending["face"], ending["object"], ending["methods"]) == ("client", "session", ["POST"])
    assert "ticket:read" in runner.invoke(args=["permissions"]).output
    assert "/auth/msp/signin" in runner.invoke(args=["routes-table"]).output


def test_flask_login_knows_the_person_of_the_scope(app: Flask, visit: Visit) -> None:
    from flask_login import current_user

    seen: list[tuple[bool, str | None]] = []
    app.before_request_funcs.setdefault(None, []).append(
        lambda: seen.append((current_user.is_authenticated, getattr(current_user, "id", None)))
    )
    try:
        visit(world.SAM).get("/settings")
        visit().get("/auth/msp/signin")
    finally:
        app.before_request_funcs[None].pop()
    assert seen == [(True, str(world.SAM.id)), (False, None)]


def test_every_permission_has_its_words_and_heading() -> None:
    assert set(WORDS) == PERMISSIONS
    shown = [each for _heading, some in grouped(PERMISSIONS) for each in some]
    assert sorted(shown) == sorted(PERMISSIONS)


def test_the_migration_brings_old_tenants_exactly_what_new_ones_get() -> None:
    migration = importlib.import_module("migrations.versions.0002_identity")
    new = frozenset(permission for some in migration.NEW_PERMISSIONS.values() for permission in some)
    for role in ROLES:
        brought = migration.NEW_PERMISSIONS.get((role.side, role.key), ())
        assert frozenset(brought) == permissions_of(role.key) & new, role.key
    assert new == PERMISSIONS - FIRST


def test_a_tenant_of_the_first_release_gets_what_is_new_once(app: Flask, database: Database) -> None:
    """Only shipped roles, whatever their name; what the tenant took away or made itself stays."""
    migration = importlib.import_module("migrations.versions.0002_identity")
    harbor = world.tenant_id("harbor")
    with psycopg.connect(database.owner_url) as connection:
        own = uuid.uuid4()
        connection.execute("UPDATE roles SET name = 'Bosses' WHERE tenant_id = %s AND key = 'administrator'", [harbor])
        connection.execute(
            "INSERT INTO roles (tenant_id, id, name, side, is_giveable, requires_mfa)"
            " VALUES (%s, %s, 'Own', 'internal', false, false)", [harbor, own],
        )  # fmt: skip
        connection.execute(
            "DELETE FROM role_permissions WHERE tenant_id = %s AND permission <> ALL (%s)", [harbor, list(FIRST)]
        )
        connection.execute("DELETE FROM role_permissions WHERE tenant_id = %s AND permission = 'job:read'", [harbor])
    engine = sqlalchemy.create_engine(database.owner_url.replace("postgresql://", "postgresql+psycopg://"))
    for _again in range(2):
        with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
            migration._permissions()
    engine.dispose()
    with psycopg.connect(database.owner_url) as connection:
        rows = connection.execute(
            "SELECT r.key, r.name, array_remove(array_agg(p.permission), NULL) FROM roles r LEFT JOIN role_permissions"
            " p ON p.tenant_id = r.tenant_id AND p.role_id = r.id WHERE r.tenant_id = %s GROUP BY r.key, r.name",
            [harbor],
        ).fetchall()
    held = {(key, name): set(permissions) for key, name, permissions in rows}
    assert held[("administrator", "Bosses")] == permissions_of("administrator") - {"job:read"}
    assert held[("admin", "Admin")] == permissions_of("admin")
    assert held[(None, "Own")] == set()
