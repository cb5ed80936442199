"""Contexts of the ticket templates: what each page and fragment is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from portal.clients.models import Client
from portal.core import clock
from portal.core.tenancy.scope import Viewer, current_scope
from portal.core.web import paging
from portal.core.web.paths import fixed, numbered
from portal.extensions import db
from portal.tickets import policy, queries, reading, rules, wording
from portal.tickets.forms import AnswerForm, KindForm, PickForm
from portal.tickets.models import Ticket
from portal.tickets.rules import Phase
from portal.tickets.shipped import named

Args = Mapping[str, str]
STATES = {"waiting": Phase.WAITING_ON_CLIENT, "with-us": Phase.WITH_US, "done": Phase.DONE}
"""Phases as the client's address names them."""
LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of a list, as `templates/ui/tabs.html` shows it."""

    label: str
    url: str
    current: bool
    count: str


def client_list(viewer: Viewer, args: Args) -> dict[str, Any]:
    """The client's list: one phase, a page of it, and the tabs with the counts of all."""
    counts = db.session.execute(queries.phase_counts(viewer)).mappings().one()
    state = args.get("state", "")
    if state not in STATES:
        state = next((name for name, phase in STATES.items() if counts[phase]), "with-us")
    page = paging.page_of(
        queries.client_list(viewer, STATES[state]),
        Ticket.updated_at,
        Ticket.id,
        key=lambda row: (row.updated_at, row.id),
        cursor=args.get("page"),
    )
    labels = {"waiting": _("Waiting for you"), "with-us": _("With us"), "done": _("Done")}
    return {
        "title": _("Tickets"),
        "tabs": [
            Tab(labels[name], f"{fixed('tickets.index')}?state={name}", name == state, paging.said(counts[phase]))
            for name, phase in STATES.items()
        ],
        "state": state,
        "rows": page.rows,
        "shows_requester": viewer.ticket_scope != "own",
        "contact_id": viewer.contact_id,
        "may_open": policy.may_open(viewer),
        **_moves(page, lambda cursor: url_for("tickets.index", state=state, page=cursor)),
        "badge_of": cache(wording.client_badge),
        "address_of": numbered("tickets.show"),
    }


def _moves(page: paging.Page[Any], url: Callable[[str], str]) -> dict[str, str | None]:
    return {
        "newer_url": url(page.newer) if page.newer else None,
        "older_url": url(page.older) if page.older else None,
    }


def queue(viewer: Viewer, args: Args, client: Client | None = None) -> dict[str, Any]:
    """The staff's queue, of everybody or of one client: one view, a page of it, and the tabs with the counts of all."""
    view = args.get("view", "")
    if view not in queries.VIEWS:
        view = "open"
    rows = queries.queue(viewer, view) if client is None else queries.queue_of(viewer, view, client.id)
    page = paging.page_of(
        rows,
        Ticket.touched_at,
        Ticket.id,
        key=lambda row: (row.touched_at, row.id),
        cursor=args.get("page"),
    )
    number = None if client is None else client.number
    return {
        "title": _("Queue"),
        "tabs": queue_tabs(viewer, client, current=view),
        "client": client,
        "view": view,
        "rows": page.rows,
        **_moves(page, lambda cursor: url_for("desk.queue", view=view, client=number, page=cursor)),
        "badge_of": cache(wording.staff_badge),
        "address_of": numbered("desk.show"),
        "priority_of": cache(wording.priority_badge),
    }


def queue_tabs(viewer: Viewer, client: Client | None = None, *, current: str = "") -> list[Tab]:
    """The views of the queue, of everybody or of one client, with their counts."""
    counted = queries.queue_counts(viewer) if client is None else queries.queue_counts_of(viewer, client.id)
    counts = db.session.execute(counted).mappings().one()
    labels = {
        "open": _("All open"), "mine": _("Mine"), "unassigned": _("Nobody's"), "waiting": _("Waiting for client"),
        "done": _("Done"),
    }  # fmt: skip
    kept = "" if client is None else f"&client={client.number}"
    return [
        Tab(labels[name], f"{fixed('desk.queue')}?view={name}{kept}", name == current, paging.said(counts[name]))
        for name in queries.VIEWS
    ]


def tickets_of_client(client: Client) -> dict[str, Any]:
    """For a client's page: where its tickets are, with how many there are."""
    return {"tabs": queue_tabs(current_scope(), client)}


def client_ticket(viewer: Viewer, ticket: Ticket, args: Args) -> dict[str, Any]:
    """A ticket's page, but for its answer box."""
    talk = reading.conversation(viewer, ticket, before=before_of(args))
    return {
        **_head(viewer, ticket),
        "title": ticket.subject,
        "talk": talk,
        "earlier_url": _earlier("tickets.show", ticket, talk),
        "people": db.session.execute(queries.people(ticket.id)).all(),
        "part_words": wording.part_words,
    }


def _earlier(endpoint: str, ticket: Ticket, talk: reading.Conversation) -> str | None:
    return url_for(endpoint, number=ticket.number, before=talk.before) if talk.before else None


def staff_ticket(viewer: Viewer, ticket: Ticket, args: Args) -> dict[str, Any]:
    """A ticket's page in the console, but for its answer boxes."""
    talk = reading.conversation(viewer, ticket, before=before_of(args))
    beside = db.session.execute(queries.beside(viewer, ticket)).all()
    return {
        **_head(viewer, ticket),
        **facts(ticket),
        "title": f"#{ticket.number} {ticket.subject}",
        "talk": talk,
        "earlier_url": _earlier("desk.show", ticket, talk),
        "people": [row for row in beside if row.kind == "person"],
        "part_words": wording.part_words,
        "recent": [row for row in beside if row.kind == "ticket"],
        "badge_of": cache(wording.staff_badge),
    }


def news(viewer: Viewer, ticket: Ticket, *, since: int) -> dict[str, Any]:
    """What came after a version, with everything on the page that may have changed with it."""
    more = facts(ticket) if viewer.is_staff else {}
    return {**_head(viewer, ticket), **more, "talk": reading.conversation(viewer, ticket, since=since)}


def _head(viewer: Viewer, ticket: Ticket) -> dict[str, Any]:
    """Title, state and acts, and the version that the page then shows."""
    now = clock.business_now()
    late = viewer.is_client and not rules.client_may_reopen(ticket.state, closed_at=ticket.closed_at, now=now)
    badge = wording.staff_badge(ticket.phase) if viewer.is_staff else client_badge(ticket)
    return {
        "ticket": ticket,
        "badge": badge,
        "seen": reading.seen_by(viewer, ticket),
        "is_done": ticket.state.is_done,
        "is_late": late,
        "may_resolve": policy.may(viewer, "resolve", ticket) and not ticket.state.is_done,
        "may_reopen": policy.may(viewer, "reopen", ticket) and ticket.state.is_done and not late,
        "may_assign": policy.may(viewer, "assign", ticket),
        "may_change": policy.may(viewer, "change", ticket),
        "may_seal": policy.may_seal(viewer, ticket),
        "viewer_id": str(viewer.user_id or ""),
        "is_mine": ticket.assignee_user_id is not None and ticket.assignee_user_id == viewer.user_id,
        "polls": not ticket.state.is_done,
        "updates_url": url_for(
            f"{reading.face_of(viewer)}.updates", number=ticket.number, seen=reading.seen_by(viewer, ticket)
        ),
    }


def client_badge(ticket: Ticket) -> wording.Badge:
    """Where the ticket stands, for its client."""
    return wording.client_badge(ticket.phase, is_taken=ticket.is_taken)


def facts(ticket: Ticket) -> dict[str, Any]:
    """The forms in which the staff choose status, priority and who works on it."""
    offered = reading.choices(ticket.board_id)
    state = ticket.state
    statuses = [
        SelectChoice(str(row.id), named(row.name))
        for row in offered["status"]
        if state.may_become(rules.Category(row.words))
    ]
    colleagues = [SelectChoice("", _("Nobody")), *(SelectChoice(str(row.id), row.name) for row in offered["colleague"])]
    return {
        "picks": {
            "status": _pick("status", _("Status"), statuses, ticket.status_id),
            "priority": _pick(
                "priority",
                _("Priority"),
                [SelectChoice(str(row.id), named(row.name)) for row in offered["priority"]],
                ticket.priority_id,
            ),
            "assignment": _pick("assignment", _("Who works on it"), colleagues, ticket.assignee_user_id),
        }
    }


def _pick(fact: str, label: str, choices: list[SelectChoice], value: Any) -> PickForm:
    return PickForm(formdata=None, data={"choice": str(value or "")}, fact=fact, label=label, choices=choices)


def answer_box(viewer: Viewer, ticket: Ticket, box: str = "reply") -> AnswerForm | None:
    """An empty answer box, None where this viewer can't write."""
    if not policy.may(viewer, "note" if box == "note" else "comment", ticket):
        return None
    late = not rules.client_may_reopen(ticket.state, closed_at=ticket.closed_at, now=clock.business_now())
    if viewer.is_client and late:
        return None
    form = AnswerForm(formdata=None, box=box)
    form.fresh()
    return form


def answer_boxes(viewer: Viewer, ticket: Ticket, refused: AnswerForm | None = None) -> dict[str, Any]:
    """The staff's two answer boxes: empty but for the one that was refused, which stands in front."""
    boxes = {name: answer_box(viewer, ticket, name) for name in ("reply", "note")}
    if refused is not None:
        boxes[refused.box] = refused
    shown = refused.box if refused is not None else "reply"
    kind = {"kind": "internal" if shown == "note" else "public"}
    return {"boxes": boxes, "shown": shown, "kinds": KindForm(formdata=None, data=kind)}


def seen_of(args: Args) -> int:
    """The version that a page says it shows; without one nothing is new to it."""
    return _number(args.get("seen", ""), LARGEST)


def before_of(args: Args) -> int | None:
    """The version before which a page of a long timeline ends."""
    return _number(args.get("before", ""), 0) or None


def number_of(word: str) -> int:
    """A public number as an address names it; 0, which nothing has, for anything else."""
    return _number(word, 0)


def _number(word: str, otherwise: int) -> int:
    return int(word) if word.isascii() and word.isdigit() and len(word) < len(str(LARGEST)) else otherwise
