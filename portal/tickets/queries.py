"""Tickets and their parts, as a viewer may see them. Nothing here is executed."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, null, select, union_all
from sqlalchemy.orm import joinedload

from portal.clients.models import Client, Contact, Site
from portal.core.tenancy.scope import Viewer
from portal.core.web.paging import ENOUGH, first
from portal.identity.models import StaffProfile
from portal.tickets import policy
from portal.tickets.models import (
    Attachment,
    Board,
    Comment,
    Entry,
    Priority,
    Status,
    Ticket,
    TicketChange,
    TicketPerson,
)
from portal.tickets.rules import Phase

Rows = Select[*tuple[Any, ...]]
"""A statement of columns, whose rows a page reads by name."""
PHASES = {phase: literal(phase.value, literal_execute=True) for phase in Phase}
"""Written into the statement itself: one plan can't serve phases of so different size, and a partial index is found
only where its condition is no parameter."""
DONE = PHASES[Phase.DONE]

RECENT = 5
"""How many other tickets of the client stand beside one."""
VIEWS = ("open", "mine", "unassigned", "waiting", "done")
"""The views of the staff's queue."""


def tickets(viewer: Viewer) -> Select[Ticket]:
    """Tickets that the viewer may see, newest public activity first."""
    return select(Ticket).where(policy.visible_to(viewer)).order_by(Ticket.updated_at.desc(), Ticket.id.desc())


def ticket(viewer: Viewer, number: int) -> Select[Ticket]:
    """One ticket with what its page says about it."""
    facts = [
        joinedload(Ticket.status, innerjoin=True),
        joinedload(Ticket.priority, innerjoin=True),
        joinedload(Ticket.requester, innerjoin=True),
        joinedload(Ticket.assignee),
        joinedload(Ticket.site),
    ]
    if viewer.is_staff:
        facts += [joinedload(Ticket.board, innerjoin=True), joinedload(Ticket.client, innerjoin=True)]
    return select(Ticket).options(*facts).where(policy.visible_to(viewer), Ticket.number == number)


def ticket_lock(viewer: Viewer, number: int) -> Select[UUID]:
    """The same ticket's lock, held until the transaction ends, so that changes come one after another.

    Alone, before the ticket is read: PostgreSQL looks at a row again when it had
    to wait for it, but not at the rows joined to it, and drops it where these no
    longer fit.
    """
    return ticket_id(viewer, number).with_for_update(of=Ticket)


def ticket_id(viewer: Viewer, number: int) -> Select[UUID]:
    """The id alone of a ticket that the viewer may see."""
    return select(Ticket.id).where(policy.visible_to(viewer), Ticket.number == number)


def ticket_version(viewer: Viewer, number: int) -> Select[int]:
    """The version that polling compares: of what this viewer can read."""
    column = Ticket.version if viewer.is_staff else Ticket.public_version
    return select(column).where(policy.visible_to(viewer), Ticket.number == number)


def submitted_ticket(key: UUID) -> Select[Ticket]:
    """The ticket that this form has already made."""
    return select(Ticket).where(Ticket.submission_key == key)


def submitted_comment(key: UUID) -> Select[Comment]:
    """The comment that this form has already made."""
    return select(Comment).where(Comment.submission_key == key)


def client_list(viewer: Viewer, phase: Phase) -> Rows:
    """Rows of the client's list: the tickets of one phase."""
    return (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.subject,
            Ticket.phase,
            Ticket.updated_at,
            Ticket.requester_contact_id,
            Contact.name.label("requester"),
            StaffProfile.display_name.label("assignee"),
        )
        .join(Contact, Contact.id == Ticket.requester_contact_id)
        .outerjoin(StaffProfile, StaffProfile.user_id == Ticket.assignee_user_id)
        .where(policy.visible_to(viewer), Ticket.phase == PHASES[phase])
    )


def queue(viewer: Viewer, view: str) -> Rows:
    """Rows of the staff's queue: one view."""
    return (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.subject,
            Ticket.phase,
            Ticket.turn,
            Ticket.touched_at,
            Client.name.label("client"),
            Contact.name.label("requester"),
            Status.name.label("status"),
            Priority.name.label("priority"),
            Priority.rank,
            StaffProfile.display_name.label("assignee"),
        )
        .join(Client, Client.id == Ticket.client_id)
        .join(Contact, Contact.id == Ticket.requester_contact_id)
        .join(Status, Status.id == Ticket.status_id)
        .join(Priority, Priority.id == Ticket.priority_id)
        .outerjoin(StaffProfile, StaffProfile.user_id == Ticket.assignee_user_id)
        .where(policy.visible_to(viewer), *_in_view(viewer, view))
    )


def _in_view(viewer: Viewer, view: str) -> list[ColumnElement[bool]]:
    return {
        "open": [Ticket.phase != DONE],
        "mine": [Ticket.phase != DONE, Ticket.assignee_user_id == viewer.user_id],
        "unassigned": [Ticket.phase != DONE, Ticket.assignee_user_id.is_(None)],
        "waiting": [Ticket.phase == PHASES[Phase.WAITING_ON_CLIENT]],
        "done": [Ticket.phase == DONE],
    }[view]


def phase_counts(viewer: Viewer) -> Rows:
    """How many tickets each phase holds, counted no further than anybody is told; one row."""
    counts = ((phase, _count(viewer, [Ticket.phase == PHASES[phase]], Ticket.updated_at)) for phase in Phase)
    return select(*(count.label(phase.value) for phase, count in counts))


def queue_counts(viewer: Viewer) -> Rows:
    """How many tickets each view of the queue holds, likewise."""
    counts = ((view, _count(viewer, _in_view(viewer, view), Ticket.touched_at)) for view in VIEWS)
    return select(*(count.label(view) for view, count in counts))


def _count(viewer: Viewer, conditions: list[ColumnElement[bool]], order: Any) -> Any:
    # In the list's own order, so that its index is read and not the table, wherever the rows may lie in it.
    matching = select(Ticket.id).where(policy.visible_to(viewer), *conditions)
    found = matching.order_by(order.desc(), Ticket.id.desc()).limit(first(ENOUGH)).subquery()
    return select(func.count()).select_from(found).scalar_subquery()


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


def people(ticket_id: UUID) -> Rows:
    """Who takes part in a ticket that the viewer has already been given."""
    return (
        select(Contact.id, Contact.name, Contact.title, Contact.email, Contact.phone, TicketPerson.part)
        .join(Contact, Contact.id == TicketPerson.contact_id)
        .where(TicketPerson.ticket_id == ticket_id)
        .order_by(TicketPerson.created_at, TicketPerson.id)
    )


def beside(viewer: Viewer, ticket: Ticket) -> Rows:
    """What stands beside a ticket for the staff: who takes part, and the client's latest other tickets."""
    recent = (
        select(Ticket)
        .where(policy.visible_to(viewer), Ticket.client_id == ticket.client_id, Ticket.id != ticket.id)
        .order_by(Ticket.updated_at.desc(), Ticket.id.desc())
        .limit(first(RECENT))
        .subquery()
    )
    found = union_all(
        select(
            literal("person").label("kind"), Contact.id, Contact.name, TicketPerson.part.label("words"),
            literal(0).label("number"), TicketPerson.created_at.label("at"),
        )
        .join(Contact, Contact.id == TicketPerson.contact_id)
        .where(TicketPerson.ticket_id == ticket.id),
        select(literal("ticket"), recent.c.id, recent.c.subject, recent.c.phase, recent.c.number, recent.c.updated_at),
    ).subquery("beside")  # fmt: skip
    return select(found).order_by(found.c.kind, found.c.number.desc(), found.c.at, found.c.id)


def colleague(user_id: UUID) -> Select[StaffProfile]:
    """Somebody of the staff to whom tickets can be given."""
    return select(StaffProfile).where(StaffProfile.is_active, StaffProfile.user_id == user_id)


def priority(priority_id: UUID) -> Select[Priority]:
    """One priority."""
    return select(Priority).where(Priority.id == priority_id)


def statuses(board_id: UUID) -> Select[Status]:
    """The statuses of a board, in its order."""
    return select(Status).where(Status.board_id == board_id).order_by(Status.position, Status.id)


def status(board_id: UUID, status_id: UUID) -> Select[Status]:
    """One status of a board."""
    return select(Status).where(Status.board_id == board_id, Status.id == status_id)


def status_for(board_id: UUID, category: str) -> Select[Status]:
    """The status a board uses for a category: the first of it."""
    return statuses(board_id).where(Status.category == category).limit(first(1))


def default_board() -> Select[Board]:
    """The board of tickets that name none."""
    return select(Board).where(Board.is_default).order_by(Board.position, Board.id).limit(first(1))


def choices(board_id: UUID | None = None) -> Rows:
    """Everything a form offers, in one statement: (kind, id, name, words, is_default), in order.

    Clients choose among priorities, sites of theirs and boards; staff, on a
    ticket of `board_id`, among priorities, statuses and colleagues.
    """
    arms = [_choice("priority", Priority.id, Priority.name, Priority.client_label, Priority.rank, Priority.is_default)]
    if board_id is None:
        arms.append(_choice("site", Site.id, Site.name, Site.city, null(), literal(False)))  # noqa: FBT003  # a column
        arms.append(_choice("board", Board.id, Board.name, literal(""), Board.position, Board.is_default))
    else:
        of_board = _choice("status", Status.id, Status.name, Status.category, Status.position, literal(False))  # noqa: FBT003  # a column
        arms.append(of_board.where(Status.board_id == board_id))
        colleague = _choice("colleague", StaffProfile.user_id, StaffProfile.display_name, StaffProfile.title, null(),
                            literal(False))  # fmt: skip  # noqa: FBT003  # a column
        arms.append(colleague.where(StaffProfile.is_active))
    found = union_all(*arms).subquery("choices")
    return select(found).order_by(found.c.kind, found.c.place, found.c.name, found.c.id)


def _choice(kind: str, *columns: Any) -> Rows:
    names = ("id", "name", "words", "place", "is_default")
    return select(
        literal(kind).label("kind"), *(column.label(name) for column, name in zip(columns, names, strict=True))
    )
