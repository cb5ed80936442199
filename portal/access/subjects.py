"""Somebody about whom is asked: their scope as a session would have it, and what made it so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.access import queries
from portal.access.explaining import Answer, HeldRole, Verdict, explain_permission, explain_ticket
from portal.core.tenancy.scope import Scope, Viewer
from portal.extensions import db
from portal.identity import reach
from portal.identity.permissions import RoleSide
from portal.identity.services.roles import role_permissions
from portal.people.wording import role_name


@dataclass(frozen=True, slots=True)
class Subject:
    """A person and all that decides. `account`: empty, or why they can't come in: user, seat, portal."""

    name: str
    at: str
    side: RoleSide
    scope: Scope
    roles: tuple[HeldRole, ...]
    denied_client: frozenset[str]
    denied_person: frozenset[str]
    account: str
    facts: Mapping[str, Any]

    def permission(self, permission: str) -> Answer:
        """Whether and why they hold it."""
        return explain_permission(
            permission, self.roles, denied_client=self.denied_client, denied_person=self.denied_person
        )

    def ticket(self, row: Any) -> Verdict:
        """Whether and why they see a ticket (a row of `queries.parts_of`)."""
        parts = {
            name.removeprefix("part_"): bool(getattr(row, name)) for name in row._fields if name.startswith("part_")
        }
        return explain_ticket(
            parts,
            account=self.account,
            reads=self.scope.may("ticket:read"),
            is_staff=self.side == "internal",
            scope=self.scope.ticket_scope,
        )


def member(viewer: Viewer, membership_id: UUID) -> Subject | None:
    """A client's person by the seat."""
    row = db.session.execute(queries.member(viewer, membership_id)).one_or_none()
    if row is None:
        return None
    seat, held = row.Membership, role_permissions()
    sites = {each.id: each.name for each in db.session.scalars(queries.sites(seat.client_id))}
    roles = tuple(
        HeldRole(
            role_name(each.Role.key, each.Role.name),
            frozenset(held[each.Role.id]),
            tuple(sorted(sites[site_id] for site_id in each.sites)),
        )
        for each in db.session.execute(queries.roles_of_seat(seat.id))
    )
    of_client, of_person = reach.denials({seat.client_id}, {seat.id})
    group = db.session.scalars(queries.board_group(seat.board_group_id)).one_or_none() if seat.board_group_id else None
    return Subject(
        name=row.User.name,
        at=row.Client.name,
        side="client",
        scope=reach.scope_of(seat),
        roles=roles,
        denied_client=frozenset(of_client[seat.client_id]),
        denied_person=frozenset(of_person[seat.id]),
        account=_account(row),
        facts={
            "name": row.User.name,
            "at": row.Client.name,
            "is_staff": False,
            "board_group": group.name if group else "",
        },
    )


def _account(row: Any) -> str:
    if row.User.state != "active":
        return "user"
    if not row.Membership.is_active:
        return "seat"
    is_open = row.Client.is_active and row.Client.portal_access and row.Contact.is_active and row.Contact.portal_access
    return "" if is_open else "portal"


def colleague(viewer: Viewer, user_id: UUID) -> Subject | None:
    """A member of the staff."""
    row = db.session.execute(queries.colleague(viewer, user_id)).one_or_none()
    if row is None:
        return None
    held = role_permissions()
    roles = db.session.scalars(queries.roles_of_colleague(user_id)).all()
    return Subject(
        name=row.User.name,
        at=row.StaffProfile.title,
        side="internal",
        scope=reach.scope_of_staff(row.User),
        roles=tuple(HeldRole(role_name(each.key, each.name), frozenset(held[each.id])) for each in roles),
        denied_client=frozenset(),
        denied_person=frozenset(),
        account="" if row.User.state == "active" and row.StaffProfile.is_active else "user",
        facts={"name": row.User.name, "is_staff": True},
    )
