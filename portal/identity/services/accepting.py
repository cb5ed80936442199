"""Accepting an invitation: proves the mailbox, takes the seat; somebody new chooses a password or makes a passkey."""

from dataclasses import dataclass

from sqlalchemy import delete, select

from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity.models import MailToken, Membership, Password, User
from portal.identity.services import mail_tokens, mailboxes, passkeys, people, recovery_codes
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brought of a passkey that it made, and where the page stood."""

    credential: str
    challenge: str
    name: str
    party: passkeys.Party


class HasLogin(Exception):
    """Only somebody who has no login yet chooses how to sign in here."""


def invited(token: str) -> Invited:
    """At the gate: whom an invitation is for. Uses nothing up. Raises TokenSpent."""
    user, row = mail_tokens.read("invitation", token)
    if mailboxes.is_shut(user) or not mailboxes.is_of(row, user):
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
    _take_seat(found)
    _prove(found.user)
    return found


def accept_with_passkey(token: str, answer: Answer) -> tuple[Invited, list[str]]:
    """The same with a passkey as the only proof; beside it the recovery codes, to be shown now or never.

    The link is used up before the passkey is kept, in one savepoint: of twenty who come with one link a single
    one's passkey stays, and a passkey that is refused uses no link up. Whoever has a login gets no further proof
    by a link: that takes a session.

    Raises TokenSpent, HasLogin, PasskeyRefused (which uses nothing up but the page's challenge).
    """
    found = invited(token)
    if not found.is_new:
        raise HasLogin
    user = found.user
    passkey = passkeys.made(user, answer.credential, answer.challenge, answer.party, name=answer.name, alone=True)
    with db.session.begin_nested():
        mail_tokens.redeem("invitation", token)
        passkeys.keep(passkey)
        _take_seat(found)
    # Somebody may have begun this account with an access code and a password of theirs.
    db.session.execute(delete(Password).where(Password.user_id == user.id))
    codes = recovery_codes.make(user)
    mailboxes.note("second_factor.added", user, what="passkey")
    _prove(user)
    return found, codes


def _prove(user: User) -> None:
    mailboxes.prove(user)
    mailboxes.note("invitation.accepted", user)


def _take_seat(found: Invited) -> None:
    if found.row.membership_id is None:
        return
    seat = db.session.execute(
        select(Membership).where(Membership.id == found.row.membership_id, Membership.user_id == found.user.id)
    ).scalar_one_or_none()
    if seat is None:
        raise TokenSpent
    seat.is_active = True
    db.session.flush()
