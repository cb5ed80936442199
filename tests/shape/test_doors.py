"""The doors: each one listed with what it may touch and who calls it; nothing else looks across tenants."""

import re
from pathlib import Path

from flask import Flask

from portal.settings import ROOT
from tests.databases import Database
from tests.shape import catalogue

FIXED = "search_path=pg_catalog, public, pg_temp"
DOORS = {
    "account_states": {"portal/core/tenancy/doors.py"},
    "candidates": {"portal/core/tenancy/doors.py"},
    "end_seat": {"portal/core/tenancy/doors.py"},
    "invitee": {"portal/core/tenancy/doors.py"},
    "leave": {"portal/core/tenancy/doors.py"},
    "needs_second_factor": {"portal/core/tenancy/doors.py"},
    "owner_of_identity": {"portal/core/tenancy/doors.py"},
    "owner_of_mail_token": {"portal/core/tenancy/doors.py"},
    "owner_of_passkey": {"portal/core/tenancy/doors.py"},
    "own_seats": {"portal/core/tenancy/doors.py"},
    "recognise_user": {"portal/core/tenancy/doors.py"},
    "redeem_access_code": {"portal/core/tenancy/doors.py"},
    "rotate": {"portal/core/tenancy/doors.py"},
    "audit_append": {"portal/core/audit.py"},
    "audit_digest": {"portal/core/audit_chain.py"},
    "audit_trim": {"portal/core/audit_chain.py"},
    "due_schedules": {"portal/core/events/schedule.py"},
    "enter": {"portal/core/tenancy/doors.py"},
    "finish_schedule": {"portal/core/events/schedule.py"},
    "forgive": {"portal/core/tenancy/doors.py"},
    "pick_deliveries": {"portal/core/events/relay.py"},
    "recognise": {"portal/core/tenancy/doors.py"},
    "tenants": {"portal/core/tenancy/doors.py"},
    "take_number": {"portal/core/tenancy/numbers.py"},
    "tenant_of_host": {"portal/core/tenancy/doors.py"},
    "throttle": {"portal/core/tenancy/doors.py"},
}
"""Every function in schema `door` and the files that call it. A new line here wants a reason in docs/adr."""

PLAIN = {"audit_digest"}
"""Functions that read nothing and therefore run with the caller's own rights."""

CONTENT = {
    "attachments": "*", "boards": "*", "comments": "*", "passwords": "*", "priorities": "*", "sites": "*",
    "staff_profiles": {"display_name", "title"}, "staged_files": "*", "statuses": "*",
    "ticket_changes": "*", "ticket_people": "*",
    "tickets": "*", "outbox": "*", "outgoing_mail": "*", "recovery_codes": "*", "access_requests": "*",
    "access_reviews": "*", "sso_providers": "*", "security_alerts": "*", "roles": {"name"},
    "audit_entries": {"action", "facts", "object_id"}, "clients": {"tax_id_sealed"},
    "contacts": {"email"}, "users": {"email"}, "sessions": {"address", "agent"}, "mail_tokens": {"email"},
    "totps": {"secret_sealed", "last_step"}, "passkeys": {"public_key", "name"},
}  # fmt: skip
"""What no door may read, whatever it is for: a door returns ids and scope, never content."""


def test_doors_are_the_ones_on_the_list_and_nobody_else_may_use_them(app: Flask, database: Database) -> None:
    found = catalogue.doors(database)
    assert set(found) == set(DOORS)
    for name, door in found.items():
        assert door["owner"] == "portal_door", name
        assert door["is_definer"] == (name not in PLAIN), name
        assert door["settings"] == (FIXED if name not in PLAIN else "search_path=pg_catalog, pg_temp"), name
        assert door["app_may"], name
        assert not door["others_may"], f"{name} may be called by others than portal_app"
        assert not door["never_revoked"], f"{name} may be called by everybody"


def test_doors_read_no_content(app: Flask, database: Database) -> None:
    readable = {(table, column) for table, verb, column in catalogue.door_grants(database) if verb == "SELECT"}
    for table, columns in CONTENT.items():
        opened = {column for name, column in readable if name == table}
        assert not (opened if columns == "*" else opened & set(columns)), f"a door reads {table}"


def test_doors_are_called_only_where_the_list_says() -> None:
    called: dict[str, set[str]] = {name: set() for name in DOORS}
    for path in (ROOT / "portal").rglob("*.py"):
        for name in re.findall(r"\bdoor\.(\w+)\s*\(", path.read_text(encoding="utf-8")):
            called.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
    assert called == DOORS


def test_nothing_else_hides_in_the_database(app: Flask, database: Database) -> None:
    """No view, trigger, sequence, schema or function but the doors: each would be a way around the policies."""
    assert catalogue.others(database) == []


def test_every_door_is_a_file_of_its_own() -> None:
    files = {path.stem for path in Path(ROOT / "migrations" / "doors").rglob("*.sql")}
    assert files == set(DOORS)
