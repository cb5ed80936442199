"""Invitations: sent by the staff or by a client's Admin, good for 72 hours, each new one instead of the last.

What the person will be (client, contact, roles, scope) is written down now, in rows
that count for nothing until the mailbox is proven; the link and its form carry none of it.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import ColumnElement, Select, delete, func, select

from portal.clients.models import Contact
from portal.core import audit, clock
from portal.core.addresses import email_key, is_address
from portal.core.events.outbox import publish
from portal.core.ids import new_id
from portal.core.tenancy import doors
from portal.core.tenancy.scope import Viewer, current_scope
from portal.core.text import line
from portal.extensions import db
from portal.identity import mail_throttle, policy
from portal.identity.events import LinkOrdered
from portal.identity.models import (
    MailToken,
    Membership,
    MembershipRole,
    MembershipRoleSite,
    Role,
    StaffProfile,
    StaffRole,
    User,
)
from portal.identity.services import mail_tokens, narrowing
from portal.identity.services.people import AddressTaken, BadAddress, TicketScope, create_user
from portal.identity.throttle import TooManyTries

__all__ = [
    "AddressTaken", "AlreadyMember", "BadAddress", "InvitationRefused", "Invitee", "NothingToResend",
    "RoleLimited", "RoleNotGiveable", "TooManyInvitations", "TooManyMails", "history", "invite_client_person",
    "invite_colleague", "resend", "revoke", "state_of", "states",
]  # fmt: skip

MOST_MAILS: Final = 3
WITHIN: Final = dt.timedelta(minutes=10)
State = Literal["open", "accepted", "revoked", "expired"]


class InvitationRefused(ValueError):
    """The invitation can't be sent; the classes below say why."""


class AlreadyMember(InvitationRefused):
    """The person, or somebody in the place of this contact, has access to this client already."""


class RoleNotGiveable(InvitationRefused):
    """Whoever invites may not give this role, or this much of the client's tickets."""


class RoleLimited(InvitationRefused):
    """The person had a role here that the MSP limited to sites; a client's Admin doesn't invite them without it."""


class TooManyMails(InvitationRefused):
    """Three mails went to this person within ten minutes."""


class TooManyInvitations(InvitationRefused):
    """Whoever invites has sent as many as one person may, within the last hour or day."""


class NothingToResend(InvitationRefused):
    """The person has accepted already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitee:
    """Who is invited: a contact, or somebody by name and address at a client (None: that of who invites)."""

    contact: Contact | None = None
    client_id: uuid.UUID | None = None
    name: str = ""
    email: str = ""


def invite_client_person(
    by: Viewer,
    invitee: Invitee,
    *,
    roles: Collection[Role],
    ticket_scope: TicketScope = "taking_part",
    site_id: uuid.UUID | None = None,
) -> Membership:
    """Invite a contact, or somebody by name and address, who becomes a contact of the client.

    An address that has a login in this tenant gets a seat there, and no second password;
    whoever invites doesn't learn of it. The seat is not in force before it is taken, and
    is held to the group of boards that a client's Admin who invites is held to.
    Raises BadAddress, AlreadyMember, RoleNotGiveable, RoleLimited, TooManyMails, TooManyInvitations.
    """
    _check_roles(by, roles, ticket_scope)
    contact = invitee.contact
    address = (invitee.email or (contact.email if contact is not None else "")).strip()
    if not is_address(address):
        message = "that is no mail address"
        raise BadAddress(message)
    client_id = contact.client_id if contact is not None else invitee.client_id or by.client_id
    if client_id is None:
        message = "somebody is invited to a client"
        raise ValueError(message)
    name = line(invitee.name) or (contact.name if contact is not None else address)
    user_id = _invitee(by, address, name)
    seat = _seat(user_id, client_id, contact)
    if seat is None:
        seat = _new_seat(user_id, contact or _contact_of(client_id, address, name))
    limits = narrowing.site_limits(seat) if by.is_client else {}
    if limits.keys() - {role.id for role in roles}:
        raise RoleLimited
    _settle(seat, roles, ticket_scope, site_id)
    _limit(seat, limits)
    if seat.board_group_id is None:
        seat.board_group_id = policy.boards_given_by(by)
    _send(seat.user_id, address, membership=seat)
    audit.record(
        "invitation.sent", seat, client_id=client_id, shown=True,
        new={"email": address, "roles": sorted(role.name for role in roles), "scope": ticket_scope},
    )  # fmt: skip
    return seat


def invite_colleague(by: Viewer, *, email: str, name: str, roles: Collection[Role], title: str = "") -> User:
    """Invite somebody to the MSP's staff.

    Raises BadAddress, AddressTaken, RoleNotGiveable, TooManyMails, TooManyInvitations.
    """
    if not by.is_staff or not roles or not all(policy.may_give(by, role) and role.side == "internal" for role in roles):
        raise RoleNotGiveable
    user = create_user("internal", email.strip(), line(name), state="pending")
    db.session.add(StaffProfile(user_id=user.id, display_name=user.name, title=line(title)))
    db.session.add_all(StaffRole(user_id=user.id, role_id=role.id) for role in roles)
    _send(user.id, user.email)
    audit.record("invitation.sent", user, new={"email": user.email, "roles": sorted(role.name for role in roles)})
    return user


def resend(invited: Membership | User) -> None:
    """Send the invitation once more with a new link; the last one dies.

    Raises NothingToResend, TooManyMails, TooManyInvitations.
    """
    former = db.session.execute(history(invited).limit(1)).scalar_one_or_none()
    if former is None or former.used_at is not None or _has_accepted(invited):
        raise NothingToResend
    if isinstance(invited, User):
        _send(invited.id, invited.email)
    else:
        _send(invited.user_id, former.email, membership=invited)
    audit.record("invitation.resent", invited, shown=isinstance(invited, Membership))


def revoke(invited: Membership | User) -> None:
    """Let the open invitation die. What was written down for it stays without effect; harmless where there is none."""
    membership_id = invited.id if isinstance(invited, Membership) else None
    user_id = invited.user_id if isinstance(invited, Membership) else invited.id
    mail_tokens.kill(user_id, ("invitation",), membership_id=membership_id, by=current_scope().actor_id)
    audit.record("invitation.revoked", invited, shown=isinstance(invited, Membership))


def history(invited: Membership | User) -> Select[MailToken]:
    """The invitations of a seat, or of a colleague, the newest first."""
    return select(MailToken).where(*_of(invited)).order_by(MailToken.created_at.desc(), MailToken.id.desc())


def state_of(row: MailToken) -> State:
    """What became of an invitation."""
    if row.used_at is not None:
        return "accepted"
    if row.revoked_at is not None:
        return "revoked"
    return "open" if row.expires_at > clock.business_now() else "expired"


def states(membership_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, State]:
    """What became of the last invitation of each of these seats; those that had none are left out."""
    rows = db.session.execute(
        select(MailToken)
        .where(MailToken.purpose == "invitation", MailToken.membership_id.in_(membership_ids))
        .order_by(MailToken.created_at, MailToken.id)
    ).scalars()
    return {row.membership_id: state_of(row) for row in rows if row.membership_id is not None}


def _check_roles(by: Viewer, roles: Collection[Role], ticket_scope: str) -> None:
    if not roles or not all(role.side == "client" and policy.may_give(by, role) for role in roles):
        raise RoleNotGiveable
    if not policy.may_give_scope(by, ticket_scope):
        raise RoleNotGiveable


def _invitee(by: Viewer, email: str, name: str) -> uuid.UUID:
    """The client user of this address, made as pending where there is none. A client learns no more than the id."""
    if not by.is_staff:
        return doors.invitee(user_id=new_id(), email=email, email_key=email_key(email), name=name)
    mine = select(User.id).where(User.kind == "client", User.email_key == email_key(email))
    known: uuid.UUID | None = db.session.execute(mine).scalar_one_or_none()
    return known or create_user("client", email, name, state="pending").id


def _seat(user_id: uuid.UUID, client_id: uuid.UUID, contact: Contact | None) -> Membership | None:
    """The person's seat at this client that isn't in force: an invitation before. Raises AlreadyMember."""
    mine = (Membership.user_id == user_id) & (Membership.client_id == client_id)
    either = mine if contact is None else mine | (Membership.contact_id == contact.id)
    seats = db.session.execute(select(Membership).where(either).with_for_update()).scalars().all()
    if len(seats) > 1 or any(seat.is_active or seat.user_id != user_id for seat in seats):
        raise AlreadyMember
    return seats[0] if seats else None


def _contact_of(client_id: uuid.UUID, email: str, name: str) -> Contact:
    """The contact of this client with this address and no seat, or a new one."""
    taken = select(Membership.contact_id).where(Membership.client_id == client_id)
    known: Contact | None = (
        db.session.execute(
            select(Contact)
            .where(Contact.client_id == client_id, Contact.email_key == email_key(email), Contact.is_active)
            .where(Contact.id.not_in(taken))
            .order_by(Contact.created_at, Contact.id)
        )
        .scalars()
        .first()
    )
    if known is not None:
        return known
    made = Contact(
        id=new_id(), client_id=client_id, name=name, email=email, email_key=email_key(email), created_at=clock.now()
    )
    db.session.add(made)
    db.session.flush()
    audit.record("contact.created", made, shown=True, new={"name": name, "email": email})
    return made


def _new_seat(user_id: uuid.UUID, contact: Contact) -> Membership:
    seat = Membership(
        id=new_id(), user_id=user_id, client_id=contact.client_id, contact_id=contact.id, site_id=contact.site_id,
        is_active=False, created_at=clock.now(),
    )  # fmt: skip
    db.session.add(seat)
    db.session.flush()
    return seat


def _settle(seat: Membership, roles: Collection[Role], ticket_scope: str, site_id: uuid.UUID | None) -> None:
    """Write down what the person will be, in place of what a former invitation said."""
    seat.ticket_scope = ticket_scope
    seat.site_id = site_id or seat.site_id
    former = select(MembershipRole.id).where(MembershipRole.membership_id == seat.id)
    db.session.execute(delete(MembershipRoleSite).where(MembershipRoleSite.membership_role_id.in_(former)))
    db.session.execute(delete(MembershipRole).where(MembershipRole.membership_id == seat.id))
    db.session.add_all(
        MembershipRole(client_id=seat.client_id, user_id=seat.user_id, membership_id=seat.id, role_id=role.id)
        for role in roles
    )
    db.session.flush()


def _limit(seat: Membership, limits: Mapping[uuid.UUID, Collection[uuid.UUID]]) -> None:
    """Let the roles count where they did before."""
    given = select(MembershipRole).where(MembershipRole.membership_id == seat.id, MembershipRole.role_id.in_(limits))
    for row in db.session.execute(given).scalars():
        narrowing.limit_role(row, limits[row.role_id])


def _send(user_id: uuid.UUID, email: str, *, membership: Membership | None = None) -> None:
    """Order the mail, no more than three in ten minutes, and so many by whoever invites.

    The seat's or user's row is held meanwhile.
    """
    if membership is not None:
        db.session.execute(select(Membership.id).where(Membership.id == membership.id).with_for_update())
        of: tuple[ColumnElement[bool], ...] = (MailToken.membership_id == membership.id,)
    else:
        db.session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
        of = (MailToken.user_id == user_id, MailToken.membership_id.is_(None))
    since = clock.business_now() - WITHIN
    sent = select(func.count()).select_from(MailToken)
    sent = sent.where(*of, MailToken.purpose == "invitation", MailToken.created_at > since)
    if db.session.execute(sent).scalar_one() >= MOST_MAILS:
        raise TooManyMails
    try:
        mail_throttle.count_invitation(current_scope())
    except TooManyTries as refused:
        raise TooManyInvitations from refused
    row = mail_tokens.order(
        user_id, "invitation", email=email,
        client_id=membership.client_id if membership is not None else None,
        membership_id=membership.id if membership is not None else None,
    )  # fmt: skip
    publish(LinkOrdered(mail_link_id=row.id))


def _has_accepted(invited: Membership | User) -> bool:
    return invited.is_active if isinstance(invited, Membership) else invited.state != "pending"


def _of(invited: Membership | User) -> tuple[ColumnElement[bool], ...]:
    if isinstance(invited, Membership):
        return (MailToken.purpose == "invitation", MailToken.membership_id == invited.id)
    return (MailToken.purpose == "invitation", MailToken.user_id == invited.id, MailToken.membership_id.is_(None))
