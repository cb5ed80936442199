"""What is written on a ticket, and its files. Nothing here is executed."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, null, select, union_all

from portal.clients.models import Contact
from portal.core.tenancy.scope import Viewer
from portal.identity.models import StaffProfile
from portal.tickets import policy
from portal.tickets.models import Attachment, Comment, Entry, Ticket, TicketChange
from portal.tickets.queries.rows import Rows


def timeline(viewer: Viewer, ticket_id: UUID, *, since: int = 0, before: int | None = None) -> Rows:
    """Letters and grey lines of a ticket that the viewer has already been given, latest first.

    `since` and `before` are versions as this viewer counts them.
    """
    arms = union_all(_letters(viewer, ticket_id, since, before), _lines(viewer, ticket_id, since, before))
    entries = arms.subquery("entries")
    return select(entries).order_by(entries.c.seen.desc())


def _letters(viewer: Viewer, ticket_id: UUID, since: int, before: int | None) -> Rows:
    return (
        select(
            literal("letter").label("kind"),
            Comment.id,
            _seen(viewer, Comment).label("seen"),
            Comment.created_at.label("at"),
            Comment.visibility,
            Comment.author_contact_id.label("contact_id"),
            Comment.author_user_id.label("user_id"),
            func.coalesce(StaffProfile.display_name, Contact.name, "").label("name"),
            Comment.body,
            Comment.edited_at,
            literal("").label("old"),
            literal("").label("new"),
            literal("").label("cause"),
        )
        .outerjoin(Contact, Contact.id == Comment.author_contact_id)
        .outerjoin(StaffProfile, StaffProfile.user_id == Comment.author_user_id)
        .where(Comment.ticket_id == ticket_id, *_between(viewer, Comment, since, before))
    )


def _lines(viewer: Viewer, ticket_id: UUID, since: int, before: int | None) -> Rows:
    return (
        select(
            TicketChange.kind,
            TicketChange.id,
            _seen(viewer, TicketChange).label("seen"),
            TicketChange.created_at,
            TicketChange.visibility,
            TicketChange.by_contact_id,
            TicketChange.by_user_id,
            func.coalesce(StaffProfile.display_name, Contact.name, ""),
            literal(""),
            null(),
            TicketChange.old_value,
            TicketChange.new_value,
            TicketChange.cause,
        )
        .outerjoin(Contact, Contact.id == TicketChange.by_contact_id)
        .outerjoin(StaffProfile, StaffProfile.user_id == TicketChange.by_user_id)
        .where(TicketChange.ticket_id == ticket_id, *_between(viewer, TicketChange, since, before))
    )


def _seen(viewer: Viewer, entry: type[Entry]) -> ColumnElement[Any]:
    return entry.version if viewer.is_staff else entry.public_version  # type: ignore[return-value]  # a mapped column


def _between(viewer: Viewer, entry: type[Entry], since: int, before: int | None) -> list[ColumnElement[bool]]:
    seen = _seen(viewer, entry)
    return [seen > since] if before is None else [seen > since, seen < before]


def files(ticket_id: UUID, comment_ids: Collection[UUID] | None = None) -> Rows:
    """Files of a ticket that the viewer has already been given, in the order they were sent."""
    statement = select(
        Attachment.id,
        Attachment.comment_id,
        Attachment.name,
        Attachment.size,
        Attachment.state,
        Attachment.thumbnail_key,
        Attachment.refusal,
        Attachment.created_at,
    ).where(Attachment.ticket_id == ticket_id)
    if comment_ids is not None:
        statement = statement.where(Attachment.comment_id.in_(comment_ids))
    return statement.order_by(Attachment.id)


def attachment(viewer: Viewer, number: int, attachment_id: UUID) -> Select[Attachment]:
    """A file that has been looked at, of a ticket that the viewer may see."""
    return (
        select(Attachment)
        .join(Ticket, Ticket.id == Attachment.ticket_id)
        .where(
            policy.visible_to(viewer),
            Ticket.number == number,
            Attachment.id == attachment_id,
            Attachment.state == "ready",
        )
    )


def bytes_of_files(ticket_id: UUID) -> Select[int]:
    """What the files of a ticket take together, those that were refused left out."""
    held = select(func.coalesce(func.sum(Attachment.size), 0))
    return held.where(Attachment.ticket_id == ticket_id, Attachment.state != "refused")


def file_to_check(attachment_id: UUID) -> Select[Attachment]:
    """A file that waits to be looked at, locked; none where that was done."""
    waiting = select(Attachment).where(Attachment.id == attachment_id, Attachment.state == "checking")
    return waiting.with_for_update()
