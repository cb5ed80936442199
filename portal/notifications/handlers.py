"""What reacts to a mail that was asked for."""

from portal.core.events.declare import handles
from portal.notifications.events import MailRequested, UrgentMailRequested
from portal.notifications.sending import send_mail

SECONDS = 45
"""Less than the minute after which the database ends an idle transaction: it idles while the mail leaves."""


@handles(MailRequested, queue="default", seconds=SECONDS)
def send(event: MailRequested) -> None:
    """Send a mail."""
    send_mail(event.mail_id)


@handles(UrgentMailRequested, queue="urgent", seconds=SECONDS)
def send_urgently(event: UrgentMailRequested) -> None:
    """Send a mail that somebody is waiting for."""
    send_mail(event.mail_id)
