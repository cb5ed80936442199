"""Signing in with a password.

Whoever tries, the same happens in the same order: the try is counted, the person
looked up, one password verified, one line written to the trail. Only a right
password of somebody who may come in makes a difference.
"""

import uuid
from dataclasses import dataclass
from typing import Final

from portal.core import audit
from portal.core.addresses import email_key
from portal.core.tenancy import doors
from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity import passwords, queries, throttle
from portal.identity.devices import Device
from portal.identity.models import Password, User
from portal.identity.services.people import keep_password
from portal.identity.services.sessions import Started, Visit, start_session

KIND: Final[dict[Side, str]] = {"client": "client", "msp": "internal"}


class SignInRefused(Exception):
    """Address and password lead to nobody who may come in; which of the reasons it was is not told."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who has come in: the new session, and the browser as it is known from now on."""

    started: Started
    device: Device


def sign_in(side: Side, email: str, password: str, *, visit: Visit, device: Device) -> SignedIn:
    """Let a person in. Raises SignInRefused, TooManyTries; the trail's line is for the caller to commit.

    Works at the gate: whatever session the browser brought does not count.
    """
    account = email_key(email)
    mark = throttle.marks(side, account)
    try:
        counted = throttle.count_try(side, account, address=visit.address, device=device)
    except throttle.TooManyTries as refused:
        if refused.is_news:
            audit.record("sign_in.throttled", side=side, account=mark[0], seconds=int(refused.seconds))
        raise
    user_id, membership_id = doors.recognise(kind=KIND[side], email_key=account)
    row = db.session.execute(queries.login(user_id)).one_or_none()
    user, kept = row if row is not None else (None, None)
    is_right = passwords.verify(password, kept.hash if kept is not None else None)
    reason = _why_not(side, user, membership_id, is_right=is_right)
    if reason or user is None or kept is None:
        audit.record("sign_in.failed", user, side=side, account=mark[0], reason=reason)
        raise SignInRefused
    return _let_in(side, user, kept, password, _Proof(counted, mark, membership_id, visit, device))


def _why_not(side: Side, user: User | None, membership_id: uuid.UUID | None, *, is_right: bool) -> str:
    """What stands against it, for the trail alone."""
    if user is None:
        return "unknown"
    if not is_right:
        return "password"
    if user.state != "active":
        return user.state
    return "no membership" if side == "client" and membership_id is None else ""


@dataclass(frozen=True, slots=True)
class _Proof:
    counted: throttle.Try
    mark: list[str]
    membership_id: uuid.UUID | None
    visit: Visit
    device: Device


def _let_in(side: Side, user: User, kept: Password, password: str, proof: _Proof) -> SignedIn:
    if passwords.is_outdated(kept.hash):
        keep_password(kept, password)
    started = start_session(user, side, proof.membership_id if side == "client" else None, proof.visit)
    proof.counted.forgive()
    is_new = not proof.device.knows(proof.mark)
    audit.record("sign_in.succeeded", user, side=side, session=str(started.session.id), new_device=int(is_new))
    return SignedIn(started, proof.device.remembering(proof.mark))
