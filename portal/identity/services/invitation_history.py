"""What happened to the invitations of a seat or of a colleague, one after another."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func
from sqlalchemy.orm import aliased

from portal.clients.models import Contact
from portal.core import clock
from portal.extensions import db
from portal.identity.models import MailToken, Membership, StaffProfile, User
from portal.identity.services import invitations

What = Literal["sent", "sent_again", "accepted", "revoked", "expired", "ended"]
"""`ended`: the link died with something else, such as a change of the mail address."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to an invitation. `by`: who did it, empty where nobody did or the viewer may not know.

    `until`: how long a link that was sent is good, None once it isn't any more.
    """

    what: What
    at: dt.datetime
    by: str = ""
    email: str = ""
    until: dt.datetime | None = None


def of(invited: Membership | User) -> list[Happening]:
    """All of it, the newest first, by one statement. Names are those that the viewer knows people by."""
    rows = db.session.execute(_rows(invited)).all()
    found: list[Happening] = []
    for place, row in enumerate(rows):
        found += _told(row, rows[place + 1].MailToken if place + 1 < len(rows) else None, is_first=place == 0)
    return found[::-1]


def _rows(invited: Membership | User) -> Select[*tuple[Any, ...]]:
    """The links with the names of who sent and who revoked each: a colleague's, or a contact's at this client."""
    statement: Select[*tuple[Any, ...]] = invitations.history(invited).order_by(None)
    for column, name in ((MailToken.by_user_id, "by"), (MailToken.revoked_by_user_id, "revoked_by")):
        staff, seat, contact = aliased(StaffProfile), aliased(Membership), aliased(Contact)
        called: ColumnElement[str] = func.coalesce(staff.display_name, contact.name, "")
        statement = (
            statement.add_columns(called.label(name))
            .outerjoin(staff, staff.user_id == column)
            .outerjoin(seat, (seat.user_id == column) & (seat.client_id == MailToken.client_id))
            .outerjoin(contact, contact.id == seat.contact_id)
        )
    return statement.order_by(MailToken.created_at, MailToken.id)


def _told(row: Any, following: MailToken | None, *, is_first: bool) -> Sequence[Happening]:
    link: MailToken = row.MailToken
    ended = _end(link, row.revoked_by, following)
    is_open = following is None and not ended
    sent = Happening(
        "sent" if is_first else "sent_again", link.created_at, row.by, link.email,
        until=link.expires_at if is_open else None,
    )  # fmt: skip
    return (sent, *ended)


def _end(link: MailToken, revoked_by: str, following: MailToken | None) -> Sequence[Happening]:
    """How a link ended, if it did; one that a later link took the place of while it was good just stops."""
    if link.used_at is not None:
        return (Happening("accepted", link.used_at),)
    if link.revoked_at is not None and link.revoked_by_user_id is not None:
        return (Happening("revoked", link.revoked_at, revoked_by),)
    if link.expires_at <= (following.created_at if following is not None else clock.business_now()):
        return (Happening("expired", link.expires_at),)
    if link.revoked_at is not None and following is None:
        return (Happening("ended", link.revoked_at),)
    return ()
