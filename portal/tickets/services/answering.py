"""Writing to one another on a ticket."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from portal.core import audit, clock
from portal.core.events.outbox import publish
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.files.uploads import KeptFile
from portal.tickets import queries, rules
from portal.tickets.attachments import attach, check_room
from portal.tickets.events import TicketCommented, TicketNoted
from portal.tickets.models import Comment, Ticket
from portal.tickets.rules import Cause
from portal.tickets.services.entries import actor, add_comment
from portal.tickets.services.moving import move, refuse_if_late
from portal.tickets.services.opening import SubmissionReused, take_part


def comment(
    ticket: Ticket, body: str, *, by: Viewer, submission_key: UUID | None = None, files: Sequence[KeptFile] = ()
) -> Comment:
    """Write what both sides read; the same submission again gives the comment it made.

    Whose turn it is and, where a done ticket is answered by its client, its
    status follow. Raises TooLateToReopen, SubmissionReused.
    """
    if (known := _submitted(ticket, submission_key)) is not None:
        return known
    check_room(ticket, files)
    at = clock.business_now()
    was_done = ticket.state.is_done
    is_clients_own = by.is_client and by.staff_user_id is None
    if by.is_client:
        refuse_if_late(ticket, at)
    with _key_of_its_own():
        if is_clients_own:
            take_part(ticket, by.contact_id, at=at)
        letter = add_comment(ticket, body, by=by, at=at, submission_key=submission_key)
    attach(letter, files, at=at)
    follow = rules.after_client_reply if is_clients_own else rules.after_staff_reply
    move(ticket, follow(ticket.state), by=by, at=at, cause=Cause.REPLY)
    reopened = was_done and not ticket.state.is_done
    publish(TicketCommented(ticket_id=ticket.id, comment_id=letter.id, reopened=reopened, **actor(by)))
    audit.record("ticket.commented", ticket, comment_id=str(letter.id), files=len(files))
    return letter


def add_note(
    ticket: Ticket, body: str, *, by: Viewer, submission_key: UUID | None = None, files: Sequence[KeptFile] = ()
) -> Comment:
    """Write what the staff alone read. It moves nothing that a client can see. Raises SubmissionReused, TicketFull."""
    if (known := _submitted(ticket, submission_key)) is not None:
        return known
    check_room(ticket, files)
    at = clock.business_now()
    with _key_of_its_own():
        note = add_comment(ticket, body, by=by, at=at, submission_key=submission_key, public=False)
    attach(note, files, at=at)
    publish(TicketNoted(ticket_id=ticket.id, comment_id=note.id, by_user_id=by.user_id))
    audit.record("ticket.noted", ticket, comment_id=str(note.id), files=len(files))
    return note


def _submitted(ticket: Ticket, key: UUID | None) -> Comment | None:
    """What this form wrote already; looked up under the ticket's lock, so that parallel ones wait for the first."""
    if key is None:
        return None
    known: Comment | None = db.session.scalars(queries.submitted_comment(key)).one_or_none()
    if known is not None and known.ticket_id != ticket.id:
        raise SubmissionReused
    return known


@contextmanager
def _key_of_its_own() -> Iterator[None]:
    """Write a letter, or take all of it back and raise SubmissionReused where its key has made another one.

    That one is out of the writer's sight (another client's, a colleague's note), or was committed meanwhile under
    another ticket's lock: `_submitted` found neither.
    """
    try:
        with db.session.begin_nested():
            yield
    except IntegrityError as error:
        if "submission_key" not in str(error.orig):
            raise
        raise SubmissionReused from error
