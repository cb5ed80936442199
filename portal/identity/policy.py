"""Who may give which role to whom."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from portal.core.tenancy.scope import Reach, Viewer
from portal.extensions import db
from portal.identity.models import Membership, Role, RolePermission

TICKET_SCOPES: Final = ("own", "taking_part", "site", "company")
"""How far a client's person sees, from least to most."""


def may_give(viewer: Viewer, role: Role) -> bool:
    """Whether the viewer may give somebody this role.

    A client's Admin gives what the MSP has marked as giveable, and nothing above the own
    role. The staff gives every client role; to colleagues only what holds no more than
    they hold themselves, or whoever invites could make an administrator.
    """
    if viewer.reach is Reach.SYSTEM:
        return True
    if viewer.is_staff:
        return viewer.may("user:invite") and (role.side == "client" or _permissions_of(role) <= viewer.permissions)
    if not viewer.is_client or role.side != "client" or not role.is_giveable:
        return False
    return viewer.may("user:invite") and _permissions_of(role) <= viewer.permissions


def may_give_scope(viewer: Viewer, ticket_scope: str) -> bool:
    """Whether the viewer may let somebody see this much of a client's tickets: nobody gives more than they have."""
    if viewer.is_staff:
        return ticket_scope in TICKET_SCOPES
    rank = {name: number for number, name in enumerate(TICKET_SCOPES)}
    return ticket_scope in rank and rank[ticket_scope] <= rank[viewer.ticket_scope]


def boards_given_by(viewer: Viewer) -> UUID | None:
    """The group of boards that whoever the viewer lets in is held to: a client's Admin gives no more than the own."""
    if not viewer.is_client:
        return None
    own = select(Membership.board_group_id).where(Membership.id == viewer.membership_id)
    found: UUID | None = db.session.execute(own).scalar_one_or_none()
    return found


def _permissions_of(role: Role) -> frozenset[str]:
    held = select(RolePermission.permission).where(RolePermission.role_id == role.id)
    return frozenset(db.session.execute(held).scalars())
