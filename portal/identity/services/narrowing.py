"""What narrows roles: denials per client and person, sites of a role, groups of boards, assigned clients.

Each only ever takes away from what roles give: tenant, then client, then person.
"""

from collections.abc import Collection
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from portal.clients.models import Client
from portal.core import audit
from portal.core.ids import new_id
from portal.extensions import db
from portal.identity.models import (
    BoardGroup,
    BoardGroupBoard,
    ClientAssignment,
    Denial,
    Membership,
    MembershipRole,
    MembershipRoleSite,
    StaffProfile,
)
from portal.identity.permissions import permissions_for

TicketScope = Literal["own", "taking_part", "site", "company"]


class GroupNameTaken(Exception):
    """Another group of boards has that name."""


class GroupInUse(Exception):
    """Somebody is held to this group of boards."""


class NoBoards(Exception):
    """A group without boards would hide everything."""


def deny_client(client: Client, permissions: Collection[str]) -> None:
    """Let exactly these permissions be taken from everybody at the client, whatever their roles give."""
    rows = db.session.scalars(select(Denial).where(Denial.client_id == client.id)).all()
    old = _deny(list(rows), permissions, client_id=client.id, membership_id=None)
    if old is not None:
        audit.record("client.denied", client, old={"denied": old}, new={"denied": sorted(permissions)}, shown=True)


def deny_person(membership: Membership, permissions: Collection[str]) -> None:
    """Let exactly these permissions be taken from one person at one client."""
    rows = db.session.scalars(select(Denial).where(Denial.membership_id == membership.id)).all()
    old = _deny(list(rows), permissions, client_id=None, membership_id=membership.id)
    if old is not None:
        new = {"denied": sorted(permissions)}
        audit.record("membership.denied", membership, old={"denied": old}, new=new, shown=True)


def _deny(
    rows: list[Denial], permissions: Collection[str], *, client_id: UUID | None, membership_id: UUID | None
) -> list[str] | None:
    """Bring the rows in line; what was denied before, None where nothing changed."""
    old = {row.permission for row in rows}
    wanted = set(permissions)
    if old == wanted:
        return None
    if foreign := wanted - permissions_for("client") - old:
        message = f"a client's people never have {sorted(foreign)}"
        raise ValueError(message)
    for row in rows:
        if row.permission not in wanted:
            db.session.delete(row)
    for permission in sorted(wanted - old):
        db.session.add(Denial(client_id=client_id, membership_id=membership_id, permission=permission))
    db.session.flush()
    return sorted(old)


def limit_role(given: MembershipRole, site_ids: Collection[UUID]) -> None:
    """Let the person's role count at these sites only; none of them: everywhere."""
    rows = db.session.scalars(select(MembershipRoleSite).where(MembershipRoleSite.membership_role_id == given.id)).all()
    old, wanted = {row.site_id for row in rows}, set(site_ids)
    if old == wanted:
        return
    for row in rows:
        if row.site_id not in wanted:
            db.session.delete(row)
    for site_id in sorted(wanted - old):
        db.session.add(MembershipRoleSite(client_id=given.client_id, membership_role_id=given.id, site_id=site_id))
    db.session.flush()
    audit.record(
        "role.limited", given, old={"sites": [str(each) for each in sorted(old)]},
        new={"sites": [str(each) for each in sorted(wanted)]}, shown=True,
    )  # fmt: skip


def site_limits(seat: Membership) -> dict[UUID, list[UUID]]:
    """The roles of a seat that the MSP has limited to sites, each with those; a client's Admin lifts no limit."""
    rows = db.session.execute(
        select(MembershipRole.role_id, MembershipRoleSite.site_id)
        .join(MembershipRoleSite, MembershipRoleSite.membership_role_id == MembershipRole.id)
        .where(MembershipRole.membership_id == seat.id)
        .order_by(MembershipRoleSite.site_id)
    )
    found: dict[UUID, list[UUID]] = {}
    for role_id, site_id in rows:
        found.setdefault(role_id, []).append(site_id)
    return found


def narrow_person(
    membership: Membership, *, ticket_scope: TicketScope, site_id: UUID | None, board_group_id: UUID | None
) -> None:
    """Say how far a client's person sees: person scope, the own site, and on which boards."""
    old = _seat(membership)
    membership.ticket_scope = ticket_scope
    membership.site_id = site_id
    membership.board_group_id = board_group_id
    db.session.flush()
    if _seat(membership) != old:
        audit.record("membership.narrowed", membership, old=old, new=_seat(membership), shown=True)


def _seat(membership: Membership) -> dict[str, str]:
    return {
        "ticket_scope": membership.ticket_scope,
        "site": str(membership.site_id or ""),
        "board_group": str(membership.board_group_id or ""),
    }


def save_board_group(group: BoardGroup | None, name: str, board_ids: Collection[UUID]) -> BoardGroup:
    """Make or change a group of boards. Raises GroupNameTaken, NoBoards."""
    wanted = set(board_ids)
    if not wanted:
        raise NoBoards
    taken = select(BoardGroup.id).where(BoardGroup.name == name)
    if group is not None:
        taken = taken.where(BoardGroup.id != group.id)
    if db.session.execute(taken).first() is not None:
        raise GroupNameTaken
    old: dict[str, object] | None = None
    if group is None:
        group = BoardGroup(id=new_id(), name=name)
        db.session.add(group)
        db.session.flush()
        rows = []
    else:
        rows = list(db.session.scalars(select(BoardGroupBoard).where(BoardGroupBoard.board_group_id == group.id)))
        old = {"name": group.name, "boards": sorted(str(row.board_id) for row in rows)}
        group.name = name
    for row in rows:
        if row.board_id not in wanted:
            db.session.delete(row)
    for board_id in sorted(wanted - {row.board_id for row in rows}):
        db.session.add(BoardGroupBoard(board_group_id=group.id, board_id=board_id))
    db.session.flush()
    new = {"name": name, "boards": sorted(str(each) for each in wanted)}
    if old != new:
        audit.record("board_group.saved", group, old=old, new=new)
    return group


def delete_board_group(group: BoardGroup) -> None:
    """Take a group of boards away. Raises GroupInUse: nobody is to see more by that."""
    if db.session.execute(select(Membership.id).where(Membership.board_group_id == group.id).limit(1)).first():
        raise GroupInUse
    for row in db.session.scalars(select(BoardGroupBoard).where(BoardGroupBoard.board_group_id == group.id)):
        db.session.delete(row)
    audit.record("board_group.deleted", group, old={"name": group.name})
    db.session.flush()
    db.session.delete(group)
    db.session.flush()


def hold_to_clients(colleague: StaffProfile, client_ids: Collection[UUID], *, only: bool) -> None:
    """Assign clients to a member of the staff; `only`: no other client exists for them any more."""
    rows = db.session.scalars(select(ClientAssignment).where(ClientAssignment.user_id == colleague.user_id)).all()
    old, wanted = {row.client_id for row in rows}, set(client_ids)
    if old == wanted and colleague.sees_assigned_only == only:
        return
    was_held = colleague.sees_assigned_only
    for row in rows:
        if row.client_id not in wanted:
            db.session.delete(row)
    for client_id in sorted(wanted - old):
        db.session.add(ClientAssignment(user_id=colleague.user_id, client_id=client_id))
    colleague.sees_assigned_only = only
    db.session.flush()
    audit.record(
        "colleague.assigned", colleague,
        old={"clients": sorted(map(str, old)), "only": was_held},
        new={"clients": sorted(map(str, wanted)), "only": only},
    )  # fmt: skip
