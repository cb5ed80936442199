"""Moving a ticket from status to status: by a reply, by a button, by the staff's choice."""

import datetime as dt

from portal.core import audit, clock
from portal.core.events.outbox import publish
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.tickets import queries, rules
from portal.tickets.events import TicketReopened, TicketResolved, TicketStatusChanged, TicketTurnChanged
from portal.tickets.models import Status, Ticket
from portal.tickets.rules import Cause, Happening
from portal.tickets.services.entries import actor, add_line

UNSAID = frozenset({Happening.BEGUN, Happening.RESUMED})
"""What a reply brings about by itself and its letter says well enough."""


def resolve(ticket: Ticket, *, by: Viewer) -> None:
    """Say that it is solved. Raises AlreadyDone."""
    move(ticket, rules.after_resolution(ticket.state), by=by, at=clock.business_now(), cause=Cause.RESOLUTION)


def reopen(ticket: Ticket, *, by: Viewer) -> None:
    """Say that it isn't solved. Raises NotDone, and TooLateToReopen for a client whose ticket closed long ago."""
    at = clock.business_now()
    if by.is_client:
        refuse_if_late(ticket, at)
    move(ticket, rules.after_reopening(ticket.state), by=by, at=at, cause=Cause.REOPENING)


def change_status(ticket: Ticket, status: Status, *, by: Viewer) -> None:
    """Put the ticket into this status of its board. Raises TransitionRefused."""
    if status.id != ticket.status_id:
        state = rules.after_status(ticket.state, rules.Category(status.category))
        move(ticket, state, by=by, at=clock.business_now(), cause=Cause.STATUS, status=status)


def refuse_if_late(ticket: Ticket, at: dt.datetime) -> None:
    """Raise TooLateToReopen where a client may no longer reopen."""
    if not rules.client_may_reopen(ticket.state, closed_at=ticket.closed_at, now=at):
        raise rules.TooLateToReopen


def move(  # a move has these facts
    ticket: Ticket, state: rules.State, *, by: Viewer, at: dt.datetime, cause: Cause, status: Status | None = None
) -> None:
    """Let the ticket stand as the rules say, and tell of it.

    `status` is the one chosen; without it the board's first of the new category.
    """
    old_state, old_status = ticket.state, ticket.status
    if status is None and state.category is not old_state.category:
        status = db.session.scalars(queries.status_for(ticket.board_id, state.category)).one()
    ticket.take_state(state, status or old_status, at=at)
    if state.turn is not old_state.turn:
        publish(TicketTurnChanged(ticket_id=ticket.id, old_turn=old_state.turn, new_turn=state.turn, cause=cause))
    if status is None or status.id == old_status.id:
        return
    kind = rules.happening(old_state.category, state.category)
    if not (cause is Cause.REPLY and kind in UNSAID):
        add_line(ticket, kind, by=by, at=at, old=old_status.name, new=status.name, cause=cause)
    _tell(ticket, old_status, status, by=by, cause=cause)


def _tell(ticket: Ticket, old: Status, new: Status, *, by: Viewer, cause: Cause) -> None:
    publish(
        TicketStatusChanged(
            ticket_id=ticket.id, old_status_id=old.id, new_status_id=new.id,
            old_category=old.category, new_category=new.category, cause=cause, **actor(by),
        )
    )  # fmt: skip
    was_done, is_done = (rules.Category(each.category) in rules.DONE for each in (old, new))
    if is_done and not was_done:
        publish(TicketResolved(ticket_id=ticket.id, **actor(by)))
    if was_done and not is_done:
        publish(TicketReopened(ticket_id=ticket.id, **actor(by)))
    audit.record("ticket.status_changed", ticket, old={"status": old.name}, new={"status": new.name}, cause=cause)
