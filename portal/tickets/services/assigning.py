"""Who works on a ticket, how urgent it is, and whether it is private."""

from portal.core import audit, clock
from portal.core.events.outbox import publish
from portal.core.tenancy.scope import Viewer
from portal.identity.models import StaffProfile
from portal.tickets.events import TicketAssigned, TicketPriorityChanged
from portal.tickets.models import Priority, Ticket
from portal.tickets.rules import Happening
from portal.tickets.services.entries import add_line


def assign(ticket: Ticket, colleague: StaffProfile | None, *, by: Viewer) -> None:
    """Give the ticket to somebody of the staff, or to nobody. The same person again changes nothing."""
    old = ticket.assignee
    new_id = colleague.user_id if colleague else None
    if new_id == ticket.assignee_user_id:
        return
    old_id = ticket.assignee_user_id
    ticket.give_to(colleague)
    names = {"old": old.display_name if old else "", "new": colleague.display_name if colleague else ""}
    add_line(ticket, Happening.ASSIGNED, by=by, at=clock.business_now(), **names)
    publish(TicketAssigned(ticket_id=ticket.id, old_user_id=old_id, new_user_id=new_id, by_user_id=by.user_id))
    audit.record("ticket.assigned", ticket, old={"assignee": names["old"]}, new={"assignee": names["new"]})


def change_priority(ticket: Ticket, priority: Priority, *, by: Viewer) -> None:
    """Say how urgent it is. The same again changes nothing."""
    old = ticket.priority
    if priority.id == old.id:
        return
    ticket.rank_as(priority)
    add_line(ticket, Happening.PRIORITY, by=by, at=clock.business_now(), old=old.name, new=priority.name)
    publish(
        TicketPriorityChanged(
            ticket_id=ticket.id, old_priority_id=old.id, new_priority_id=priority.id, by_user_id=by.user_id
        )
    )
    audit.record("ticket.priority_changed", ticket, old={"priority": old.name}, new={"priority": priority.name})


def seal(ticket: Ticket, *, by: Viewer) -> None:
    """Make the ticket private: only those named on it see it from now on. Again changes nothing."""
    _set_private(ticket, is_private=True, by=by)


def unseal(ticket: Ticket, *, by: Viewer) -> None:
    """Let everybody see the ticket again who sees such tickets. Again changes nothing."""
    _set_private(ticket, is_private=False, by=by)


def _set_private(ticket: Ticket, *, is_private: bool, by: Viewer) -> None:
    if ticket.is_private == is_private:
        return
    ticket.is_private = is_private
    kind = Happening.SEALED if is_private else Happening.UNSEALED
    add_line(ticket, kind, by=by, at=clock.business_now())
    audit.record(f"ticket.{kind}", ticket, old={"private": not is_private}, new={"private": is_private})
