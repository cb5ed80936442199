"""Steps that the tests of signing in share."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event, select

from portal.core.audit import AuditEntry
from portal.identity.models import LoginSession
from tests import world
from tests.pages import Page, Visitor

Visit = Callable[..., Visitor]
System = Callable[..., AbstractContextManager[Any]]

SIGN_IN = {"client": "/auth/client-portal/signin", "msp": "/auth/msp/signin"}
SIGN_OUT = {"client": "/auth/signout", "msp": "/auth/msp/signout"}
SETTINGS = {"client": "/settings", "msp": "/msp/settings"}
COOKIE = {"client": "session", "msp": "msp"}
WRONG = "not-the-password-at-all"


def sign_in(who: Visitor, person: world.Person, password: str = world.PASSWORD, **more: Any) -> Page:
    """Type address and password into the sign-in page of the person's side."""
    return try_in(who, person.side, person.email, password, **more)


def try_in(who: Visitor, side: str, email: str, password: str, *, address: str = "127.0.0.1", **more: Any) -> Page:
    """Fetch the sign-in page and send its form."""
    page = who.get(SIGN_IN[side])
    data = page.form("/signin") | {"email": email, "password": password} | more
    return who.post(SIGN_IN[side], data, environ_overrides={"REMOTE_ADDR": address})


def token_of(who: Visitor, side: str) -> str | None:
    """The session token in the browser."""
    cookie = who.http.get_cookie(COOKIE[side], domain=who.host)
    return cookie.value if cookie else None


def is_in(who: Visitor, side: str) -> bool:
    """Whether the browser's session opens the settings page."""
    return who.get(SETTINGS[side]).status == 200


def with_token(who: Visitor, side: str, token: str) -> Visitor:
    """Put this token into the browser."""
    who.http.set_cookie(COOKIE[side], token, domain=who.host)
    return who


def sessions_of(session: Any, person: world.Person) -> list[LoginSession]:
    """The rows of a person's sessions, oldest first."""
    mine = select(LoginSession).where(LoginSession.user_id == person.id).order_by(LoginSession.id)
    return list(session.execute(mine).scalars())


def hashed(token: str) -> str:
    """What the database should hold of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def trail(session: Any, action: str = "") -> list[AuditEntry]:
    """The tenant's audit entries whose action begins like this, oldest first."""
    entries = select(AuditEntry).where(AuditEntry.action.startswith(action)).order_by(AuditEntry.position)
    return list(session.execute(entries).scalars())


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL that is sent meanwhile."""
    from portal.extensions import db

    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(" ".join(statement.split()))

    with app.app_context():
        engine: Engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
