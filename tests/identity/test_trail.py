"""What the audit trail tells of signing in, and what it must not hold."""

import json

from flask import Flask
from sqlalchemy import select

from portal.core.audit import AuditEntry
from tests import world
from tests.identity.steps import WRONG, System, Visit, sign_in, token_of, trail, try_in


def test_every_event_of_a_sign_in_is_there_in_order(visit: Visit, system: System) -> None:
    somebody = visit()
    try_in(somebody, "client", world.SAM.email, WRONG, address="203.0.113.5")
    sign_in(somebody, world.SAM)
    somebody.submit("/settings", "/auth/signout")
    sign_in(somebody, world.SAM)
    sign_in(visit(), world.SAM)
    somebody.submit("/settings", "/settings/sessions/ending")
    with system() as session:
        entries = [entry for entry in trail(session) if entry.action.startswith(("sign_in", "session"))]
        assert [entry.action for entry in entries] == [
            "sign_in.failed",
            "sign_in.succeeded",
            "session.ended",
            "sign_in.succeeded",
            "sign_in.succeeded",
            "session.ended",
        ]
        assert all(entry.object_id is not None for entry in entries)
        assert entries[0].facts["facts"]["address"] == "203.0.113.5"
        assert entries[0].facts["facts"]["request_id"]
        assert [entry.facts["facts"].get("new_device") for entry in entries] == [None, 1, None, 0, 1, None]


def test_nothing_typed_or_secret_is_in_it(visit: Visit, system: System, app: Flask) -> None:
    somebody = visit()
    somebody.http.environ_base["HTTP_USER_AGENT"] = 'x\r\n\x1b[31m{"fake": "line"}'
    for email, password in (
        ("stranger-address@example.org", "stranger-password-1"),
        (world.SAM.email, "mistyped-password-2"),
        (world.SAM.email, world.PASSWORD),
    ):
        try_in(somebody, "client", email, password)
    token = token_of(somebody, "client")
    somebody.submit("/settings", "/auth/signout")
    with system() as session:
        text = json.dumps([entry.facts for entry in session.execute(select(AuditEntry)).scalars()])
    for secret in ("stranger-address", "stranger-password-1", "mistyped-password-2", world.PASSWORD, str(token)):
        assert secret not in text
    assert app.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 0


def test_a_failed_try_is_kept_though_the_answer_is_a_refusal(visit: Visit, system: System) -> None:
    assert try_in(visit(), "msp", world.TECH.email, WRONG).status == 422
    with system() as session:
        (entry,) = trail(session, "sign_in.failed")
        assert entry.facts["facts"]["side"] == "msp"
        assert entry.object_id == world.TECH.id
    with system("summit") as session:
        assert trail(session, "sign_in") == []
