"""Access codes: what the staff hands to a contact, who links an account with it, once."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError

from portal.clients.models import Contact
from portal.core import audit, clock
from portal.core.addresses import email_key, is_address
from portal.core.events.outbox import publish
from portal.core.ids import new_id
from portal.core.tenancy import doors
from portal.core.tenancy.scope import Viewer
from portal.core.text import line
from portal.extensions import db
from portal.identity import mail_throttle, passwords
from portal.identity.events import AccountLinked
from portal.identity.models import AccessCode, User
from portal.identity.services import people, unclaimed
from portal.identity.services.people import BadAddress
from portal.identity.services.unclaimed import HasLogin
from portal.identity.throttle import Limits, told

__all__ = ["HasLogin", "LinkingRefused", "Wish"]

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without 0, 1, I and O, which people mistake for one another: five bits a letter."""
LENGTH: Final = 12
LIFE: Final = timedelta(days=14)
PER_CLIENT: Final[Limits] = ((10, timedelta(hours=1)), (30, timedelta(days=1)))


class LinkingRefused(Exception):
    """Number, code, address and password make no account; which of them is at fault is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody types who has an access code. `number`: the client's number, or a phone number."""

    number: str
    code: str
    name: str
    email: str
    password: str


def issue_access_code(contact: Contact, *, by: Viewer) -> str:
    """A new code for a contact without a login; the last one dies. It is shown now and never again. Raises HasLogin.

    A code that was typed with another's address, or a wrong one, has left a seat that nobody has come in by: it is
    given up for the new code.
    """
    unclaimed.give_up_seat(contact)
    revoke_access_codes(contact)
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    now = clock.business_now()
    row = AccessCode(
        id=new_id(), client_id=contact.client_id, contact_id=contact.id, code_hash=code_hash(code),
        created_at=now, expires_at=now + LIFE, by_user_id=by.user_id,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    audit.record("access_code.issued", row, shown=True, contact=str(contact.id))
    return "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))


def revoke_access_codes(contact: Contact) -> None:
    """Let the contact's open codes die."""
    open_ones = (AccessCode.contact_id == contact.id, AccessCode.used_at.is_(None), AccessCode.revoked_at.is_(None))
    died = update(AccessCode).where(*open_ones).values(revoked_at=clock.now()).returning(AccessCode.id)
    count = len(db.session.execute(died).all())
    if count:
        audit.record("access_code.revoked", contact, shown=True, count=count)


def access_codes_of(contact: Contact) -> Select[AccessCode]:
    """The contact's codes, the newest first."""
    return select(AccessCode).where(AccessCode.contact_id == contact.id).order_by(AccessCode.created_at.desc())


def code_hash(code: str) -> str:
    """What the database keeps of a code, however it was typed: blanks, hyphens and small letters don't matter."""
    plain = re.sub(r"[\s-]", "", code).upper()
    if len(plain) != LENGTH or set(plain) - set(ALPHABET):
        return ""
    return hashlib.sha256(plain.encode()).hexdigest()


def count_linking(number: str, *, address: str) -> None:
    """Count a try, before anything is looked at. Raises TooManyTries."""
    digits = re.sub(r"\D", "", number)
    with told(lambda seconds: audit.record("access_code.throttled", side="client", seconds=seconds)):
        mail_throttle.count("linking", digits or "none", address=address, per_name=PER_CLIENT)


def link_account(wish: Wish) -> None:
    """At the gate: give the contact's seat to this address, whether it is new or has a login here already.

    Which of the two it is, only the mail says: the code is used up and answered alike. Raises LinkingRefused for
    whatever is wrong, PasswordRefused for the password alone. To be called after `count_linking`.
    """
    if not is_address(wish.email):
        message = "that is no mail address"
        raise BadAddress(message)
    name = line(wish.name) or wish.email
    people.check_password(User(email=wish.email, name=name), wish.password)
    linked = _linked(wish, name, passwords.hash_password(wish.password))
    if linked is None:
        audit.record("access_code.refused")
        raise LinkingRefused
    publish(AccountLinked(user_id=linked.user_id, membership_id=linked.membership_id, is_new=linked.is_new))
    audit.record("access_code.used", User(id=linked.user_id), client_id=linked.client_id, shown=True)


def _linked(wish: Wish, name: str, password_hash: str) -> doors.Linked | None:
    """Whose seat it is now; None, and nothing written, where something is wrong."""
    work = db.session.begin_nested()
    try:
        found = doors.redeem_access_code(
            digits=re.sub(r"\D", "", wish.number), code_hash=code_hash(wish.code),
            email=wish.email, email_key=email_key(wish.email), name=name, password_hash=password_hash,
        )  # fmt: skip
    except IntegrityError:
        work.rollback()
        return None
    work.commit()
    return found
