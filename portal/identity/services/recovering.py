"""Forgotten passwords: a link to the stored address, used once, which ends whatever was signed in.

Whoever asks, the same happens: the try is counted, one door is asked, one event is
written. Only the job that follows knows whether there is anybody to write to.
"""

from sqlalchemy import select

from portal.core import audit
from portal.core.addresses import email_key
from portal.core.events.outbox import publish
from portal.core.tenancy import doors
from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity import mail_throttle, throttle
from portal.identity.devices import Device
from portal.identity.events import LinkAsked, PasswordChanged
from portal.identity.models import Membership, User
from portal.identity.services import mail_tokens, mailboxes, people
from portal.identity.services.mail_tokens import Purpose, TokenSpent


def ask_for_reset(side: Side, email: str, *, address: str, device: Device) -> None:
    """At the gate: somebody forgot the password of this account. Raises TooManyTries, for known and unknown alike."""
    account = email_key(email)
    mark = throttle.marks(side, account)[0]
    with throttle.told(lambda _seconds: audit.record("password.reset_throttled", side=side, account=mark)):
        mail_throttle.count_for_account("reset", side, account, address=address, device=device)
    user_id, _ = doors.recognise(kind="internal" if side == "msp" else "client", email_key=account)
    publish(LinkAsked(user_id=user_id, purpose="password_reset"))
    audit.record("password.reset_asked", side=side, account=mark)


def may_have_link(user: User, purpose: Purpose) -> bool:
    """Whether a link of this purpose would be of use to the person; the job that writes the mail asks."""
    if purpose == "password_reset":
        return user.state == "active" or mailboxes.is_locked_for_risk(user) or _waits_for_proof(user)
    if purpose == "sign_in":
        return user.state == "active" and user.kind == "client"
    if purpose == "unlocking":
        return mailboxes.is_locked_for_risk(user)
    return purpose == "verification" and _waits_for_proof(user)


def _waits_for_proof(user: User) -> bool:
    """Whether somebody has linked an account by access code and not proven the mailbox: all that is missing.

    Who was invited and has not accepted has no seat yet, and waits for the invitation.
    """
    seat = select(Membership.id).where(Membership.user_id == user.id, Membership.is_active)
    return user.state == "pending" and db.session.execute(seat).first() is not None


def reset_password(token: str, password: str) -> User:
    """At the gate: set another password by a link. Raises TokenSpent, PasswordRefused (which uses nothing up).

    It ends every session and signs nobody in; a second factor is asked for as ever.
    """
    user = whose_reset(token)
    people.check_password(user, password)
    mail_tokens.redeem("password_reset", token)
    people.set_password(user, password)
    mailboxes.note("password.reset", user)
    mailboxes.prove(user)
    publish(PasswordChanged(user_id=user.id, by_link=True))
    return user


def whose_reset(token: str) -> User:
    """At the gate: the person who may choose another password by this link. Uses nothing up. Raises TokenSpent."""
    user, row = mail_tokens.read("password_reset", token)
    if not may_have_link(user, "password_reset") or not mailboxes.is_of(row, user):
        raise TokenSpent
    return user


def change_password(user: User, password: str) -> None:
    """Set another password from the settings, which ends every session. Raises PasswordRefused."""
    people.set_password(user, password)
    publish(PasswordChanged(user_id=user.id, by_link=False))


def unlock(token: str) -> User:
    """At the gate: open an account again that a risk rule locked. Raises TokenSpent."""
    user = whose_lock(token)
    mail_tokens.redeem("unlocking", token)
    mailboxes.prove(user)
    return user


def whose_lock(token: str) -> User:
    """At the gate: the person whose account this link opens again. Uses nothing up. Raises TokenSpent."""
    user, row = mail_tokens.read("unlocking", token)
    if not mailboxes.is_locked_for_risk(user) or not mailboxes.is_of(row, user):
        raise TokenSpent
    return user
