"""The table of who may do what, and that nothing asks for what isn't in it."""

import json

import pytest
from flask import Flask

from portal.cli.routes import routes
from portal.core.policy import rule_of
from portal.identity import permissions
from portal.identity.permissions import GRANTS, PERMISSIONS, ROLES, permissions_of
from tests.identity.steps import Visit


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
    own = {"ticket:note", "ticket:reply", "ticket:assign", "ticket:update", "audit:read", "outbox:read", "client:read"}
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

    from tests import world

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
