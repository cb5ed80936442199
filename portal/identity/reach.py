"""What a session of somebody's would see: their scope, made without one.

Mails are rendered under it and the simulator explains it. It says what the first
door (`door.enter`) says, which a test compares; who comes in at all is not asked here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import or_, select

from portal.core.tenancy.scope import Reach, Scope, current_scope
from portal.extensions import db
from portal.identity.models import (
    BoardGroupBoard,
    ClientAssignment,
    Denial,
    Membership,
    MembershipRole,
    MembershipRoleSite,
    RolePermission,
    StaffProfile,
    StaffRole,
    User,
)

Granted = set[tuple[str, UUID | None]]
"""Permissions, each with the site where it counts; None: everywhere."""


def scope_of(membership: Membership) -> Scope:
    """What this person sees of this client."""
    return scopes_of([membership])[membership.id]


def scopes_of(memberships: Collection[Membership]) -> dict[UUID, Scope]:
    """The scopes of several, by membership; three statements however many there are."""
    if not memberships:
        return {}
    granted = _granted(memberships)
    of_clients, of_people = denials({each.client_id for each in memberships}, {each.id for each in memberships})
    boards = _boards({each.board_group_id for each in memberships if each.board_group_id is not None})
    found = {}
    for each in memberships:
        denied = of_clients[each.client_id] | of_people[each.id]
        held = {(permission, site_id) for permission, site_id in granted[each.id] if permission not in denied}
        found[each.id] = Scope(
            tenant_id=current_scope().tenant_id,
            reach=Reach.CLIENT,
            client_id=each.client_id,
            user_id=each.user_id,
            contact_id=each.contact_id,
            membership_id=each.id,
            site_id=each.site_id,
            ticket_scope=each.ticket_scope,
            permissions=frozenset(permission for permission, site_id in held if site_id is None),
            at_sites=frozenset((permission, site_id) for permission, site_id in held if site_id is not None),
            board_ids=None if each.board_group_id is None else frozenset(boards[each.board_group_id]),
        )
    return found


def denials(
    client_ids: Collection[UUID], membership_ids: Collection[UUID]
) -> tuple[dict[UUID, set[str]], dict[UUID, set[str]]]:
    """What the MSP took from these clients and from these people."""
    of_clients: dict[UUID, set[str]] = defaultdict(set)
    of_people: dict[UUID, set[str]] = defaultdict(set)
    if client_ids or membership_ids:
        rows = db.session.scalars(
            select(Denial).where(or_(Denial.client_id.in_(client_ids), Denial.membership_id.in_(membership_ids)))
        )
        for row in rows:
            if row.client_id is not None:
                of_clients[row.client_id].add(row.permission)
            elif row.membership_id is not None:
                of_people[row.membership_id].add(row.permission)
    return of_clients, of_people


def _granted(memberships: Iterable[Membership]) -> dict[UUID, Granted]:
    found: dict[UUID, Granted] = defaultdict(set)
    rows = db.session.execute(
        select(MembershipRole.membership_id, RolePermission.permission, MembershipRoleSite.site_id)
        .join(RolePermission, RolePermission.role_id == MembershipRole.role_id)
        .outerjoin(MembershipRoleSite, MembershipRoleSite.membership_role_id == MembershipRole.id)
        .where(MembershipRole.membership_id.in_([each.id for each in memberships]))
    )
    for membership_id, permission, site_id in rows:
        found[membership_id].add((permission, site_id))
    return found


def _boards(group_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = defaultdict(set)
    if group_ids:
        rows = db.session.execute(
            select(BoardGroupBoard.board_group_id, BoardGroupBoard.board_id).where(
                BoardGroupBoard.board_group_id.in_(group_ids)
            )
        )
        for group_id, board_id in rows:
            found[group_id].add(board_id)
    return found


def scope_of_staff(user: User) -> Scope:
    """What this member of the MSP's staff sees."""
    return scopes_of_staff([user.id])[user.id]


def scopes_of_staff(user_ids: Collection[UUID]) -> dict[UUID, Scope]:
    """The scopes of several of the staff, by user."""
    permissions: dict[UUID, set[str]] = defaultdict(set)
    clients: dict[UUID, set[UUID]] = defaultdict(set)
    if not user_ids:
        return {}
    rows = db.session.execute(
        select(StaffRole.user_id, RolePermission.permission)
        .join(RolePermission, RolePermission.role_id == StaffRole.role_id)
        .where(StaffRole.user_id.in_(user_ids))
    )
    for user_id, permission in rows:
        permissions[user_id].add(permission)
    narrowed = set(
        db.session.scalars(
            select(StaffProfile.user_id).where(StaffProfile.user_id.in_(user_ids), StaffProfile.sees_assigned_only)
        )
    )
    if narrowed:
        for user_id, client_id in db.session.execute(
            select(ClientAssignment.user_id, ClientAssignment.client_id).where(ClientAssignment.user_id.in_(narrowed))
        ):
            clients[user_id].add(client_id)
    return {
        user_id: Scope(
            tenant_id=current_scope().tenant_id,
            reach=Reach.STAFF,
            user_id=user_id,
            permissions=frozenset(permissions[user_id]),
            client_ids=frozenset(clients[user_id]) if user_id in narrowed else None,
        )
        for user_id in user_ids
    }
