"""What the pages read. Each list of entries has an index that its narrowing and its order fit."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from portal.clients.models import Client, Contact, Site
from portal.core.audit import AuditEntry
from portal.core.tenancy.scope import Viewer
from portal.identity.models import (
    BoardGroup,
    ClientGroup,
    Membership,
    Role,
    SecurityAlert,
    SsoProvider,
    StaffProfile,
    User,
)
from portal.tickets.models import Board, Ticket
from portal.trail.filters import Narrowed

MOST_FOUND = 50
"""People or objects that one word may mean; more than these is no search."""


def entries(_viewer: Viewer, narrowed: Narrowed) -> Select[AuditEntry]:
    """The entries that the viewer may read; the session filter holds a client to its own public ones."""
    statement = select(AuditEntry)
    if narrowed.user_ids is not None:
        statement = statement.where(AuditEntry.user_id.in_(narrowed.user_ids))
    if narrowed.actions is not None:
        statement = statement.where(AuditEntry.action.in_(narrowed.actions))
    if narrowed.kind == "clients" and narrowed.object_ids is not None:
        statement = statement.where(AuditEntry.client_id.in_(narrowed.object_ids))
    elif narrowed.kind:
        statement = statement.where(AuditEntry.object_kind == narrowed.kind)
        if narrowed.object_ids is not None:
            statement = statement.where(AuditEntry.object_id.in_(narrowed.object_ids))
    if narrowed.since is not None:
        statement = statement.where(AuditEntry.at >= narrowed.since)
    if narrowed.until is not None:
        statement = statement.where(AuditEntry.at < narrowed.until)
    return statement


def people_called(viewer: Viewer, words: str) -> list[Select[UUID]]:
    """Statements that find the logins whose name or address holds these words, as far as the viewer knows them."""
    if viewer.is_staff:
        return [select(User.id).where(_holds(words, User.name, User.email_key)).limit(MOST_FOUND)]
    own = (
        select(Membership.user_id)
        .join(Contact, Contact.id == Membership.contact_id)
        .where(_holds(words, Contact.name, Contact.email_key))
    )
    staff = select(StaffProfile.user_id).where(_holds(words, StaffProfile.display_name))
    return [own.limit(MOST_FOUND), staff.limit(MOST_FOUND)]


def objects_called(kind: str, words: str) -> Select[UUID] | None:
    """A statement that finds objects of a kind by number or name; None for a kind without either."""
    digits = words.lstrip("#")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 12 else None  # noqa: PLR2004  # more than any number has
    if kind == "tickets":
        return select(Ticket.id).where(Ticket.number == number) if number is not None else None
    if kind == "clients":
        by_number = [Client.number == number] if number is not None else []
        return select(Client.id).where(or_(*by_number, _holds(words, Client.name))).limit(MOST_FOUND)
    named: dict[str, tuple[Any, tuple[Any, ...]]] = {
        "users": (User.id, (User.name, User.email_key)),
        "contacts": (Contact.id, (Contact.name, Contact.email_key)),
        "roles": (Role.id, (Role.name,)),
    }
    if kind not in named:
        return None
    column, names = named[kind]
    return select(column).where(_holds(words, *names)).limit(MOST_FOUND)


def _holds(words: str, *columns: Any) -> Any:
    return or_(*(func.lower(column).contains(words.lower(), autoescape=True) for column in columns))


def names_of_people(viewer: Viewer, user_ids: Collection[UUID]) -> Select[*tuple[Any, ...]]:
    """(user_id, name) of logins: for the staff everybody, for a client its own people."""
    if viewer.is_staff:
        return select(User.id, User.name).where(User.id.in_(user_ids))
    return (
        select(Membership.user_id, Contact.name)
        .join(Contact, Contact.id == Membership.contact_id)
        .where(Membership.user_id.in_(user_ids))
    )


def names_of_staff(user_ids: Collection[UUID]) -> Select[*tuple[Any, ...]]:
    """(user_id, name) of the MSP's own people among them, as clients see them."""
    return select(StaffProfile.user_id, StaffProfile.display_name).where(StaffProfile.user_id.in_(user_ids))


def names_of(kind: str, ids: Collection[UUID]) -> Select[*tuple[Any, ...]] | None:
    """(id, name) of objects, as far as the viewer may see them; None for a kind without names."""
    plain: dict[str, tuple[Any, Any]] = {
        "clients": (Client.id, Client.name),
        "users": (User.id, User.name),
        "contacts": (Contact.id, Contact.name),
        "roles": (Role.id, Role.name),
        "sites": (Site.id, Site.name),
        "boards": (Board.id, Board.name),
        "board_groups": (BoardGroup.id, BoardGroup.name),
        "client_groups": (ClientGroup.id, ClientGroup.name),
        "sso_providers": (SsoProvider.id, SsoProvider.name),
    }
    if kind == "memberships":
        return (
            select(Membership.id, Contact.name)
            .join(Contact, Contact.id == Membership.contact_id)
            .where(Membership.id.in_(ids))
        )
    if kind not in plain:
        return None
    column, name = plain[kind]
    return select(column, name).where(column.in_(ids))


def ticket_numbers(ids: Collection[UUID]) -> Select[*tuple[Any, ...]]:
    """(id, number) of tickets. A number alone says nothing of what is in it."""
    return select(Ticket.id, Ticket.number).where(Ticket.id.in_(ids))


def alerts(_viewer: Viewer, *, is_open: bool) -> Select[SecurityAlert]:
    """Alerts: those that nobody has marked yet, or all."""
    statement = select(SecurityAlert)
    return statement.where(SecurityAlert.seen_at.is_(None)) if is_open else statement


def alert(_viewer: Viewer, alert_id: UUID) -> Select[SecurityAlert]:
    """One alert."""
    return select(SecurityAlert).where(SecurityAlert.id == alert_id)


def open_alerts(_viewer: Viewer, most: int) -> Select[UUID]:
    """The ids of alerts that nobody has marked, at most so many."""
    return select(SecurityAlert.id).where(SecurityAlert.seen_at.is_(None)).limit(most)
