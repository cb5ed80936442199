"""What a person has besides the password: an authenticator app, passkeys, recovery codes; and taking it all away."""

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select

from portal.core import audit
from portal.core.events.outbox import publish
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.identity import throttle
from portal.identity.devices import Device
from portal.identity.events import SecondFactorChanged, SecondFactorReset
from portal.identity.models import Membership, MembershipRole, Passkey, Role, StaffRole, Totp, User
from portal.identity.services import passkeys, recovery_codes, totp
from portal.identity.services.sessions import end_all_sessions


class LastFactor(Exception):
    """A role of the person wants a second factor, and this is the last one."""


class NotOnesOwn(Exception):
    """Somebody would reset their own second factors."""


@dataclass(frozen=True, slots=True)
class Factors:
    """What somebody can prove themselves with after the password."""

    app: Totp | None
    passkeys: list[Passkey]

    @property
    def any(self) -> bool:
        """Whether there is a second factor; recovery codes alone are none."""
        return self.app is not None or bool(self.passkeys)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.passkeys) + (self.app is not None)


def of(user_id: uuid.UUID) -> Factors:
    """A person's second factors."""
    return Factors(totp.of(user_id), passkeys.of(user_id))


def use_code(user: User, code: str, device: Device) -> bool:
    """Whether this is the app's code now; counted before it is looked at. Raises TooManyTries."""
    counted = _count(user, device)
    app = totp.of(user.id)
    is_right = app is not None and totp.use(app, code)
    if is_right:
        counted.forgive()
    return is_right


def use_recovery_code(user: User, code: str, device: Device) -> bool:
    """Whether this is an unused recovery code; it is spent then. The same budget as the app's. Raises TooManyTries."""
    counted = _count(user, device)
    is_right = recovery_codes.use(user, code)
    if is_right:
        counted.forgive()
        audit.record("second_factor.code_used", user, left=recovery_codes.left(user.id))
    return is_right


def _count(user: User, device: Device) -> throttle.Try:
    marks = throttle.marks("msp" if user.kind == "internal" else "client", user.email_key)
    return throttle.count_second_factor(user.id, marks, device)


def added(user: User, what: str, *, client_id: uuid.UUID | None = None) -> list[str]:
    """Note a factor that was just set up; the recovery codes if it is the first one, to be shown now or never."""
    audit.record("second_factor.added", user, client_id=client_id, shown=True, what=what)
    publish(SecondFactorChanged(user_id=user.id, what=what, is_added=True))
    return recovery_codes.make(user) if of(user.id).count == 1 else []


def refused(user: User, what: str, reason: str, *, client_id: uuid.UUID | None = None) -> None:
    """Note a factor that somebody wanted to set up and that proved nothing; `reason` is for the trail alone."""
    audit.record("second_factor.refused", user, client_id=client_id, shown=True, what=what, reason=reason)


def new_codes(user: User) -> list[str]:
    """Ten new recovery codes in place of the old ones, to be shown now or never."""
    codes = recovery_codes.make(user)
    audit.record("second_factor.codes_made", user, shown=True)
    publish(SecondFactorChanged(user_id=user.id, what="codes", is_added=True))
    return codes


def remove_app(user: User) -> None:
    """Take the authenticator app away. Raises LastFactor."""
    app = totp.of(user.id)
    if app is not None:
        _let_go(user, app, "app")


def remove_passkey(user: User, passkey: Passkey) -> None:
    """Take a passkey away. Raises LastFactor."""
    _let_go(user, passkey, "passkey")


def _let_go(user: User, factor: Totp | Passkey, what: str) -> None:
    is_last = of(user.id).count == 1
    if is_last and is_wanted_of(user):
        raise LastFactor
    db.session.delete(factor)
    db.session.flush()
    if is_last:
        recovery_codes.remove(user.id)
    audit.record("second_factor.removed", user, shown=True, what=what)
    publish(SecondFactorChanged(user_id=user.id, what=what, is_added=False))


def is_wanted_of(user: User) -> bool:
    """Whether a role of the person asks for a second factor. At the gate `doors.needs_second_factor` knows."""
    if user.kind == "internal":
        mine = select(StaffRole.role_id).where(StaffRole.user_id == user.id)
    else:
        mine = (
            select(MembershipRole.role_id)
            .join(Membership, Membership.id == MembershipRole.membership_id)
            .where(MembershipRole.user_id == user.id, Membership.is_active)
        )
    wanting = select(Role.id).where(Role.requires_mfa, Role.id.in_(mine)).limit(1)
    return db.session.execute(wanting).first() is not None


def reset_second_factors(user: User, by: Viewer, *, client_id: uuid.UUID | None = None) -> None:
    """Take every second factor of a person away, who has lost them; sessions end, and the person is mailed.

    For administrators of the staff: whether `by` may is the caller's question. `client_id`: the client whose
    Admins read of it. Raises NotOnesOwn where people would do it to themselves: they remove what they have.
    """
    if user.id == by.user_id:
        raise NotOnesOwn
    taken = of(user.id).count
    for model in (Totp, Passkey):
        db.session.execute(delete(model).where(model.user_id == user.id))
    recovery_codes.remove(user.id)
    audit.record("second_factor.reset", user, client_id=client_id, shown=True, taken=taken)
    end_all_sessions(user.id, "second factors reset")
    publish(SecondFactorReset(user_id=user.id))
