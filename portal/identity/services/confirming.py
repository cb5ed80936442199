"""Proving once more who one is, for acts that want a fresh proof. The session's token changes with it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

from portal.core import audit
from portal.core.tenancy.scope import Viewer, current_scope
from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity import passwords, queries, throttle
from portal.identity.devices import Device
from portal.identity.models import Password, User
from portal.identity.services import passkeys, second_factor, sessions
from portal.identity.services.second_factor import Factors
from portal.identity.services.sessions import Started


class NotConfirmed(Exception):
    """It was not the password, the code or the passkey of the one who is signed in."""


@dataclass(frozen=True, slots=True)
class Proofs:
    """The signed-in person, and what they can prove themselves with."""

    side: Side
    user: User
    password: Password | None
    factors: Factors


def proofs(viewer: Viewer, side: Side) -> Proofs:
    """The viewer's own. Raises NoResultFound where the viewer is no user."""
    user, password, _client_id = db.session.execute(queries.login(viewer.user_id, None)).one()
    return Proofs(side, user, password, second_factor.of(user.id))


def by_password(mine: Proofs, password: str, *, address: str, device: Device) -> Started:
    """Confirm with the password; counted as a sign-in is. Raises NotConfirmed, TooManyTries."""
    with _told(mine, "password"):
        counted = throttle.count_try(mine.side, mine.user.email_key, address=address, device=device)
    if not passwords.verify(password, mine.password.hash if mine.password is not None else None):
        raise _refused(mine, "password")
    counted.forgive()
    return _renewed()


def by_code(mine: Proofs, code: str, *, device: Device) -> Started:
    """Confirm with the app's code. Raises NotConfirmed, TooManyTries."""
    with _told(mine, "app"):
        is_right = second_factor.use_code(mine.user, code, device)
    if not is_right:
        raise _refused(mine, "app")
    return _renewed()


def by_passkey(mine: Proofs, proof: str, token: str, party: passkeys.Party) -> Started:
    """Confirm with a passkey. Raises NotConfirmed."""
    try:
        passkeys.use(mine.user, proof, token, party)
    except passkeys.PasskeyRefused as refused:
        raise _refused(mine, "passkey", refused.reason) from None
    return _renewed()


def _told(mine: Proofs, factor: str) -> AbstractContextManager[None]:
    def tell(seconds: int) -> None:
        audit.record("session.throttled", mine.user, shown=True, side=mine.side, factor=factor, seconds=seconds)

    return throttle.told(tell)


def _refused(mine: Proofs, factor: str, reason: str = "wrong") -> NotConfirmed:
    audit.record("session.not_confirmed", mine.user, shown=True, side=mine.side, factor=factor, reason=reason)
    return NotConfirmed()


def _renewed() -> Started:
    session = sessions.own_session(current_scope())
    if session is None:
        raise NotConfirmed
    return sessions.renew_session(session)
