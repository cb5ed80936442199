"""Boards and what stands on them; tickets and their conversation."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, and_, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from portal.clients.models import Client, Contact, Site
from portal.core.db import Base, big_int, key_with_client, references, unique
from portal.core.tenancy.tables import ClientOwned, Shared, WithVisibility
from portal.identity.models import StaffProfile
from portal.tickets.rules import Category, Phase, State, Turn

ONE_AUTHOR = "num_nonnulls({0}_contact_id, {0}_user_id) = 1"
OPEN = text(f"phase <> '{Phase.DONE}'")
UNASSIGNED = text(f"phase <> '{Phase.DONE}' AND assignee_user_id IS NULL")
STAMPED = "(visibility = 'public') = (public_version IS NOT NULL)"


class Board(Shared, Base):
    """A queue of tickets with its own statuses."""

    __tablename__ = "boards"
    __table_args__ = (unique("name"),)

    name: Mapped[str]
    position: Mapped[int]
    is_default: Mapped[bool] = mapped_column(default=False)


class Status(Shared, Base):
    """A state of tickets on one board; `category` is what the product makes of it."""

    __tablename__ = "statuses"
    __table_args__ = (
        references("boards", board_id="id"),
        unique("board_id", "name"),
        UniqueConstraint("tenant_id", "board_id", "id"),
        CheckConstraint("category IN ('new', 'open', 'waiting', 'resolved', 'closed')", name="category"),
    )

    board_id: Mapped[uuid.UUID]
    name: Mapped[str]
    category: Mapped[str]
    position: Mapped[int]


class Priority(Shared, Base):
    """How urgent, in the staff's word and in the client's; rank 1 comes first."""

    __tablename__ = "priorities"
    __table_args__ = (unique("name"),)

    name: Mapped[str]
    client_label: Mapped[str]
    rank: Mapped[int]
    is_default: Mapped[bool] = mapped_column(default=False)


class Ticket(ClientOwned, Base):
    """A request for help. The words it was opened with are its first comment.

    `phase` follows from status and turn (`rules.phase`) and is stored because
    lists and counts are read by it. `version` and `touched_at` move with every
    change; `public_version` and `updated_at` only with what the client may see,
    so that an internal note leaves no trace on the client's side. `is_private`:
    only those named on it see it (see `policy.visible_to`).
    """

    __tablename__ = "tickets"
    __table_args__ = (
        key_with_client(),
        unique("number"),
        unique("submission_key"),
        references("clients", client_id="id"),
        references("boards", board_id="id"),
        references("statuses", board_id="board_id", status_id="id"),
        references("priorities", priority_id="id"),
        references("sites", client_id="client_id", site_id="id"),
        references("contacts", client_id="client_id", requester_contact_id="id"),
        references("contacts", client_id="client_id", opened_by_contact_id="id"),
        references("users", opened_by_user_id="id"),
        references("users", assignee_user_id="id"),
        CheckConstraint(ONE_AUTHOR.format("opened_by"), name="opened_by"),
        CheckConstraint("phase IN ('waiting_on_client', 'with_us', 'done')", name="phase"),
        CheckConstraint("turn IN ('client', 'us')", name="turn"),
        Index("ix_tickets_client", "tenant_id", "client_id", "updated_at", "id"),
        Index("ix_tickets_client_phase", "tenant_id", "client_id", "phase", "updated_at", "id"),
        Index("ix_tickets_queue", "tenant_id", "phase", "touched_at", "id"),
        Index("ix_tickets_open", "tenant_id", "touched_at", "id", postgresql_where=OPEN),
        Index("ix_tickets_assignee", "tenant_id", "assignee_user_id", "touched_at", "id", postgresql_where=OPEN),
        Index("ix_tickets_unassigned", "tenant_id", "touched_at", "id", postgresql_where=UNASSIGNED),
    )

    number: Mapped[int] = mapped_column(big_int)
    subject: Mapped[str]
    board_id: Mapped[uuid.UUID]
    status_id: Mapped[uuid.UUID]
    priority_id: Mapped[uuid.UUID]
    site_id: Mapped[uuid.UUID | None]
    requester_contact_id: Mapped[uuid.UUID]
    opened_by_contact_id: Mapped[uuid.UUID | None]
    opened_by_user_id: Mapped[uuid.UUID | None]
    assignee_user_id: Mapped[uuid.UUID | None]
    phase: Mapped[str]
    turn: Mapped[str | None]
    is_private: Mapped[bool] = mapped_column(default=False)
    public_version: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    submission_key: Mapped[uuid.UUID | None]
    opened_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
    touched_at: Mapped[dt.datetime]
    resolved_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]

    client: Mapped[Client] = relationship(
        primaryjoin=lambda: and_(Ticket.tenant_id == Client.tenant_id, Ticket.client_id == Client.id),
        foreign_keys=lambda: [Ticket.client_id], lazy="raise", viewonly=True,
    )  # fmt: skip
    board: Mapped[Board] = relationship(
        primaryjoin=lambda: and_(Ticket.tenant_id == Board.tenant_id, Ticket.board_id == Board.id),
        foreign_keys=lambda: [Ticket.board_id], lazy="raise", viewonly=True,
    )  # fmt: skip
    status: Mapped[Status] = relationship(
        primaryjoin=lambda: and_(Ticket.tenant_id == Status.tenant_id, Ticket.status_id == Status.id),
        foreign_keys=lambda: [Ticket.status_id], lazy="raise", viewonly=True,
    )  # fmt: skip
    priority: Mapped[Priority] = relationship(
        primaryjoin=lambda: and_(Ticket.tenant_id == Priority.tenant_id, Ticket.priority_id == Priority.id),
        foreign_keys=lambda: [Ticket.priority_id], lazy="raise", viewonly=True,
    )  # fmt: skip
    requester: Mapped[Contact] = relationship(
        primaryjoin=lambda: and_(Ticket.tenant_id == Contact.tenant_id, Ticket.requester_contact_id == Contact.id),
        foreign_keys=lambda: [Ticket.requester_contact_id], lazy="raise", viewonly=True,
    )  # fmt: skip
    site: Mapped[Site | None] = relationship(
        primaryjoin=lambda: and_(Ticket.tenant_id == Site.tenant_id, Ticket.site_id == Site.id),
        foreign_keys=lambda: [Ticket.site_id], lazy="raise", viewonly=True,
    )  # fmt: skip
    assignee: Mapped[StaffProfile | None] = relationship(
        primaryjoin=lambda: and_(
            Ticket.tenant_id == StaffProfile.tenant_id, Ticket.assignee_user_id == StaffProfile.user_id
        ),
        foreign_keys=lambda: [Ticket.assignee_user_id], lazy="raise", viewonly=True,
    )  # fmt: skip

    @property
    def state(self) -> State:
        """Category and turn, as the rules want them. The status must be loaded."""
        return State(Category(self.status.category), Turn(self.turn) if self.turn else None)

    @property
    def is_taken(self) -> bool:
        """Whether somebody has it or has begun on it: it isn't merely received. The status must be loaded."""
        return self.assignee_user_id is not None or self.status.category != Category.NEW

    def take_state(self, state: State, status: Status, *, at: dt.datetime) -> None:
        """Stand in this status from now on, with all that follows from it."""
        if state.is_done:
            self.resolved_at = self.resolved_at or at
            self.closed_at = at if state.category is Category.CLOSED else None
        else:
            self.resolved_at = self.closed_at = None
        self.status_id = status.id
        self.turn = state.turn
        self.phase = state.phase
        set_committed_value(self, "status", status)

    def give_to(self, colleague: StaffProfile | None) -> None:
        """Be worked on by this person of the staff, or by nobody."""
        self.assignee_user_id = colleague.user_id if colleague else None
        set_committed_value(self, "assignee", colleague)

    def rank_as(self, priority: Priority) -> None:
        """Be as urgent as this."""
        self.priority_id = priority.id
        set_committed_value(self, "priority", priority)

    def next_entry(self, *, at: dt.datetime, public: bool) -> dict[str, int | None]:
        """Move the versions on for an entry of the timeline; its stamps. The row must be locked."""
        self.version += 1
        self.touched_at = at
        if public:
            self.public_version += 1
            self.updated_at = at
        return {"version": self.version, "public_version": self.public_version if public else None}


class Entry:
    """What stands in a ticket's timeline: it made the ticket's `version`, and if public its `public_version`.

    The order of the timeline is that of the versions, which the ticket's row lock
    gives out one by one; clocks of several servers may differ.
    """

    version: Mapped[int]
    public_version: Mapped[int | None]


class TicketPerson(ClientOwned, Base):
    """A contact who takes part in a ticket and may therefore see it."""

    __tablename__ = "ticket_people"
    __table_args__ = (
        references("tickets", client_id="client_id", ticket_id="id"),
        references("contacts", client_id="client_id", contact_id="id"),
        unique("ticket_id", "contact_id"),
        Index("ix_ticket_people_contact", "tenant_id", "client_id", "contact_id", "ticket_id"),
        CheckConstraint("part IN ('requester', 'follower', 'affected')", name="part"),
    )

    ticket_id: Mapped[uuid.UUID]
    contact_id: Mapped[uuid.UUID]
    part: Mapped[str]
    created_at: Mapped[dt.datetime]

    contact: Mapped[Contact] = relationship(
        primaryjoin=lambda: and_(TicketPerson.tenant_id == Contact.tenant_id, TicketPerson.contact_id == Contact.id),
        foreign_keys=lambda: [TicketPerson.contact_id], lazy="raise", viewonly=True,
    )  # fmt: skip


class Comment(Entry, WithVisibility, ClientOwned, Base):
    """A letter in the conversation, or, where internal, a note among the staff."""

    __tablename__ = "comments"
    __table_args__ = (
        references("tickets", client_id="client_id", ticket_id="id"),
        references("contacts", client_id="client_id", author_contact_id="id"),
        references("users", author_user_id="id"),
        UniqueConstraint("tenant_id", "client_id", "ticket_id", "visibility", "id"),
        unique("submission_key"),
        CheckConstraint(ONE_AUTHOR.format("author"), name="author"),
        CheckConstraint("visibility IN ('public', 'internal')", name="visibility"),
        CheckConstraint("visibility = 'public' OR author_user_id IS NOT NULL", name="note_by_staff"),
        CheckConstraint(STAMPED, name="stamped"),
        unique("ticket_id", "version"),
    )

    ticket_id: Mapped[uuid.UUID]
    author_contact_id: Mapped[uuid.UUID | None]
    author_user_id: Mapped[uuid.UUID | None]
    body: Mapped[str]
    submission_key: Mapped[uuid.UUID | None]
    created_at: Mapped[dt.datetime]
    edited_at: Mapped[dt.datetime | None]

    contact: Mapped[Contact | None] = relationship(
        primaryjoin=lambda: and_(Comment.tenant_id == Contact.tenant_id, Comment.author_contact_id == Contact.id),
        foreign_keys=lambda: [Comment.author_contact_id], lazy="raise", viewonly=True,
    )  # fmt: skip
    staff: Mapped[StaffProfile | None] = relationship(
        primaryjoin=lambda: and_(
            Comment.tenant_id == StaffProfile.tenant_id, Comment.author_user_id == StaffProfile.user_id
        ),
        foreign_keys=lambda: [Comment.author_user_id], lazy="raise", viewonly=True,
    )  # fmt: skip
    attachments: Mapped[list["Attachment"]] = relationship(
        primaryjoin=lambda: and_(Comment.tenant_id == Attachment.tenant_id, Comment.id == Attachment.comment_id),
        foreign_keys=lambda: [Attachment.comment_id], order_by=lambda: Attachment.id, lazy="raise", viewonly=True,
    )  # fmt: skip


class TicketChange(Entry, WithVisibility, ClientOwned, Base):
    """One grey line of the timeline: what happened, from what to what, by whom or by which rule.

    `kind` is one of `rules.Happening`. Neither person is set when the product
    itself acted; `cause` then says why.
    """

    __tablename__ = "ticket_changes"
    __table_args__ = (
        references("tickets", client_id="client_id", ticket_id="id"),
        references("contacts", client_id="client_id", by_contact_id="id"),
        references("users", by_user_id="id"),
        CheckConstraint("num_nonnulls(by_contact_id, by_user_id) <= 1", name="actor"),
        CheckConstraint("visibility IN ('public', 'internal')", name="visibility"),
        CheckConstraint(STAMPED, name="stamped"),
        unique("ticket_id", "version"),
    )

    ticket_id: Mapped[uuid.UUID]
    by_contact_id: Mapped[uuid.UUID | None]
    by_user_id: Mapped[uuid.UUID | None]
    kind: Mapped[str]
    old_value: Mapped[str] = mapped_column(default="")
    new_value: Mapped[str] = mapped_column(default="")
    cause: Mapped[str] = mapped_column(default="")
    created_at: Mapped[dt.datetime]

    contact: Mapped[Contact | None] = relationship(
        primaryjoin=lambda: and_(TicketChange.tenant_id == Contact.tenant_id, TicketChange.by_contact_id == Contact.id),
        foreign_keys=lambda: [TicketChange.by_contact_id], lazy="raise", viewonly=True,
    )  # fmt: skip
    staff: Mapped[StaffProfile | None] = relationship(
        primaryjoin=lambda: and_(
            TicketChange.tenant_id == StaffProfile.tenant_id, TicketChange.by_user_id == StaffProfile.user_id
        ),
        foreign_keys=lambda: [TicketChange.by_user_id], lazy="raise", viewonly=True,
    )  # fmt: skip


class Attachment(WithVisibility, ClientOwned, Base):
    """A file of a comment; the foreign key makes it as visible as the comment, no more.

    `blob_key` names the stored bytes. Until a job has looked at them (`checking`)
    nobody can fetch them; a refused file keeps its name and the reason.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        references("comments", client_id="client_id", ticket_id="ticket_id", visibility="visibility", comment_id="id"),
        CheckConstraint("state IN ('checking', 'ready', 'refused')", name="state"),
        Index("ix_attachments_comment", "tenant_id", "comment_id"),
        Index("ix_attachments_ticket", "tenant_id", "ticket_id"),
    )

    ticket_id: Mapped[uuid.UUID]
    comment_id: Mapped[uuid.UUID]
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(big_int)
    blob_key: Mapped[str]
    thumbnail_key: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    state: Mapped[str] = mapped_column(default="checking")
    refusal: Mapped[str] = mapped_column(default="")
    created_at: Mapped[dt.datetime]
