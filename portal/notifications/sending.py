"""Handing a written mail over to the way out, and keeping what came of it.

The outside world can't be rolled back, so the order is: count the try, lock the
row, hand the mail over, mark it. Should the process die between the last two, the
mail leaves once more with the same Message-ID, which is what tells a receiver
that it has it already. That moment is the only one in which a second copy arises.
"""

from uuid import UUID

import structlog

from portal.core import clock
from portal.core import mail as post
from portal.core.events import times
from portal.core.letter import Letter
from portal.core.tenancy.scope import current_scope
from portal.core.tenancy.session import transaction
from portal.extensions import db
from portal.notifications import queries
from portal.notifications.models import OutgoingMail

_log = structlog.get_logger(__name__)


def send_mail(mail_id: UUID) -> None:
    """Send a mail that wasn't sent yet. Called by a handler, in its transaction.

    What may pass is raised (MailTemporary), so that the delivery comes again; what
    won't is kept with the mail as its failure and not tried again. A mail that was
    given up and is replayed or resent is sent like any other.
    """
    if not _counted(mail_id):
        return
    mail = db.session.scalars(queries.mail_lock(mail_id)).one()
    if mail.state == "sent":
        return
    try:
        post.transport().send(letter_of(mail))
    except post.MailPermanent as error:
        mail.state, mail.last_error = "failed", str(error)
        _log.warning("mail.failed", mail=str(mail_id), reason=str(error))
    except post.MailTemporary as error:
        _note(mail_id, str(error))
        raise
    else:
        mail.state, mail.last_error, mail.sent_at = "sent", "", clock.now()
        _log.info("mail.sent", mail=str(mail_id), template=mail.template, attempts=mail.attempts)


def _counted(mail_id: UUID) -> bool:
    """Count the try in a transaction of its own, so that a run that is killed has counted. False: nothing to send."""
    with transaction(current_scope()) as session:
        mail = session.scalars(queries.mail_lock(mail_id)).one_or_none()
        if mail is None or mail.state == "sent":
            return False
        mail.attempts += 1
    return True


def _note(mail_id: UUID, reason: str) -> None:
    """Keep why it didn't leave this time; after the last try the mail counts as failed.

    The handler is about to raise, which undoes its transaction: ended here already, it
    lets go of the row, and the note is a transaction of its own.
    """
    db.session.rollback()
    with transaction(current_scope()) as session:
        mail = session.scalars(queries.mail_lock(mail_id)).one()
        mail.last_error = reason
        if is_given_up(mail):
            mail.state = "failed"


def is_given_up(mail: OutgoingMail) -> bool:
    """Whether as many tries were begun as a delivery has."""
    return mail.attempts >= times.current().tries


def letter_of(mail: OutgoingMail) -> Letter:
    """The mail as the way out takes it.

    One conversation is tied together by an id that stands for all of it and that no
    mail has itself. Precedence and X-Auto-Response-Suppress say to programs that
    don't know Auto-Submitted (RFC 3834) that absence notes are not wanted.
    """
    headers = {"Precedence": "bulk", "X-Auto-Response-Suppress": "OOF, AutoReply"}
    if mail.thread_id:
        headers |= {"In-Reply-To": mail.thread_id, "References": mail.thread_id}
    return Letter(
        message_id=mail.message_id,
        sender_name=mail.sender_name,
        sender=mail.sender,
        recipient_name=mail.recipient_name,
        recipient=mail.recipient,
        reply_to=mail.reply_to or None,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        headers=headers,
    )
