"""Private tickets that somebody of the staff reads without being named on them: the trail tells it.

Whoever gives tickets out has to see them all, or nobody would be given a private one
(`ticket:private`). That it is seen is no secret: the client's Admins read who of the
staff opened one (docs/adr/0022). Once a day for each person and ticket, however often
and by whatever address it is opened.
"""

import datetime as dt
from typing import Final

from sqlalchemy import select

from portal.core import audit, clock
from portal.core.audit import AuditEntry
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.tickets import policy
from portal.tickets.models import Ticket

READ: Final = "ticket.private_read"
ONCE_IN: Final = dt.timedelta(days=1)


def note_reading(viewer: Viewer, ticket: Ticket) -> None:
    """Write down that the viewer reads this ticket, where they do so by `ticket:private` alone.

    One look-up in an index more for such a reading, and nothing for any other.
    """
    if not viewer.is_staff or not ticket.is_private or policy.is_given(viewer, ticket):
        return
    lately = select(AuditEntry.id).where(
        AuditEntry.object_kind == Ticket.__tablename__,
        AuditEntry.object_id == ticket.id,
        AuditEntry.action == READ,
        AuditEntry.user_id == viewer.user_id,
        AuditEntry.at > clock.now() - ONCE_IN,
    )
    if db.session.execute(lately.limit(1)).first() is None:
        audit.record("ticket.private_read", ticket, shown=True)


def note_reading_of(viewer: Viewer, number: int) -> None:
    """The same for what is served without its ticket: a file. Only those who hold the permission cost a statement."""
    if not viewer.is_staff or not viewer.may(policy.PRIVATE):
        return
    private = select(Ticket).where(policy.visible_to(viewer), Ticket.number == number, Ticket.is_private)
    ticket = db.session.execute(private).scalar_one_or_none()
    if ticket is not None:
        note_reading(viewer, ticket)
