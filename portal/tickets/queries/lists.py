"""The lists of tickets and their counts, one index each. Nothing here is executed."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from portal.clients.models import Client, Contact
from portal.core.standing import kept_for_viewer, verbatim
from portal.core.tenancy.scope import Viewer
from portal.core.web.paging import ENOUGH, first
from portal.identity.models import StaffProfile
from portal.tickets import policy
from portal.tickets.models import Priority, Status, Ticket
from portal.tickets.queries.rows import Rows
from portal.tickets.rules import Category, Phase

PHASES = {phase: verbatim(phase.value) for phase in Phase}
"""Written into the statement itself: one plan can't serve phases of so different size, and a partial index is found
only where its condition is no parameter."""
DONE = PHASES[Phase.DONE]
_NEW = verbatim(Category.NEW.value)
VIEWS = ("open", "mine", "unassigned", "waiting", "done")
"""The views of the staff's queue."""


@kept_for_viewer
def client_list(viewer: Viewer, phase: Phase) -> Rows:
    """Rows of the client's list: the tickets of one phase."""
    return (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.subject,
            Ticket.phase,
            Ticket.updated_at,
            Ticket.requester_contact_id,
            Contact.name.label("requester"),
            StaffProfile.display_name.label("assignee"),
            or_(Ticket.assignee_user_id.is_not(None), Status.category != _NEW).label("is_taken"),
            Ticket.is_private,
        )
        .join(Contact, Contact.id == Ticket.requester_contact_id)
        .join(Status, Status.id == Ticket.status_id)
        .outerjoin(StaffProfile, StaffProfile.user_id == Ticket.assignee_user_id)
        .where(policy.visible_to(viewer), Ticket.phase == PHASES[phase])
    )


@kept_for_viewer
def queue(viewer: Viewer, view: str) -> Rows:
    """Rows of the staff's queue: one view."""
    return (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.subject,
            Ticket.phase,
            Ticket.turn,
            Ticket.touched_at,
            Ticket.is_private,
            Client.name.label("client"),
            Contact.name.label("requester"),
            Status.name.label("status"),
            Priority.name.label("priority"),
            Priority.rank,
            StaffProfile.display_name.label("assignee"),
        )
        .join(Client, Client.id == Ticket.client_id)
        .join(Contact, Contact.id == Ticket.requester_contact_id)
        .join(Status, Status.id == Ticket.status_id)
        .join(Priority, Priority.id == Ticket.priority_id)
        .outerjoin(StaffProfile, StaffProfile.user_id == Ticket.assignee_user_id)
        .where(policy.visible_to(viewer), *_in_view(viewer, view))
    )


def queue_of(viewer: Viewer, view: str, client_id: UUID) -> Rows:
    """The same rows, of one client."""
    return queue(viewer, view).where(Ticket.client_id == client_id)


def _in_view(viewer: Viewer, view: str) -> list[ColumnElement[bool]]:
    return {
        "open": [Ticket.phase != DONE],
        "mine": [Ticket.phase != DONE, Ticket.assignee_user_id == viewer.user_id],
        "unassigned": [Ticket.phase != DONE, Ticket.assignee_user_id.is_(None)],
        "waiting": [Ticket.phase == PHASES[Phase.WAITING_ON_CLIENT]],
        "done": [Ticket.phase == DONE],
    }[view]


@kept_for_viewer
def phase_counts(viewer: Viewer) -> Rows:
    """How many tickets each phase holds, counted no further than anybody is told; one row."""
    counts = ((phase, _count(viewer, [Ticket.phase == PHASES[phase]], Ticket.updated_at)) for phase in Phase)
    return select(*(count.label(phase.value) for phase, count in counts))


@kept_for_viewer
def queue_counts(viewer: Viewer) -> Rows:
    """How many tickets each view of the queue holds, likewise."""
    return _queue_counts(viewer)


def queue_counts_of(viewer: Viewer, client_id: UUID) -> Rows:
    """The same counts, of one client."""
    return _queue_counts(viewer, Ticket.client_id == client_id)


def _queue_counts(viewer: Viewer, *more: ColumnElement[bool]) -> Rows:
    counts = ((view, _count(viewer, [*_in_view(viewer, view), *more], Ticket.touched_at)) for view in VIEWS)
    return select(*(count.label(view) for view, count in counts))


def _count(viewer: Viewer, conditions: list[ColumnElement[bool]], order: Any) -> Any:
    # In the list's own order, so that its index is read and not the table, wherever the rows may lie in it.
    matching = select(Ticket.id).where(policy.visible_to(viewer), *conditions)
    found = matching.order_by(order.desc(), Ticket.id.desc()).limit(first(ENOUGH)).subquery()
    return select(func.count()).select_from(found).scalar_subquery()
