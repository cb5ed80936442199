"""Users, their passwords, memberships and roles."""

import datetime as dt
import uuid
from typing import Literal

from sqlalchemy import select

from portal.clients.models import Contact
from portal.core import audit, clock
from portal.core.addresses import email_key, is_address
from portal.extensions import db
from portal.identity import passwords
from portal.identity.models import Membership, MembershipRole, Password, StaffProfile, StaffRole, User
from portal.identity.roles import role
from portal.identity.services import mail_tokens
from portal.identity.services.sessions import end_all_sessions

Kind = Literal["internal", "client"]
State = Literal["pending", "active", "suspended", "locked"]
TicketScope = Literal["own", "taking_part", "site", "company"]


class BadAddress(ValueError):
    """The text is no mail address."""


class AddressTaken(ValueError):
    """Somebody of this kind has that address already."""


def create_user(
    kind: Kind,
    email: str,
    name: str,
    *,
    state: State = "active",
    locale: str | None = None,
    time_zone: str | None = None,
) -> User:
    """Make a login without password, role or membership. Raises BadAddress, AddressTaken."""
    if not is_address(email):
        message = f"“{email}” is no mail address"
        raise BadAddress(message)
    key = email_key(email)
    taken = select(User.id).where(User.kind == kind, User.email_key == key)
    if db.session.execute(taken).first() is not None:
        message = f"there is a user {key} already"
        raise AddressTaken(message)
    user = User(
        kind=kind, email=email, email_key=key, name=name, state=state,
        locale=locale, time_zone=time_zone, created_at=clock.now(),
    )  # fmt: skip
    db.session.add(user)
    db.session.flush()
    audit.record("user.created", user, new={"kind": kind, "name": name, "state": state})
    return user


def create_colleague(
    email: str, name: str, *, roles: tuple[str, ...], title: str = "", state: State = "active"
) -> User:
    """Make a member of the MSP's staff: login, what clients see of them, roles. Raises as its parts do."""
    user = create_user("internal", email, name, state=state)
    db.session.add(StaffProfile(user_id=user.id, display_name=name, title=title, is_active=state == "active"))
    for key in roles:
        give_staff_role(user, key)
    return user


def set_password(user: User, password: str) -> None:
    """Set a user's password, end every session, and let links to come in by die. Raises PasswordRefused."""
    check_password(user, password)
    kept = db.session.execute(select(Password).where(Password.user_id == user.id)).scalar_one_or_none()
    if kept is None:
        hashed = passwords.hash_password(password)
        db.session.add(Password(user_id=user.id, hash=hashed, changed_at=clock.now()))
    else:
        keep_password(kept, password, changed_at=clock.now())
    audit.record("password.changed", user)
    end_all_sessions(user.id, "password changed")
    mail_tokens.kill(user.id, mail_tokens.PROOFS)
    db.session.flush()


def check_password(user: User, password: str) -> None:
    """Whether the person may have this password; changes nothing. Raises PasswordRefused."""
    passwords.check_new(password, own_words=(user.name, user.email.rpartition("@")[0], _company(user.email)))


def keep_password(kept: Password, password: str, *, changed_at: dt.datetime | None = None) -> None:
    """Hash a password with today's parameters into its row; the same password keeps its date."""
    kept.hash = passwords.hash_password(password)
    if changed_at is not None:
        kept.changed_at = changed_at


def _company(email: str) -> str:
    return email.rpartition("@")[2].partition(".")[0]


def add_membership(
    user: User,
    contact: Contact,
    *,
    roles: tuple[str, ...],
    ticket_scope: TicketScope = "taking_part",
    site_id: uuid.UUID | None = None,
) -> Membership:
    """Tie a client user to a contact's client, with roles by key (`user`, `admin`, …). Raises MissingRole."""
    if user.kind != "client":
        message = "only client users have memberships"
        raise ValueError(message)
    membership = Membership(
        user_id=user.id,
        client_id=contact.client_id,
        contact_id=contact.id,
        site_id=site_id,
        ticket_scope=ticket_scope,
        created_at=clock.now(),
    )
    db.session.add(membership)
    db.session.flush()
    audit.record("membership.created", membership, new={"contact": str(contact.id), "scope": ticket_scope})
    for key in roles:
        give_client_role(membership, key)
    return membership


def give_client_role(membership: Membership, key: str) -> None:
    """Give a role at one client. Raises MissingRole."""
    found = role("client", key)
    db.session.add(
        MembershipRole(
            client_id=membership.client_id, user_id=membership.user_id, membership_id=membership.id, role_id=found.id
        )
    )
    audit.record("role.given", membership, new={"role": key})


def give_staff_role(user: User, key: str) -> None:
    """Give a member of the staff a role. Raises MissingRole."""
    if user.kind != "internal":
        message = "only the MSP's own people have staff roles"
        raise ValueError(message)
    db.session.add(StaffRole(user_id=user.id, role_id=role("internal", key).id))
    audit.record("role.given", user, new={"role": key})


def change_language(user: User, *, locale: str | None, time_zone: str | None) -> None:
    """Set a person's own language and time zone; None takes the tenant's."""
    user.locale = locale
    user.time_zone = time_zone
