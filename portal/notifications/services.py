"""Telling one person one thing, once."""

from sqlalchemy.exc import IntegrityError

from portal.core import audit, clock
from portal.core.events.outbox import publish
from portal.core.ids import new_id
from portal.core.tenancy.scope import Reach, current_scope
from portal.extensions import db
from portal.notifications import queries
from portal.notifications.events import MailRequested, UrgentMailRequested
from portal.notifications.letters import Letter, letter_named
from portal.notifications.models import OutgoingMail
from portal.notifications.readers import Reader
from portal.notifications.render import Correspondence, Words, correspondence, one_line, written
from portal.notifications.sending import is_given_up


class NotTheSystem(RuntimeError):
    """Somebody tried to write to others in their own name; mails are written by jobs."""


class MailStillWaiting(Exception):
    """The mail has not been given up yet; it will be tried again by itself."""


def notify(reader: Reader, template: str, *, key: object, thread: str = "", **facts: object) -> OutgoingMail | None:
    """Write one mail to one person about one thing, and ask for it to be sent.

    `key` names what happened, usually the event's id; with template and reader it is
    unique, so that a second run writes nothing. `thread` names the conversation the
    mail belongs to. `facts` are ids: the letter loads the rest under the reader's
    scope. None: it was written before, or has nothing that this reader may see.
    Raises NotTheSystem, UnknownLetter.
    """
    if current_scope().reach is not Reach.SYSTEM:
        raise NotTheSystem
    letter = letter_named(template)
    whole_key = f"{key}:{template}:{reader.key}"
    if not reader.email or db.session.execute(queries.mail_by_key(whole_key)).first() is not None:
        return None
    house = correspondence(reader)
    words = written(letter, reader, house, facts)
    if words is None:
        return None
    mail = _mail(letter, reader, house, words, key=whole_key, thread=thread)
    if not _kept(mail):
        return None
    _request(mail)
    return mail


def _mail(
    letter: Letter, reader: Reader, house: Correspondence, words: Words, *, key: str, thread: str
) -> OutgoingMail:
    mail_id = new_id()
    scope = reader.scope
    return OutgoingMail(
        id=mail_id,
        key=key,
        template=letter.name,
        client_id=scope.client_id,
        contact_id=scope.contact_id,
        user_id=scope.user_id,
        recipient=reader.email,
        recipient_name=one_line(reader.name),
        sender=house.sender,
        sender_name=one_line(house.tenant.display_name),
        reply_to=house.tenant.support_email,
        subject=words.subject,
        text=words.text,
        html=words.html,
        message_id=f"<{mail_id}@{house.host}>",
        thread_id=f"<{thread}@{house.host}>" if thread else "",
        is_urgent=letter.is_urgent,
        state="waiting",
        attempts=0,
        last_error="",
        created_at=clock.now(),
    )


def _kept(mail: OutgoingMail) -> bool:
    """Write the row, in a savepoint; False where another run of the same handler was quicker."""
    try:
        with db.session.begin_nested():
            db.session.add(mail)
    except IntegrityError:
        if db.session.execute(queries.mail_by_key(mail.key)).first() is None:
            raise
        return False
    return True


def _request(mail: OutgoingMail) -> None:
    event = UrgentMailRequested if mail.is_urgent else MailRequested
    publish(event(mail_id=mail.id))


def resend_mail(mail: OutgoingMail) -> None:
    """Have a mail sent once more: one that was given up, or one that never arrived although it was sent.

    The row must be locked (`queries.mail_lock`), so that two clicks make one copy. A
    copy that is wanted gets an id of its own, or mail programs would drop it as the
    duplicate that the old id says it is. Raises MailStillWaiting.
    """
    if mail.state == "waiting" and not is_given_up(mail):
        raise MailStillWaiting
    old = {"state": mail.state, "attempts": mail.attempts}
    if mail.state == "sent":
        mail.message_id = f"<{new_id()}@{mail.message_id.rstrip('>').rpartition('@')[2]}>"
    mail.state, mail.attempts, mail.last_error, mail.sent_at = "waiting", 0, "", None
    _request(mail)
    audit.record("mail.resent", mail, old=old, new={"state": mail.state})
