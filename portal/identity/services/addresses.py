"""Another mail address: asked for by its owner, proven at the new one, told at the old one. And the first proof."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.core.addresses import email_key, is_address
from portal.core.events.outbox import publish
from portal.extensions import db
from portal.identity import mail_throttle, passwords, throttle
from portal.identity.devices import Device
from portal.identity.events import AddressChanged, LinkOrdered
from portal.identity.models import MailToken, Password, User
from portal.identity.services import mail_tokens, mailboxes
from portal.identity.services.mail_tokens import TokenSpent
from portal.identity.services.people import BadAddress
from portal.identity.services.sessions import Visit, end_all_sessions

__all__ = ["AddressInUse", "WrongPassword", "ask_for_change", "verify", "whose_proof"]

KIND_OF: Final = {"internal": "msp", "client": "client"}


class AddressInUse(ValueError):
    """Somebody of this side signs in with that address."""


class WrongPassword(ValueError):
    """The password isn't the one that was chosen for the account."""


def ask_for_change(user: User, email: str, *, address: str) -> None:
    """Have a link sent to the new address; nothing changes before it is used. Raises BadAddress, TooManyTries.

    Whether somebody has that address is not told here: the answer is the same.
    """
    if not is_address(email):
        message = "that is no mail address"
        raise BadAddress(message)
    mail_throttle.count("address", str(user.id), address=address)
    row = mail_tokens.order(user.id, "verification", email=email)
    publish(LinkOrdered(mail_link_id=row.id))
    mailboxes.note("address.change_asked", user, new={"email": email})


def whose_proof(token: str) -> tuple[User, MailToken]:
    """At the gate: the person and the address that a link would prove. Uses nothing up. Raises TokenSpent."""
    user, row = mail_tokens.read("verification", token)
    if user.state in {"suspended", "locked"}:
        raise TokenSpent
    return user, row


def verify(token: str, password: str, *, visit: Visit, device: Device) -> User:
    """At the gate: the mailbox of the link is the person's.

    Raises TokenSpent, WrongPassword, AddressInUse, TooManyTries.

    An account that is still pending wants its password as well: somebody else may have
    typed this address, and whoever owns the mailbox must not finish what they began.
    A new address ends every session but the one that the browser at hand has.
    """
    user, row = whose_proof(token)
    if user.state == "pending":
        _check(user, password, address=visit.address, device=device)
    mail_tokens.redeem("verification", token)
    if not mailboxes.is_of(row, user):
        _move(user, row.email)
        end_all_sessions(user.id, "address changed", but=visit.token_hash)
    mailboxes.prove(user)
    return user


def _check(user: User, password: str, *, address: str, device: Device) -> None:
    with throttle.told(lambda seconds: mailboxes.note("address.throttled", user, seconds=seconds)):
        counted = throttle.count_try("client", user.email_key, address=address, device=device)
    kept = db.session.execute(select(Password).where(Password.user_id == user.id)).scalar_one_or_none()
    if not passwords.verify(password, kept.hash if kept is not None else None):
        mailboxes.note("address.not_proven", user, reason="password")
        raise WrongPassword
    counted.forgive()


def _move(user: User, email: str) -> None:
    """Give the person the new address. The others' are hidden from the gate; their unique key speaks for them."""
    former = user.email
    try:
        with db.session.begin_nested():
            user.email, user.email_key = email, email_key(email)
            db.session.flush()
    except IntegrityError as error:
        raise AddressInUse from error
    mail_tokens.kill(user.id)
    mailboxes.note("address.changed", user, old={"email": former}, new={"email": email})
    publish(AddressChanged(user_id=user.id, former=former))
