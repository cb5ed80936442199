"""Which tickets a viewer may see, and what each verb needs: the one place that says so.

Everything that shows, counts, mails or serves a part of a ticket asks
`visible_to`; row-level security holds tenant, client and visibility beneath it.
The same parts, one by one, tell the simulator which rule decided.
"""

from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select, true

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

PRIVATE = "ticket:private"


def may(viewer: Viewer, verb: str, ticket: Ticket | None = None) -> bool:
    """Whether the viewer may do this to a ticket they can see; decides what is shown. Views say the same by `allow`.

    Without a ticket: whether they may at all, be it at one site only.
    """
    permission = permission_for(viewer, verb)
    if permission is None or not viewer.may(permission):
        return False
    return ticket is None or is_at(ticket.site_id, viewer.sites_of(permission))


def permission_for(viewer: Viewer, verb: str) -> str | None:
    """What the verb needs on this viewer's side."""
    client, staff = VERBS[verb]
    return staff if viewer.is_staff else client


def is_at(site_id: UUID | None, sites: frozenset[UUID] | None) -> bool:
    """Whether a permission that counts at these sites (None: everywhere) reaches this one; no site is none of them."""
    return sites is None or site_id in sites


def may_open(viewer: Viewer) -> bool:
    """Whether the viewer may open tickets and has a board to open them on."""
    return may(viewer, "open") and viewer.board_ids != frozenset()


def may_seal(viewer: Viewer, ticket: Ticket) -> bool:
    """Whether the viewer may make this ticket private, or end that: who then still sees it, so that nobody is lost."""
    return may(viewer, "change", ticket) and is_named(viewer, ticket)


def is_named(viewer: Viewer, ticket: Ticket) -> bool:
    """Whether somebody of the staff sees this ticket, which they have been given, also while it is private."""
    return viewer.may(PRIVATE) or is_given(viewer, ticket)


def is_given(viewer: Viewer, ticket: Ticket) -> bool:
    """Whether somebody of the staff works on this ticket or opened it, which is how colleagues are named on one."""
    return viewer.user_id in {ticket.assignee_user_id, ticket.opened_by_user_id}


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The tickets that the viewer may see, of those that tenant and client leave.

    A staff's clients (`Scope.client_ids`) are held by the session filter, as every other row of a client is.
    """
    if viewer.is_staff:
        return _unless_private(viewer)
    parts = parts_for(viewer)
    if any(_is(part, false()) for part in parts.values()):
        return false()
    if viewer.ticket_scope in {"own", "taking_part"} and viewer.staff_user_id is None:
        del parts["private"]  # whoever sees only what they are named on is named on it
    kept = [part for part in parts.values() if not _is(part, true())]
    return and_(*kept) if kept else true()


def parts_for(viewer: Viewer) -> dict[str, ColumnElement[bool]]:
    """What must all be true of a ticket for the viewer to see it, each part by its name.

    `person` (own, taking part, site, company), `boards`, `sites` (where `ticket:read` counts) and `private`. For
    the staff `private` and `clients`, which the session filter holds already when they look themselves.
    """
    if viewer.is_staff:
        return {
            "clients": true() if viewer.client_ids is None else Ticket.client_id.in_(sorted(viewer.client_ids)),
            "private": _unless_private(viewer),
        }
    if not viewer.is_client or viewer.contact_id is None or not viewer.may("ticket:read"):
        return dict.fromkeys(("person", "boards", "sites", "private"), false())
    sites = viewer.sites_of("ticket:read")
    return {
        "person": _within_scope(viewer),
        "boards": true() if viewer.board_ids is None else Ticket.board_id.in_(sorted(viewer.board_ids)),
        "sites": true() if sites is None else Ticket.site_id.in_(sorted(sites)),
        "private": _unless_sealed(viewer),
    }


def _unless_sealed(viewer: Viewer) -> ColumnElement[bool]:
    """A private ticket is for those named on it, and not for the staff who looks on as one of them."""
    if viewer.staff_user_id is not None:
        return not_(Ticket.is_private)
    return or_(not_(Ticket.is_private), _is_asker(viewer), _takes_part(viewer))


def reasons_for(viewer: Viewer) -> dict[str, ColumnElement[bool]]:
    """What may tie the viewer to a ticket, each by its name, whether or not the viewer's scope asks for it."""
    if viewer.is_staff:
        return {
            "is_private": and_(Ticket.is_private),
            "assigned": _surely(Ticket.assignee_user_id == viewer.user_id),
            "opened": _surely(Ticket.opened_by_user_id == viewer.user_id),
            "served": true() if viewer.client_ids is None else Ticket.client_id.in_(sorted(viewer.client_ids)),
        }
    return {
        "is_private": and_(Ticket.is_private),
        "served": _surely(Ticket.client_id == viewer.client_id),
        "asker": _surely(_is_asker(viewer)),
        "taking_part": _takes_part(viewer),
        "own_site": false() if viewer.site_id is None else _surely(Ticket.site_id == viewer.site_id),
    }


def _surely(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition as true or false, where a column may be empty."""
    return func.coalesce(condition, false())


def _within_scope(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.ticket_scope == "company":
        return true()
    if viewer.ticket_scope == "own":
        return _is_asker(viewer)
    if viewer.ticket_scope == "site" and viewer.site_id is not None:
        return or_(_takes_part(viewer), Ticket.site_id == viewer.site_id)
    return _takes_part(viewer)


def _is_asker(viewer: Viewer) -> ColumnElement[bool]:
    return or_(Ticket.requester_contact_id == viewer.contact_id, Ticket.opened_by_contact_id == viewer.contact_id)


def _takes_part(viewer: Viewer) -> ColumnElement[bool]:
    return Ticket.id.in_(select(TicketPerson.ticket_id).where(TicketPerson.contact_id == viewer.contact_id))


def _unless_private(viewer: Viewer) -> ColumnElement[bool]:
    if viewer.may(PRIVATE):
        return true()
    return or_(
        not_(Ticket.is_private), Ticket.assignee_user_id == viewer.user_id, Ticket.opened_by_user_id == viewer.user_id
    )


def _is(part: ColumnElement[bool], constant: ColumnElement[bool]) -> bool:
    return type(part) is type(constant)
