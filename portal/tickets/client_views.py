"""Tickets as their client sees them."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import Forbidden

from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import viewer
from portal.core.web import answer
from portal.core.web.limits import takes_files
from portal.extensions import db
from portal.files.uploads import Collected
from portal.tickets import file_answers, pages, policy, queries, reading, rules, services
from portal.tickets.attachments import TicketFull
from portal.tickets.file_answers import BODY_BYTES, accepts, receive, refuse_as_sent, refuse_for_room
from portal.tickets.forms import AnswerForm, TicketForm
from portal.tickets.models import Ticket

bp = Blueprint("tickets", __name__, url_prefix="/tickets")


@bp.get("")
@allow("client", "ticket:read")
def index() -> Response:
    """The tickets of one phase."""
    return answer.page("tickets/list.html", "tickets/_list.html", **pages.client_list(viewer, request.args))


@bp.get("/new")
@allow("client", "ticket:create")
def new() -> Response:
    """An empty request for help."""
    form = _ticket_form()
    form.fresh()
    return _new_page(form)


@bp.post("/new")
@allow("client", "ticket:create", hidden=False)
@takes_files(bytes_at_most=BODY_BYTES)
def create() -> Response:
    """Open a ticket, once per form."""
    form = _ticket_form()
    brought = receive(form)
    if not accepts(form, brought):
        return _new_again(form, brought)
    try:
        ticket = services.open_ticket(_opened(form), by=viewer, files=brought.files)
    except services.SubmissionReused:
        refuse_as_sent(form, brought, "subject")
        return _new_again(form, brought)
    brought.consume()
    answer.say(_("We have it. Your ticket is #%(number)s.", number=ticket.number))
    return answer.moved(url_for(".show", number=ticket.number))


def _new_again(form: TicketForm, brought: Collected) -> Response:
    return _new_page(form, brought.files, status=brought.status)


def _new_page(form: TicketForm, staged: Any = (), *, status: int = 200) -> Response:
    page = {"title": _("Get help"), "form": form, "staged": staged}
    return answer.page("tickets/new.html", "tickets/_new.html", status=status, **page)


def _ticket_form() -> TicketForm:
    if not policy.may_open(viewer):
        raise Forbidden
    form = TicketForm()
    offered = reading.offered(viewer)
    needs_site = viewer.sites_of("ticket:create") is not None
    if needs_site and not offered["site"]:
        raise Forbidden
    form.offer(offered, viewer.site_id, needs_site=needs_site)
    return form


def _opened(form: TicketForm) -> services.NewTicket:
    if viewer.client_id is None or viewer.contact_id is None:
        message = "a client's person has a client and a contact"
        raise LookupError(message)
    return services.NewTicket(
        client_id=viewer.client_id,
        requester_contact_id=viewer.contact_id,
        subject=form.subject.data or "",
        description=form.description.data or "",
        priority_id=UUID(form.priority.data),
        board_id=UUID(form.board.data),
        site_id=UUID(form.site.data) if form.site.data else None,
        is_private=bool(form.private.data),
        submission_key=form.key,
    )


@bp.get("/<int(max=999999999):number>")
@allow("client", "ticket:read", of="ticket")
def show(number: int) -> Response:
    """A ticket and its conversation."""
    ticket = one_or_404(queries.ticket(viewer, number))
    return _page(ticket, pages.answer_box(viewer, ticket))


def _page(ticket: Ticket, box: AnswerForm | None, staged: Any = (), *, status: int = 200) -> Response:
    page = pages.client_ticket(viewer, ticket, request.args)
    return answer.page("tickets/show.html", status=status, form=box, staged=staged, **page)


@bp.get("/<int(max=999999999):number>/updates")
@allow("client", "ticket:read", of="ticket")
def updates(number: int) -> Response:
    """What came after the version seen; nothing new is a 204."""
    seen = pages.seen_of(request.args)
    if one_or_404(queries.ticket_version(viewer, number)) <= seen:
        return answer.nothing_new()
    ticket = one_or_404(queries.ticket(viewer, number))
    return answer.saw(
        url_for(".show", number=number), "tickets/updates.swap.html", **pages.news(viewer, ticket, since=seen)
    )


@bp.post("/<int(max=999999999):number>/comments")
@allow("client", "ticket:comment", of="ticket", hidden=False)
@takes_files(bytes_at_most=BODY_BYTES)
def comment(number: int) -> Response:
    """Write to the MSP."""
    form = AnswerForm()
    brought = receive(form, one_or_404(queries.ticket_id(viewer, number)))
    if not accepts(form, brought):
        return _refused(number, form, brought)
    ticket = reading.ticket_to_change(viewer, number, "comment")
    try:
        services.comment(ticket, form.body.data or "", by=viewer, submission_key=form.key, files=brought.files)
    except rules.TooLateToReopen:
        return _too_late(number)
    except TicketFull as full:
        refuse_for_room(form, brought, full)
        return _refused(number, form, brought)
    except services.SubmissionReused:
        refuse_as_sent(form, brought, "body")
        return _refused(number, form, brought)
    brought.consume()
    return _answered(ticket)


def _refused(number: int, form: AnswerForm, brought: Collected) -> Response:
    ticket = one_or_404(queries.ticket(viewer, number))
    if answer.wants_part():
        part = {"form": form, "staged": brought.files, "ticket": ticket}
        return answer.page("tickets/show.html", "tickets/_answer.html", status=brought.status, **part)
    return _page(ticket, form, brought.files, status=brought.status)


def _answered(ticket: Ticket) -> Response:
    db.session.flush()
    context = pages.news(viewer, ticket, since=pages.seen_of(request.form))
    box = pages.answer_box(viewer, ticket)
    return answer.saw(_end_of(ticket), "tickets/answered.swap.html", form=box, staged=[], **context)


def _end_of(ticket: Ticket) -> str:
    return url_for(".show", number=ticket.number, _anchor=f"entry-{ticket.public_version}")


def _too_late(number: int) -> Response:
    answer.say(
        _("This ticket was closed a while ago. Please open a new one; we can see the old one beside it."), "warn"
    )
    return answer.moved(url_for(".show", number=number))


@bp.post("/<int(max=999999999):number>/resolution")
@allow("client", "ticket:resolve", of="ticket", hidden=False)
def resolve(number: int) -> Response:
    """Say that it is solved; saying it twice is saying it once."""
    ticket = reading.ticket_to_change(viewer, number, "resolve")
    if not ticket.state.is_done:
        services.resolve(ticket, by=viewer)
    return _moved(ticket)


@bp.post("/<int(max=999999999):number>/reopening")
@allow("client", "ticket:resolve", of="ticket", hidden=False)
def reopen(number: int) -> Response:
    """Say that it isn't solved after all."""
    ticket = reading.ticket_to_change(viewer, number, "reopen")
    try:
        if ticket.state.is_done:
            services.reopen(ticket, by=viewer)
    except rules.TooLateToReopen:
        return _too_late(number)
    return _moved(ticket)


def _moved(ticket: Ticket) -> Response:
    db.session.flush()
    return answer.saw(
        url_for(".show", number=ticket.number),
        "tickets/updates.swap.html",
        **pages.news(viewer, ticket, since=pages.seen_of(request.form)),
    )


@bp.get("/<int(max=999999999):number>/comments/<uuid:comment_id>/files")
@allow("client", "ticket:read", of="comment")
def files(number: int, comment_id: UUID) -> Response:
    """The files of a letter, asked for while one is being checked."""
    return file_answers.files_answer(viewer, number, comment_id)


@bp.get("/<int(max=999999999):number>/files/<uuid:file_id>")
@allow("client", "ticket:read", of="attachment")
def file(number: int, file_id: UUID) -> Response:
    """A file to keep."""
    return file_answers.file_answer(viewer, number, file_id)


@bp.get("/<int(max=999999999):number>/files/<uuid:file_id>/thumbnail")
@allow("client", "ticket:read", of="attachment")
def thumbnail(number: int, file_id: UUID) -> Response:
    """A file's small picture."""
    return file_answers.thumbnail_answer(viewer, number, file_id)
