"""Files coming in with a ticket's forms and going out to whoever may read their comment."""

from uuid import UUID

from flask import Response, request, url_for
from werkzeug.exceptions import NotFound

from portal.core.policy import one_or_404
from portal.core.tenancy.scope import Viewer
from portal.core.web import answer
from portal.files import serving, uploads
from portal.files import wording as file_wording
from portal.tickets import attachments, queries, reading
from portal.tickets.attachments import LIMITS, TicketFull
from portal.tickets.forms import SENT_BEFORE, SubmittedOnce

BODY_BYTES = LIMITS.body_bytes


def receive(form: SubmittedOnce, ticket_id: UUID | None = None) -> uploads.Collected:
    """Take the files that came with a form, beside those that waited for it."""
    fresh = [upload for upload in request.files.getlist("files") if upload.filename]
    used = attachments.used_bytes(ticket_id) if ticket_id is not None and fresh else 0
    return uploads.collect(form.key, fresh, keep=request.form.getlist("staged"), limits=LIMITS, used_bytes=used)


def accepts(form: SubmittedOnce, brought: uploads.Collected) -> bool:
    """Whether form and files can be taken as they are. Otherwise the files wait for the next try."""
    valid = form.validate()
    for problem in brought.problems:
        form.reject("files", problem)
    if not valid or brought.problems:
        brought.stage()
        return False
    return True


def refuse_for_room(form: SubmittedOnce, brought: uploads.Collected, full: TicketFull) -> None:
    """The ticket filled up meanwhile: say so, and let the files wait."""
    form.reject("files", file_wording.too_much(full.file.name, LIMITS.total_bytes))
    brought.stage()


def refuse_as_sent(form: SubmittedOnce, brought: uploads.Collected, field: str) -> None:
    """The form's key is spent: say so at the field, and give form and waiting files a new one."""
    form.reject(field, SENT_BEFORE)
    form.fresh()
    brought.restage(form.key)


def file_answer(viewer: Viewer, number: int, file_id: UUID) -> Response:
    """A file, if it has been looked at. Raises NotFound, the same for absent, hidden and refused."""
    found = one_or_404(queries.attachment(viewer, number, file_id))
    return serving.picture(blob_key=found.blob_key, name=found.name, content_type=found.content_type, size=found.size)


def thumbnail_answer(viewer: Viewer, number: int, file_id: UUID) -> Response:
    """A file's small picture. Raises NotFound as well where it has none."""
    found = one_or_404(queries.attachment(viewer, number, file_id))
    if found.thumbnail_key is None:
        raise NotFound
    return serving.thumbnail(blob_key=found.thumbnail_key)


def files_answer(viewer: Viewer, number: int, comment_id: UUID) -> Response:
    """How the files of a letter stand, asked for while one is being looked at; nothing new is a 204."""
    ticket_id = one_or_404(queries.ticket_id(viewer, number))
    files = reading.files_of(viewer, ticket_id, number, [comment_id])[comment_id]
    if not files:
        raise NotFound
    if any(file.is_awaited for file in files):
        return answer.nothing_new()
    face = reading.face_of(viewer)
    files_url = url_for(f"{face}.files", number=number, comment_id=comment_id)
    page = url_for(f"{face}.show", number=number)
    return answer.saw(page, "tickets/files.html", comment_id=comment_id, files=files, files_url=files_url)
