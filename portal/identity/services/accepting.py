"""Accepting an invitation: proves the mailbox and takes the seat; somebody new chooses a password."""

from dataclasses import dataclass

from sqlalchemy import select

from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity.models import MailToken, Membership, User
from portal.identity.services import mail_tokens, mailboxes, people
from portal.identity.services.mail_tokens import TokenSpent


@dataclass(frozen=True, slots=True)
class Invited:
    """Who opened an invitation. `is_new`: without a login so far, so that a password is to be chosen."""

    user: User
    row: MailToken
    is_new: bool

    @property
    def side(self) -> Side:
        """Where the person will come in."""
        return "msp" if self.user.kind == "internal" else "client"


def invited(token: str) -> Invited:
    """At the gate: whom an invitation is for. Uses nothing up. Raises TokenSpent."""
    user, row = mail_tokens.read("invitation", token)
    is_shut = user.state == "suspended" or (user.state == "locked" and not mailboxes.is_locked_for_risk(user))
    if is_shut or not mailboxes.is_of(row, user):
        raise TokenSpent
    return Invited(user, row, is_new=user.state == "pending")


def accept(token: str, password: str) -> Invited:
    """At the gate: take the invitation up. Raises TokenSpent, PasswordRefused (which uses nothing up).

    What the person becomes was written down when it was sent. Whoever has a login
    keeps its password: the link has proven the mailbox.
    """
    found = invited(token)
    if found.is_new:
        people.check_password(found.user, password)
    mail_tokens.redeem("invitation", token)
    if found.is_new:
        people.set_password(found.user, password)
    if found.row.membership_id is not None:
        _take_seat(found)
    mailboxes.prove(found.user)
    mailboxes.note("invitation.accepted", found.user)
    return found


def _take_seat(found: Invited) -> None:
    seat = db.session.execute(
        select(Membership).where(Membership.id == found.row.membership_id, Membership.user_id == found.user.id)
    ).scalar_one_or_none()
    if seat is None:
        raise TokenSpent
    seat.is_active = True
    db.session.flush()
