"""What happens to tickets. Ids and facts only; whoever reacts reads the rows under the scope that may."""

from uuid import UUID

from portal.core.events.declare import Event, event


@event("ticket.opened", version=1)
class TicketOpened(Event):
    """A ticket was opened; the comment holds the words it was opened with."""

    ticket_id: UUID
    comment_id: UUID
    by_contact_id: UUID | None = None
    by_user_id: UUID | None = None


@event("ticket.commented", version=1)
class TicketCommented(Event):
    """Somebody wrote what the client may read. `reopened`: the reply reopened a ticket that was done."""

    ticket_id: UUID
    comment_id: UUID
    by_contact_id: UUID | None = None
    by_user_id: UUID | None = None
    reopened: bool = False


@event("ticket.noted", version=1)
class TicketNoted(Event):
    """The staff wrote an internal note."""

    ticket_id: UUID
    comment_id: UUID
    by_user_id: UUID | None = None


@event("ticket.status_changed", version=1)
class TicketStatusChanged(Event):
    """A ticket stands in another status, whatever moved it; `cause` is one of `rules.Cause`."""

    ticket_id: UUID
    old_status_id: UUID
    new_status_id: UUID
    old_category: str
    new_category: str
    cause: str
    by_contact_id: UUID | None = None
    by_user_id: UUID | None = None


@event("ticket.turn_changed", version=1)
class TicketTurnChanged(Event):
    """It is somebody else's turn, or nobody's (None); `cause` is one of `rules.Cause`."""

    ticket_id: UUID
    old_turn: str | None
    new_turn: str | None
    cause: str


@event("ticket.resolved", version=1)
class TicketResolved(Event):
    """Client or staff say that it is solved, by button or by status."""

    ticket_id: UUID
    by_contact_id: UUID | None = None
    by_user_id: UUID | None = None


@event("ticket.reopened", version=1)
class TicketReopened(Event):
    """A ticket that was done is open again; a reply that reopens tells of both."""

    ticket_id: UUID
    by_contact_id: UUID | None = None
    by_user_id: UUID | None = None


@event("ticket.assigned", version=1)
class TicketAssigned(Event):
    """A ticket was given to somebody of the staff, or taken from everybody (None)."""

    ticket_id: UUID
    old_user_id: UUID | None
    new_user_id: UUID | None
    by_user_id: UUID | None = None


@event("ticket.person_named", version=1)
class TicketPersonNamed(Event):
    """A contact of the client takes part in a ticket from now on, or in another way than before."""

    ticket_id: UUID
    contact_id: UUID
    by_user_id: UUID | None = None


@event("ticket.priority_changed", version=1)
class TicketPriorityChanged(Event):
    """A ticket is more or less urgent than it was."""

    ticket_id: UUID
    old_priority_id: UUID
    new_priority_id: UUID
    by_user_id: UUID | None = None


@event("ticket.file_added", version=1)
class TicketFileAdded(Event):
    """A file hangs on a comment and waits to be looked at before anybody may fetch it."""

    ticket_id: UUID
    attachment_id: UUID
