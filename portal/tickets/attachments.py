"""Files on comments: hung on when the comment is written, looked at by a job before anybody may have them."""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from portal.core.events.declare import handles
from portal.core.events.outbox import publish
from portal.core.ids import new_id
from portal.extensions import db
from portal.files import processing
from portal.files.events import OriginalReplaced
from portal.files.uploads import ORDINARY, KeptFile
from portal.tickets import queries
from portal.tickets.events import TicketFileAdded
from portal.tickets.models import Attachment, Comment, Ticket

LIMITS = ORDINARY
"""Of one file, of all files of a ticket, and of the files of one form."""


class TicketFull(Exception):
    """The ticket's files would be more than one ticket holds; `file` is the one that was too much."""

    def __init__(self, file: KeptFile) -> None:
        super().__init__(file.name)
        self.file = file


def used_bytes(ticket_id: UUID) -> int:
    """What the files of a ticket take."""
    return int(db.session.scalar(queries.bytes_of_files(ticket_id)) or 0)


def check_room(ticket: Ticket, files: Sequence[KeptFile]) -> None:
    """Refuse files that the ticket can't hold. Raises TicketFull. Under the ticket's lock the answer holds."""
    if not files:
        return
    used = used_bytes(ticket.id)
    for file in files:
        used += file.size
        if used > LIMITS.total_bytes:
            raise TicketFull(file)


def attach(comment: Comment, files: Sequence[KeptFile], *, at: dt.datetime) -> None:
    """Hang files on a comment, to be looked at first."""
    for file in files:
        attachment = Attachment(
            id=new_id(),
            client_id=comment.client_id,
            ticket_id=comment.ticket_id,
            comment_id=comment.id,
            visibility=comment.visibility,
            name=file.name,
            content_type=file.content_type,
            size=file.size,
            blob_key=file.blob_key,
            state="checking",
            created_at=at,
        )
        db.session.add(attachment)
        db.session.flush()
        publish(TicketFileAdded(ticket_id=comment.ticket_id, attachment_id=attachment.id))


@handles(TicketFileAdded, seconds=60)
def look_at_file(event: TicketFileAdded) -> None:
    """Write pictures anew and small, and let the file be seen, or not. Run twice it finds nothing to do."""
    attachment = db.session.scalars(queries.file_to_check(event.attachment_id)).one_or_none()
    if attachment is None:
        return
    seen = processing.process(
        name=attachment.name,
        content_type=attachment.content_type,
        size=attachment.size,
        blob_key=attachment.blob_key,
    )
    if isinstance(seen, processing.Refused):
        attachment.state, attachment.refusal = "refused", seen.reason
        return
    if seen.blob_key != attachment.blob_key:
        publish(OriginalReplaced(blob_key=attachment.blob_key))
    attachment.name, attachment.content_type, attachment.size = seen.name, seen.content_type, seen.size
    attachment.blob_key, attachment.thumbnail_key = seen.blob_key, seen.thumbnail_key
    attachment.width, attachment.height = seen.width, seen.height
    attachment.state = "ready"
