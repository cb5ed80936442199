"""A client's own people: their data, roles, and whether they come in. For the client's Admins and for the staff."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, delete, select

from portal.clients.models import Client, Contact
from portal.core import audit
from portal.core.tenancy import doors
from portal.core.tenancy.scope import Viewer
from portal.core.text import line
from portal.extensions import db
from portal.identity import policy
from portal.identity.models import (
    LoginSession,
    MailToken,
    Membership,
    MembershipRole,
    MembershipRoleSite,
    Role,
    User,
)
from portal.identity.services import invitations, mail_tokens, narrowing
from portal.people import queries

ADMIN = "admin"


class ChangeRefused(ValueError):
    """The change can't be made; the classes below say why."""


class OwnSeat(ChangeRefused):
    """Nobody changes the own roles or takes the own access away."""


class LastAdmin(ChangeRefused):
    """The client would have no Admin left."""


class NotGiveable(ChangeRefused):
    """Whoever acts may not give this role, or this much of the tickets."""


class RoleLimited(ChangeRefused):
    """The MSP has limited the role to sites; taken and given again by the client's Admin it would count everywhere."""


class NeverCameIn(ChangeRefused):
    """The person has not taken the invitation up; only their own mailbox opens the seat."""


class FromGroup(ChangeRefused):
    """The seat came with a grant over a group of clients and goes with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactData:
    """What is known of a contact, as people type it."""

    name: str
    title: str = ""
    phone: str = ""


def change_contact(contact: Contact, data: ContactData) -> None:
    """Write down name, title and phone; the client reads of it in its trail."""
    new = {"name": line(data.name), "title": line(data.title), "phone": line(data.phone)}
    old = {name: getattr(contact, name) for name in new}
    if old == new:
        return
    contact.name, contact.title, contact.phone = new["name"], new["title"], new["phone"]
    audit.record("contact.changed", contact, shown=True, old=old, new=new)


def change_roles(seat: Membership, roles: Collection[Role], ticket_scope: str, *, by: Viewer) -> None:
    """Give a person these roles and no others, and this much of the tickets.

    A role that the person has already may stay though the viewer couldn't give it.
    One that the MSP has limited to sites is taken by the MSP alone.
    Raises OwnSeat, NotGiveable, RoleLimited, FromGroup, LastAdmin.
    """
    _refuse_own(seat, by)
    _refuse_of_group(seat)
    hold_admins(seat.client_id)
    held = {row.role_id: row for row in db.session.execute(queries.role_names(seat.client_id))
            if row.membership_id == seat.id}  # fmt: skip
    wanted = {role.id: role for role in roles}
    new = [role for role_id, role in wanted.items() if role_id not in held]
    if not wanted or not all(role.side == "client" and policy.may_give(by, role) for role in new):
        raise NotGiveable
    if ticket_scope != seat.ticket_scope and not (
        policy.may_give_scope(by, ticket_scope) and _has_own_boards(seat, by)
    ):
        raise NotGiveable
    if by.is_client and narrowing.site_limits(seat).keys() & (held.keys() - wanted.keys()):
        raise RoleLimited
    if ADMIN in {row.key for row in held.values()} and ADMIN not in {role.key for role in roles}:
        _refuse_last_admin(seat, by)
    before = {"roles": sorted(row.name for row in held.values()), "scope": seat.ticket_scope}
    _take_roles(seat, held.keys() - wanted.keys())
    db.session.add_all(_role_of(seat, role) for role in new)
    seat.ticket_scope = ticket_scope
    after = {"roles": sorted(role.name for role in roles), "scope": ticket_scope}
    db.session.flush()
    audit.record("roles.changed", seat, shown=True, old=before, new=after)


def deactivate(seat: Membership, *, by: Viewer) -> None:
    """Take a person's access to this client away; their sessions there end at once.

    Raises OwnSeat, FromGroup, LastAdmin.
    """
    _refuse_own(seat, by)
    _refuse_of_group(seat)
    hold_admins(seat.client_id)
    _refuse_last_admin(seat, by)
    close_seat(seat, by=by)


def close_seat(seat: Membership, *, by: Viewer) -> None:
    """Put a seat out of force, with its sessions and open invitations. Whether that may be is the caller's question."""
    seat.is_active = False
    db.session.flush()
    mail_tokens.kill(seat.user_id, ("invitation",), membership_id=seat.id, by=by.actor_id)
    if by.is_client:
        doors.end_seat(seat.id)
    else:
        db.session.execute(
            delete(LoginSession)
            .where(LoginSession.membership_id == seat.id)
            .execution_options(synchronize_session=False)
        )
    audit.record("membership.deactivated", seat, shown=True, old={"active": True}, new={"active": False})


def reactivate(seat: Membership, *, by: Viewer) -> None:
    """Give the access back that was taken away. Raises OwnSeat, NeverCameIn."""
    _refuse_own(seat, by)
    if not came_in(seat):
        raise NeverCameIn
    seat.is_active = True
    db.session.flush()
    audit.record("membership.activated", seat, shown=True, old={"active": False}, new={"active": True})


def came_in(seat: Membership) -> bool:
    """Whether the person has ever taken this seat: used it, or accepted one of its invitations."""
    if seat.is_active or seat.last_used_at is not None:
        return True
    accepted = select(MailToken.id).where(
        MailToken.purpose == "invitation", MailToken.membership_id == seat.id, MailToken.used_at.is_not(None)
    )
    was_invited = db.session.execute(invitations.history(seat).limit(1)).first() is not None
    return not was_invited or db.session.execute(accepted).first() is not None


def hold_admins(client_id: uuid.UUID) -> None:
    """Hold the client's row, so that two who take an Admin away at once come one after another."""
    db.session.execute(select(Client.id).where(Client.id == client_id).with_for_update(key_share=True))


def has_admin(client_id: uuid.UUID, *, by: Viewer) -> bool:
    """Whether somebody at the client can come in as an Admin."""
    return bool(_who_come_in(set(db.session.scalars(_admins(client_id))), by))


def _refuse_own(seat: Membership, by: Viewer) -> None:
    if by.user_id == seat.user_id:
        raise OwnSeat


def _has_own_boards(seat: Membership, by: Viewer) -> bool:
    """Whether more of the tickets would be none but those of boards that the viewer sees as well."""
    return policy.boards_given_by(by) in {None, seat.board_group_id}


def _refuse_of_group(seat: Membership) -> None:
    if seat.group_grant_id is not None:
        raise FromGroup


def _refuse_last_admin(seat: Membership, by: Viewer) -> None:
    """Raise LastAdmin where nobody else who can come in is an Admin; the caller holds the client's row."""
    if not seat.is_active:
        return
    admins = set(db.session.scalars(_admins(seat.client_id)))
    if seat.id in admins and not _who_come_in(admins - {seat.id}, by):
        raise LastAdmin


def _admins(client_id: uuid.UUID) -> Select[uuid.UUID]:
    return (
        select(Membership.id)
        .join(MembershipRole, MembershipRole.membership_id == Membership.id)
        .join(Role, Role.id == MembershipRole.role_id)
        .join(Contact, Contact.id == Membership.contact_id)
        .where(Membership.client_id == client_id, Membership.is_active, Contact.is_active, Contact.portal_access)
        .where(Role.side == "client", Role.key == ADMIN)
    )


def _who_come_in(seats: Collection[uuid.UUID], by: Viewer) -> set[uuid.UUID]:
    """Those of these seats whose logins are active."""
    if by.is_client:
        states = doors.account_states()
        return {seat_id for seat_id in seats if seat_id in states and states[seat_id].state == "active"}
    active = select(Membership.id).join(User, User.id == Membership.user_id)
    return set(db.session.scalars(active.where(Membership.id.in_(seats), User.state == "active")))


def _take_roles(seat: Membership, role_ids: Collection[uuid.UUID]) -> None:
    which = (MembershipRole.membership_id == seat.id) & MembershipRole.role_id.in_(role_ids)
    at_sites = MembershipRoleSite.membership_role_id.in_(select(MembershipRole.id).where(which))
    for statement in (delete(MembershipRoleSite).where(at_sites), delete(MembershipRole).where(which)):
        db.session.execute(statement.execution_options(synchronize_session=False))


def _role_of(seat: Membership, role: Role) -> MembershipRole:
    return MembershipRole(client_id=seat.client_id, user_id=seat.user_id, membership_id=seat.id, role_id=role.id)
