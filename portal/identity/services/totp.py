"""Codes of an authenticator app (RFC 6238): six digits, 30 seconds, one step either side, each good once.

Which steps are spent is one number, moved by one conditional statement: of many
that bring the same code one moves it, and a code older than the last one used
never counts again.
"""

import datetime as dt
import hmac
import re
import uuid
from typing import Final

import pyotp
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal.core import clock, signing
from portal.extensions import db
from portal.identity.models import Totp, User

STEP: Final = 30
"""Seconds."""
AROUND: Final = 1
"""Steps before and after that count too: clocks of phones are off by some seconds, and people type slowly."""
SETUP_LIFE: Final = dt.timedelta(minutes=30)
_SETUP: Final = "totp setup"
_CODE = re.compile(r"[0-9]{6}")


class AlreadySetUp(Exception):
    """The person has an authenticator app; it is removed before another is set up."""


class SetupOver(Exception):
    """The key on the page was not offered to this person, or too long ago."""


def plain(code: str) -> str:
    """The code without the spaces that apps show in it."""
    return re.sub(r"[\s-]", "", code)


def matching_step(secret: str, code: str, at: dt.datetime) -> int | None:
    """The newest time step around `at` whose code this is; None for none. Takes the same time for either."""
    typed = plain(code)
    current = int(at.timestamp()) // STEP
    found = None
    for step in range(current - AROUND, current + AROUND + 1):
        if hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step).encode(), typed.encode()):
            found = step
    return found if _CODE.fullmatch(typed) else None


def of(user_id: uuid.UUID) -> Totp | None:
    """The person's authenticator app, if it is set up."""
    statement = select(Totp).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None))
    found: Totp | None = db.session.execute(statement).scalar_one_or_none()
    return found


def use(totp: Totp, code: str) -> bool:
    """Whether the code is right and was not used before; it and all before it are spent then."""
    step = matching_step(totp.secret or "", code, clock.now())
    if step is None:
        return False
    moved = db.session.execute(
        update(Totp).where(Totp.id == totp.id, Totp.last_step < step).values(last_step=step),
        execution_options={"synchronize_session": False},
    )
    return bool(moved.rowcount == 1)


def new_secret() -> str:
    """A fresh key of 160 bits in base32."""
    return pyotp.random_base32()


def offered(user: User, secret: str) -> str:
    """A signed token that holds a key while it is being set up; nothing is stored before its code was typed."""
    return signing.sign(_SETUP, [str(user.id), secret], SETUP_LIFE)


def secret_of(user: User, token: str) -> str:
    """The key that `offered` holds. Raises SetupOver."""
    try:
        payload = signing.unsign(_SETUP, token)
    except signing.BadToken:
        raise SetupOver from None
    if not isinstance(payload, list) or payload[0] != str(user.id):
        raise SetupOver
    return str(payload[1])


def uri(secret: str, user: User, issuer: str) -> str:
    """What the QR code holds: the key, and under which name the app lists it."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=issuer)


def set_up(user: User, secret: str, code: str) -> bool:
    """Keep the key if the code proves that the app has it; that code is spent. Raises AlreadySetUp."""
    now = clock.now()
    step = matching_step(secret, code, now)
    if step is None:
        return False
    try:
        with db.session.begin_nested():
            db.session.add(Totp(user_id=user.id, secret=secret, last_step=step, created_at=now, confirmed_at=now))
    except IntegrityError:
        raise AlreadySetUp from None
    return True
