"""Tickets as the staff work them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import current_scope, viewer
from portal.core.web import answer, nav
from portal.core.web.limits import takes_files
from portal.extensions import db
from portal.files.uploads import Collected
from portal.tickets import file_answers, pages, policy, queries, reading, rules, sealed, services
from portal.tickets.attachments import TicketFull
from portal.tickets.file_answers import BODY_BYTES, accepts, receive, refuse_as_sent, refuse_for_room
from portal.tickets.forms import AnswerForm
from portal.tickets.models import Comment, Ticket
from portal.tickets.shipped import named

bp = Blueprint("desk", __name__, url_prefix="/msp")
Write = Callable[..., Comment]


@bp.get("")
@allow("staff", None)
def home() -> Response:
    """The console begins with the queue, or else with the first place that the person may enter."""
    scope = current_scope()
    places = nav.entries("msp", scope) + nav.entries("msp", scope, in_menu=True)
    return answer.moved(places[0].url)


@bp.get("/tickets")
@allow("staff", "ticket:read")
def queue() -> Response:
    """One view of the queue; `client` in the address keeps it to one client, by its number."""
    asked = request.args.get("client")
    client = None if asked is None else one_or_404(queries.client(viewer, pages.number_of(asked)))
    return answer.page("tickets/queue.html", "tickets/_queue.html", **pages.queue(viewer, request.args, client))


@bp.get("/tickets/<int(max=999999999):number>")
@allow("staff", "ticket:read", of="ticket")
def show(number: int) -> Response:
    """A ticket: conversation, facts, the client's context."""
    return _page(one_or_404(queries.ticket(viewer, number)))


def _page(ticket: Ticket, refused: AnswerForm | None = None, staged: Any = (), *, status: int = 200) -> Response:
    sealed.note_reading(viewer, ticket)
    page = pages.staff_ticket(viewer, ticket, request.args)
    boxes = pages.answer_boxes(viewer, ticket, refused)
    return answer.page("tickets/desk.html", status=status, **page, **boxes, staged=staged)


@bp.get("/tickets/<int(max=999999999):number>/updates")
@allow("staff", "ticket:read", of="ticket")
def updates(number: int) -> Response:
    """What came after the version seen; nothing new is a 204."""
    seen = pages.seen_of(request.args)
    if one_or_404(queries.ticket_version(viewer, number)) <= seen:
        return answer.nothing_new()
    ticket = one_or_404(queries.ticket(viewer, number))
    sealed.note_reading(viewer, ticket)
    return answer.saw(
        url_for(".show", number=number), "tickets/desk_updates.swap.html", **pages.news(viewer, ticket, since=seen)
    )


@bp.post("/tickets/<int(max=999999999):number>/replies")
@allow("staff", "ticket:reply", of="ticket", hidden=False)
@takes_files(bytes_at_most=BODY_BYTES)
def reply(number: int) -> Response:
    """Write to the client."""
    return _write(number, "reply", services.comment)


@bp.post("/tickets/<int(max=999999999):number>/notes")
@allow("staff", "ticket:note", of="ticket", hidden=False)
@takes_files(bytes_at_most=BODY_BYTES)
def note(number: int) -> Response:
    """Write to one another."""
    return _write(number, "note", services.add_note)


def _write(number: int, box: str, write: Write) -> Response:
    form = AnswerForm(box=box)
    brought = receive(form, one_or_404(queries.ticket_id(viewer, number)))
    if not accepts(form, brought):
        return _refused(number, form, brought)
    ticket = reading.ticket_to_change(viewer, number, "comment" if box == "reply" else box)
    try:
        write(ticket, form.body.data or "", by=viewer, submission_key=form.key, files=brought.files)
    except TicketFull as full:
        refuse_for_room(form, brought, full)
        return _refused(number, form, brought)
    except services.SubmissionReused:
        refuse_as_sent(form, brought, "body")
        return _refused(number, form, brought)
    brought.consume()
    db.session.flush()
    context = pages.news(viewer, ticket, since=pages.seen_of(request.form))
    empty = pages.answer_box(viewer, ticket, box)
    return answer.saw(_end_of(ticket), "tickets/desk_answered.swap.html", form=empty, staged=(), **context)


def _refused(number: int, form: AnswerForm, brought: Collected) -> Response:
    ticket = one_or_404(queries.ticket(viewer, number))
    if answer.wants_part():
        part = {"form": form, "staged": brought.files, "ticket": ticket}
        return answer.page("tickets/desk.html", "tickets/_desk_answer.html", status=brought.status, **part)
    return _page(ticket, form, brought.files, status=brought.status)


def _end_of(ticket: Ticket) -> str:
    return url_for(".show", number=ticket.number, _anchor=f"entry-{ticket.version}")


@bp.post("/tickets/<int(max=999999999):number>/resolution")
@allow("staff", "ticket:resolve", of="ticket", hidden=False)
def resolve(number: int) -> Response:
    """Say that it is solved; saying it twice is saying it once."""
    ticket = reading.ticket_to_change(viewer, number, "resolve")
    if not ticket.state.is_done:
        services.resolve(ticket, by=viewer)
    return _changed(ticket)


@bp.post("/tickets/<int(max=999999999):number>/reopening")
@allow("staff", "ticket:update", of="ticket", hidden=False)
def reopen(number: int) -> Response:
    """Take it up again."""
    ticket = reading.ticket_to_change(viewer, number, "reopen")
    if ticket.state.is_done:
        services.reopen(ticket, by=viewer)
    return _changed(ticket)


@bp.post("/tickets/<int(max=999999999):number>/assignment")
@allow("staff", "ticket:assign", of="ticket", hidden=False)
def assign(number: int) -> Response:
    """Give it to somebody of the staff, or to nobody."""
    ticket = reading.ticket_to_change(viewer, number, "assign")
    chosen = _chosen()
    colleague = one_or_404(queries.colleague(chosen)) if chosen else None
    services.assign(ticket, colleague, by=viewer)
    return _changed(ticket)


@bp.post("/tickets/<int(max=999999999):number>/status")
@allow("staff", "ticket:update", of="ticket", hidden=False)
def change_status(number: int) -> Response:
    """Put it into another status of its board."""
    ticket = reading.ticket_to_change(viewer, number, "change")
    status = one_or_404(queries.status(ticket.board_id, chosen_one()))
    try:
        services.change_status(ticket, status, by=viewer)
    except rules.TransitionRefused:
        message = _("It can't go from “%(old)s” to “%(new)s”.", old=named(ticket.status.name), new=named(status.name))
        answer.say(message, "warn")
    return _changed(ticket)


@bp.post("/tickets/<int(max=999999999):number>/priority")
@allow("staff", "ticket:update", of="ticket", hidden=False)
def change_priority(number: int) -> Response:
    """Say how urgent it is."""
    ticket = reading.ticket_to_change(viewer, number, "change")
    priority = one_or_404(queries.priority(chosen_one()))
    services.change_priority(ticket, priority, by=viewer)
    return _changed(ticket)


@bp.post("/tickets/<int(max=999999999):number>/sealing")
@allow("staff", "ticket:update", of="ticket", hidden=False)
def seal(number: int) -> Response:
    """Let nobody see it but those who are named on it."""
    return _set_private(number, services.seal)


@bp.post("/tickets/<int(max=999999999):number>/unsealing")
@allow("staff", "ticket:update", of="ticket", hidden=False)
def unseal(number: int) -> Response:
    """Let everybody see it again who sees such tickets."""
    return _set_private(number, services.unseal)


def _set_private(number: int, act: Callable[..., None]) -> Response:
    ticket = reading.ticket_to_change(viewer, number, "change")
    if not policy.may_seal(viewer, ticket):
        answer.say(_("Take it on first: once it is private you would no longer see it."), "warn")
    else:
        act(ticket, by=viewer)
    return _changed(ticket)


def _chosen() -> UUID | None:
    """The id that a fact's form sends; None for its empty choice. Raises NotFound for what is no id."""
    word = request.form.get("choice", "")
    try:
        return UUID(word) if word else None
    except ValueError:
        raise NotFound from None


def chosen_one() -> UUID:
    """The id that a form sends as its choice. Raises NotFound for none and for what is no id."""
    chosen = _chosen()
    if chosen is None:
        raise NotFound
    return chosen


def _changed(ticket: Ticket) -> Response:
    db.session.flush()
    if ticket.is_private and not policy.is_named(viewer, ticket):
        answer.say(_("#%(number)s is private, and you are no longer on it.", number=ticket.number), "info")
        return answer.moved(url_for(".queue"))
    return answer.saw(
        url_for(".show", number=ticket.number),
        "tickets/desk_updates.swap.html",
        **pages.news(viewer, ticket, since=pages.seen_of(request.form)),
    )


@bp.get("/tickets/<int(max=999999999):number>/comments/<uuid:comment_id>/files")
@allow("staff", "ticket:read", of="comment")
def files(number: int, comment_id: UUID) -> Response:
    """The files of a letter, asked for while one is being checked."""
    sealed.note_reading_of(viewer, number)
    return file_answers.files_answer(viewer, number, comment_id)


@bp.get("/tickets/<int(max=999999999):number>/files/<uuid:file_id>")
@allow("staff", "ticket:read", of="attachment")
def file(number: int, file_id: UUID) -> Response:
    """A file to keep."""
    sealed.note_reading_of(viewer, number)
    return file_answers.file_answer(viewer, number, file_id)


@bp.get("/tickets/<int(max=999999999):number>/files/<uuid:file_id>/thumbnail")
@allow("staff", "ticket:read", of="attachment")
def thumbnail(number: int, file_id: UUID) -> Response:
    """A file's small picture."""
    sealed.note_reading_of(viewer, number)
    return file_answers.thumbnail_answer(viewer, number, file_id)
