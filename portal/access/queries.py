"""What the pages about access read. Nothing here is executed."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, literal, or_, select, union_all

from portal.clients.models import Client, Contact, Site
from portal.core.tenancy.scope import Scope, Viewer
from portal.core.web.paging import first
from portal.identity.models import (
    BoardGroup,
    BoardGroupBoard,
    Denial,
    Membership,
    MembershipRole,
    MembershipRoleSite,
    Role,
    StaffProfile,
    StaffRole,
    User,
)
from portal.tickets import policy
from portal.tickets.models import Board, Ticket

Rows = Select[*tuple[Any, ...]]
MOST_FOUND = 20
"""People that a search shows."""


def roles(side: str) -> Select[Role]:
    """The roles of a side: shipped ones first, then by name."""
    return select(Role).where(Role.side == side).order_by(Role.key.is_(None), Role.name, Role.id)


def role(role_id: UUID) -> Select[Role]:
    """One role."""
    return select(Role).where(Role.id == role_id)


def boards() -> Select[Board]:
    """The boards in their order."""
    return select(Board).order_by(Board.position, Board.name, Board.id)


def board_groups() -> Select[BoardGroup]:
    """The groups of boards, by name."""
    return select(BoardGroup).order_by(BoardGroup.name, BoardGroup.id)


def board_group(group_id: UUID) -> Select[BoardGroup]:
    """One group of boards."""
    return select(BoardGroup).where(BoardGroup.id == group_id)


def boards_of_groups() -> Rows:
    """Group and board, by the boards' order."""
    return (
        select(BoardGroupBoard.board_group_id, Board.id, Board.name)
        .join(Board, Board.id == BoardGroupBoard.board_id)
        .order_by(Board.position, Board.name)
    )


def people_in_groups() -> Rows:
    """How many people are held to each group of boards."""
    return (
        select(Membership.board_group_id, func.count().label("people"))
        .where(Membership.board_group_id.is_not(None))
        .group_by(Membership.board_group_id)
    )


def client(_viewer: Viewer, number: int) -> Select[Client]:
    """One client by its number."""
    return select(Client).where(Client.number == number)


def seats(client_id: UUID) -> Rows:
    """The people of a client who have a login, by name."""
    return (
        select(Contact.id.label("contact_id"), Contact.name)
        .join(Membership, Membership.contact_id == Contact.id)
        .where(Contact.client_id == client_id)
        .order_by(Contact.name, Contact.id)
    )


def seat(client_id: UUID, contact_id: UUID) -> Rows:
    """One person at a client: seat, contact, login."""
    return (
        select(Membership, Contact, User)
        .join(Contact, Contact.id == Membership.contact_id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.client_id == client_id, Membership.contact_id == contact_id)
    )


def sites(client_id: UUID) -> Select[Site]:
    """A client's sites, by name."""
    return select(Site).where(Site.client_id == client_id).order_by(Site.name, Site.id)


def roles_of_seat(membership_id: UUID) -> Rows:
    """The roles of a person at a client, each with the ids of the sites that it is limited to."""
    return (
        select(MembershipRole, Role, func.array_remove(func.array_agg(MembershipRoleSite.site_id), None).label("sites"))
        .join(Role, Role.id == MembershipRole.role_id)
        .outerjoin(MembershipRoleSite, MembershipRoleSite.membership_role_id == MembershipRole.id)
        .where(MembershipRole.membership_id == membership_id)
        .group_by(MembershipRole.tenant_id, MembershipRole.id, Role.tenant_id, Role.id)
        .order_by(Role.name, Role.id)
    )


def roles_of_colleague(user_id: UUID) -> Select[Role]:
    """The roles of a member of the staff."""
    return (
        select(Role)
        .join(StaffRole, StaffRole.role_id == Role.id)
        .where(StaffRole.user_id == user_id)
        .order_by(Role.name)
    )


def denied(*, client_id: UUID | None = None, membership_id: UUID | None = None) -> Select[str]:
    """What is denied to a client, or to one person."""
    whose = Denial.client_id == client_id if client_id is not None else Denial.membership_id == membership_id
    return select(Denial.permission).where(whose)


def somebody(_viewer: Viewer, wanted: str) -> Rows:
    """People whose name or address begins like this: (kind, id, name, at), the staff first."""
    begins = or_(
        User.name.istartswith(wanted, autoescape=True), User.email_key.startswith(wanted.casefold(), autoescape=True)
    )
    found = union_all(
        select(literal("staff").label("kind"), User.id, User.name, StaffProfile.title.label("at"))
        .join(StaffProfile, StaffProfile.user_id == User.id)
        .where(User.kind == "internal", begins),
        select(literal("client"), Membership.id, User.name, Client.name)
        .join(Membership, Membership.user_id == User.id)
        .join(Client, Client.id == Membership.client_id)
        .where(begins),
    ).subquery("somebody")
    return select(found).order_by(found.c.kind.desc(), found.c.name, found.c.id).limit(first(MOST_FOUND))


def member(_viewer: Viewer, membership_id: UUID) -> Rows:
    """A client's person by the id of the seat."""
    return (
        select(Membership, Contact, User, Client)
        .join(Contact, Contact.id == Membership.contact_id)
        .join(User, User.id == Membership.user_id)
        .join(Client, Client.id == Membership.client_id)
        .where(Membership.id == membership_id)
    )


def colleague(_viewer: Viewer, user_id: UUID) -> Rows:
    """A member of the staff."""
    return (
        select(User, StaffProfile)
        .join(StaffProfile, StaffProfile.user_id == User.id)
        .where(User.kind == "internal", User.id == user_id)
    )


def parts_of(viewer: Viewer, scope: Scope, number: int) -> Rows:
    """A ticket that the viewer sees, with each part of the predicate as it comes out for somebody else's scope."""
    parts = policy.parts_for(scope) | policy.reasons_for(scope)
    return (
        select(Ticket, Board.name.label("board"), Site.name.label("site"), Client.name.label("of"),
               Contact.name.label("asker"),
               *(part.label(f"part_{name}") for name, part in parts.items()))
        .join(Board, Board.id == Ticket.board_id)
        .join(Client, Client.id == Ticket.client_id)
        .join(Contact, Contact.id == Ticket.requester_contact_id)
        .outerjoin(Site, Site.id == Ticket.site_id)
        .where(policy.visible_to(viewer), Ticket.number == number)
    )  # fmt: skip
