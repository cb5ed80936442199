"""What happens to mails."""

from uuid import UUID

from portal.core.events.declare import Event, event


@event("mail.requested", version=1)
class MailRequested(Event):
    """A mail was written, or is to leave once more, and waits to be sent."""

    mail_id: UUID


@event("mail.urgently_requested", version=1)
class UrgentMailRequested(Event):
    """The same for a mail that somebody waits for at a sign-in page: it is not queued behind others."""

    mail_id: UUID
