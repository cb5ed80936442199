"""The tokens that links in mails carry: made, looked at, used once, put out of force. Nothing else touches them.

32 random bytes, of which the database keeps the SHA-256 alone. A token is bound to
its tenant (a door looks for it there), to its person, to one purpose and to the
mailbox it was sent to. Using it is one UPDATE that only the first of many changes.
"""

import datetime as dt
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import ColumnElement, Select, select, update

from portal.core import clock
from portal.core.tenancy import doors
from portal.core.tenancy.scope import current_scope
from portal.core.web.cookies import Side, token_hash
from portal.extensions import db
from portal.identity.models import MailToken, User

Purpose = Literal["invitation", "password_reset", "verification", "sign_in", "unlocking"]
PURPOSES: Final[tuple[Purpose, ...]] = ("invitation", "password_reset", "verification", "sign_in", "unlocking")
PROOFS: Final[tuple[Purpose, ...]] = ("password_reset", "sign_in", "unlocking")
"""What lets somebody in or back in: worthless once the person came in or chose another password or mailbox."""
LIFE: Final[dict[Purpose, dt.timedelta]] = {
    "invitation": dt.timedelta(hours=72),
    "password_reset": dt.timedelta(hours=1),
    "verification": dt.timedelta(hours=24),
    "sign_in": dt.timedelta(minutes=15),
    "unlocking": dt.timedelta(hours=24),
}
TOKEN_BYTES: Final = 32


class TokenSpent(Exception):
    """The link is of no use: unknown, used, too old, revoked, of another tenant or for another purpose."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose link it is, before anything is used up."""

    user_id: uuid.UUID
    side: Side


def issue(
    user: User,
    purpose: Purpose,
    *,
    email: str,
    life: dt.timedelta | None = None,
    client_id: uuid.UUID | None = None,
    membership_id: uuid.UUID | None = None,
) -> str:
    """A new token for a mail to this address; the ones before it, of this purpose and membership, die.

    `life`: how long it is good, else `LIFE`. The token exists nowhere else: it goes into
    the mail that is written in the same transaction.
    """
    row = order(
        user.id,
        purpose,
        email=email,
        life=life,
        client_id=client_id,
        membership_id=membership_id,
    )
    return mint(row)


def order(
    user_id: uuid.UUID,
    purpose: Purpose,
    *,
    email: str,
    life: dt.timedelta | None = None,
    client_id: uuid.UUID | None = None,
    membership_id: uuid.UUID | None = None,
) -> MailToken:
    """The row of a token that nobody knows yet; `mint` gives it one, where the mail is written."""
    at = at_of(purpose)
    kill(user_id, (purpose,), membership_id=membership_id)
    row = MailToken(
        user_id=user_id,
        client_id=client_id,
        membership_id=membership_id,
        purpose=purpose,
        email=email,
        token_hash=token_hash(secrets.token_urlsafe(TOKEN_BYTES)),
        created_at=at,
        expires_at=at + (life or LIFE[purpose]),
        by_user_id=current_scope().actor_id,
    )
    db.session.add(row)
    db.session.flush()
    return row


def mint(row: MailToken) -> str:
    """A token for the row, which takes the place of any that it had."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row.token_hash = token_hash(token)
    db.session.flush()
    return token


def look(purpose: str, token: str) -> Owner | None:
    """At the gate: whose token this is, if it is good. It uses nothing up: mail scanners open links as well."""
    hashed = token_hash(token)
    if purpose not in PURPOSES or not hashed:
        return None
    found = doors.owner_of_mail_token(purpose=purpose, token_hash=hashed, at=at_of(purpose))
    return None if found is None else Owner(found[0], "msp" if found[1] == "internal" else "client")


def read(purpose: Purpose, token: str) -> tuple[User, MailToken]:
    """At the gate: the person and the row of a good token, still unused; from here on the gate sees this person.

    Raises TokenSpent.
    """
    owner = look(purpose, token)
    if owner is None:
        raise TokenSpent
    doors.recognise_user(kind="internal" if owner.side == "msp" else "client", user_id=owner.user_id)
    row = db.session.execute(_good(purpose, token)).scalar_one_or_none()
    user = db.session.execute(select(User).where(User.id == owner.user_id)).scalar_one_or_none()
    if row is None or user is None:
        raise TokenSpent
    return user, row


def redeem(purpose: Purpose, token: str) -> MailToken:
    """At the gate: use the token up, once. Raises TokenSpent, also for all but the first of many at once.

    From here on the gate sees its person, `user_id`.
    """
    owner = look(purpose, token)
    if owner is None:
        raise TokenSpent
    doors.recognise_user(kind="internal" if owner.side == "msp" else "client", user_id=owner.user_id)
    at = at_of(purpose)
    used = (
        update(MailToken)
        .where(*_is_good(purpose, token_hash(token), at))
        .values(used_at=at)
        .returning(MailToken.id)
        .execution_options(synchronize_session=False)
    )
    row_id = db.session.execute(used).scalar_one_or_none()
    if row_id is None:
        raise TokenSpent
    mine = select(MailToken).where(MailToken.id == row_id).execution_options(populate_existing=True)
    row: MailToken = db.session.execute(mine).scalar_one()
    return row


def kill(
    user_id: uuid.UUID,
    purposes: Iterable[Purpose] = PURPOSES,
    *,
    membership_id: uuid.UUID | None = None,
    by: uuid.UUID | None = None,
) -> None:
    """Put a person's unused tokens of these purposes out of force; of one membership's alone where it is named.

    `by`: who wanted just that; None where it follows from something else.
    """
    whose = [MailToken.user_id == user_id, MailToken.purpose.in_(sorted(purposes))]
    if membership_id is not None:
        whose.append(MailToken.membership_id == membership_id)
    db.session.execute(
        update(MailToken)
        .where(*whose, MailToken.used_at.is_(None), MailToken.revoked_at.is_(None))
        .values(revoked_at=clock.now(), revoked_by_user_id=by)
        .execution_options(synchronize_session="fetch")
    )


def at_of(purpose: str) -> dt.datetime:
    """Now, for this purpose: how long an invitation stands is business and can be tried out; the others are real."""
    return clock.business_now() if purpose == "invitation" else clock.now()


def _good(purpose: Purpose, token: str) -> Select[MailToken]:
    return select(MailToken).where(*_is_good(purpose, token_hash(token), at_of(purpose)))


def _is_good(purpose: Purpose, hashed: str, at: dt.datetime) -> list[ColumnElement[bool]]:
    return [
        MailToken.purpose == purpose,
        MailToken.token_hash == hashed,
        MailToken.used_at.is_(None),
        MailToken.revoked_at.is_(None),
        MailToken.expires_at > at,
    ]
