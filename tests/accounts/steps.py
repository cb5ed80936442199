"""Steps that the tests of getting in share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.identity import permissions
from portal.identity.models import Role, User
from tests import world
from tests.pages import Page, Visitor

Visit = Callable[..., Visitor]
System = Callable[..., AbstractContextManager[Any]]
LinkTo = Callable[[str], str]
FORGOT = {"client": "/auth/client-portal/forgot-password", "msp": "/auth/msp/forgot-password"}
RESET = "/auth/password-reset/set-new-password"
NEW = "correct-horse-battery-staple"


def ask(who: Visitor, email: str, side: str = "client", *, address: str = "127.0.0.1", **more: Any) -> Page:
    """Fetch the page for a forgotten password and send its form."""
    data = who.get(FORGOT[side]).form("/forgot-password") | {"email": email}
    return who.post(FORGOT[side], data, environ_overrides={"REMOTE_ADDR": address}, **more)


def opened(who: Visitor, path: str) -> Page:
    """Open the link of a mail and go where it leads."""
    return who.follow(who.get(path))


def choose(who: Visitor, password: str = NEW) -> Page:
    """Choose this password on the page that the link led to."""
    return who.submit(RESET, "/set-new-password", password=password)


@contextmanager
def as_person(app: Flask, person: world.Person) -> Iterator[Any]:
    """Work under the reach of somebody who is signed in."""
    role = {"Administrator": "administrator", "Technician": "technician", "Dispatcher": "dispatcher"}
    keys = role | {"Admin": "admin", "User": "user", "Finance": "finance"}
    is_client = person.side == "client"
    scope = Scope(
        tenant_id=person.tenant_id,
        reach=Reach.CLIENT if is_client else Reach.STAFF,
        client_id=person.client_id if is_client else None,
        user_id=person.id,
        contact_id=person.contact_id if is_client else None,
        membership_id=person.membership_id if is_client else None,
        ticket_scope=person.ticket_scope,
        permissions=permissions.permissions_of(keys[person.role]),
    )
    with app.app_context(), transaction(scope) as session:
        session.info["viewer"] = scope
        yield session


def client_role(session: Any, key: str = "user") -> Role:
    """A role of the clients' side."""
    return session.execute(select(Role).where(Role.side == "client", Role.key == key)).scalar_one()


def user_of(session: Any, person: world.Person) -> User:
    """The person's row."""
    return session.execute(select(User).where(User.id == person.id)).scalar_one()
