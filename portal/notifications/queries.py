"""Mails, as jobs and staff look for them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, true

from portal.core.tenancy.scope import Viewer
from portal.core.web.paging import ENOUGH
from portal.notifications.models import OutgoingMail

STATES = ("waiting", "sent", "failed")


def mail_by_key(key: str) -> Select[UUID]:
    """The id of the mail that tells this to this person, if it was written already."""
    return select(OutgoingMail.id).where(OutgoingMail.key == key)


def mail_lock(mail_id: UUID) -> Select[OutgoingMail]:
    """The mail, held until the end of the transaction, so that two runs or two clicks come one after another."""
    return select(OutgoingMail).where(OutgoingMail.id == mail_id).with_for_update()


def mails(viewer: Viewer, *, state: str | None = None) -> Select[*tuple[Any, ...]]:
    """Mails of the tenant without their texts, all or those in one state; the table is the staff's.

    The words of a mail are its reader's: the list says to whom and what became of it.
    """
    statement = select(
        OutgoingMail.id,
        OutgoingMail.created_at,
        OutgoingMail.template,
        OutgoingMail.recipient,
        OutgoingMail.recipient_name,
        OutgoingMail.subject,
        OutgoingMail.state,
        OutgoingMail.attempts,
        OutgoingMail.last_error,
        OutgoingMail.sent_at,
    )
    statement = statement.where(_of_own_clients(viewer))
    return statement if state is None else statement.where(OutgoingMail.state == state)


def mail_for(viewer: Viewer, mail_id: UUID) -> Select[OutgoingMail]:
    """A mail that the viewer finds in the list, held as by `mail_lock`."""
    return mail_lock(mail_id).where(_of_own_clients(viewer))


def _of_own_clients(viewer: Viewer) -> ColumnElement[bool]:
    """For who is held to some clients, the mails to their people: subjects and addresses tell of the others.

    The session filter can't say so: the table is the staff's, and not every mail has a client.
    """
    return true() if viewer.client_ids is None else OutgoingMail.client_id.in_(sorted(viewer.client_ids))


def mail_counts(_viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """How many mails wait and how many failed, counted no further than anybody is told; one row."""
    return select(*(_count(state).label(state) for state in ("waiting", "failed")))


def _count(state: str) -> Any:
    found = select(OutgoingMail.id).where(OutgoingMail.state == state).limit(ENOUGH).subquery()
    return select(func.count()).select_from(found).scalar_subquery()
