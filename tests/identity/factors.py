"""Second factors for tests: apps and codes that somebody has, and the way to the gate's second page."""

import datetime as dt
from typing import Any

import pyotp
from sqlalchemy import select, update

from portal.core import clock
from portal.identity.models import LoginSession, Role, Totp, User
from portal.identity.services import recovery_codes
from tests import world
from tests.identity.steps import System, sign_in
from tests.pages import Page, Visitor

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
MFA = "/auth/mfa"
ENROLMENT = "/auth/mfa/enrolment"
SECURITY = {"client": "/settings/security", "msp": "/msp/settings/security"}
CONFIRM = {"client": "/auth/client-portal/confirm", "msp": "/auth/msp/confirm"}


def code(secret: str = SECRET, *, steps: int = 0) -> str:
    """The code that the app shows, so many steps from now."""
    return pyotp.TOTP(secret).at(clock.now() + dt.timedelta(seconds=30 * steps))


def has_app(system: System, person: world.Person) -> list[str]:
    """Give somebody an app and recovery codes; returns the codes."""
    with system(person.tenant) as session:
        at = clock.now()
        session.add(Totp(user_id=person.id, secret=SECRET, last_step=0, created_at=at, confirmed_at=at))
        return recovery_codes.make(user(session, person))


def user(session: Any, person: world.Person) -> User:
    found: User = session.execute(select(User).where(User.id == person.id)).scalar_one()
    return found


def role_wants_it(system: System, name: str) -> None:
    """From now on this role needs a second factor."""
    with system() as session:
        session.execute(update(Role).where(Role.name == name).values(requires_mfa=True))


def proof_is_old(system: System, person: world.Person) -> None:
    """The person's sessions were proved long ago."""
    with system(person.tenant) as session:
        session.execute(update(LoginSession).where(LoginSession.user_id == person.id).values(proved_at=world.OPENED))


def halfway(who: Visitor, person: world.Person) -> Page:
    """Give the password and arrive at the page for the second proof."""
    answer = sign_in(who, person)
    assert (answer.status, answer.headers["Location"]) == (303, MFA)
    return who.follow(answer)


def prove(who: Visitor, typed: str) -> Page:
    """Type a code into the page."""
    return who.submit(MFA, MFA, code=typed)
