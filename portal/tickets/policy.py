"""Which tickets a viewer may see, and what each verb needs: the one place that says so.

Everything that shows, counts, mails or serves a part of a ticket asks
`visible_to`; row-level security holds tenant, client and visibility beneath it.
"""

from sqlalchemy import ColumnElement, false, or_, select, true

from portal.core.tenancy.scope import Viewer
from portal.tickets.models import Ticket, TicketPerson

SEES = {
    "own": "tickets they asked for or opened",
    "taking_part": "tickets they take part in; who asks for or opens one always does",
    "site": "the former, and those of their site",
    "company": "all of their company",
}
"""How far a client's person sees, as a membership says it."""

VERBS = {
    "see": ("ticket:read", "ticket:read"),
    "open": ("ticket:create", None),
    "comment": ("ticket:comment", "ticket:reply"),
    "note": (None, "ticket:note"),
    "resolve": ("ticket:resolve", "ticket:resolve"),
    "reopen": ("ticket:resolve", "ticket:update"),
    "assign": (None, "ticket:assign"),
    "change": (None, "ticket:update"),
}
"""Permission that a verb needs on the client's side and on the staff's; None: it doesn't exist there."""


def may(viewer: Viewer, verb: str) -> bool:
    """Whether the viewer may do this to a ticket they can see; decides what is shown. Views say the same by `allow`."""
    client, staff = VERBS[verb]
    permission = staff if viewer.is_staff else client
    return permission is not None and viewer.may(permission)


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The tickets that the viewer may see, of those that tenant and client leave."""
    if viewer.is_staff:
        return true()
    if not viewer.is_client or viewer.contact_id is None:
        return false()
    if viewer.ticket_scope == "company":
        return true()
    if viewer.ticket_scope == "own":
        return or_(
            Ticket.requester_contact_id == viewer.contact_id,
            Ticket.opened_by_contact_id == viewer.contact_id,
        )
    taking_part = Ticket.id.in_(select(TicketPerson.ticket_id).where(TicketPerson.contact_id == viewer.contact_id))
    if viewer.ticket_scope == "site" and viewer.site_id is not None:
        return or_(taking_part, Ticket.site_id == viewer.site_id)
    return taking_part
