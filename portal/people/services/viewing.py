"""*Open portal as…*: somebody of the staff sees the portal as a client's person does.

It is a session of the client side that belongs to the member of the staff, hangs on
their console session and lives half an hour. The door gives it the person's view
without what it may not touch; both sides read in the trail when it began and ended.
"""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from portal.clients.models import Client, Contact
from portal.core import audit, clock
from portal.core.ids import new_id
from portal.core.tenancy import doors
from portal.core.tenancy.scope import Viewer
from portal.core.web.cookies import token_hash
from portal.extensions import db
from portal.identity.models import LoginSession
from portal.identity.services.sessions import LONGEST_AGENT, TOKEN_BYTES, Visit, end_views

LIFE: Final = dt.timedelta(minutes=30)


class NobodyThere(Exception):
    """The company or the person is no longer active: there is nothing that they would see."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session to look on through, and its token, which exists nowhere else."""

    session: LoginSession
    token: str
    seconds: int = int(LIFE.total_seconds())


def open_portal(client: Client, contact: Contact, *, by: Viewer, staff: str, visit: Visit) -> Opened:
    """Let the viewer see the portal as this contact; what the same console session had open ends.

    `staff` is the name that the client reads in its trail. Raises NobodyThere.
    """
    if not (client.is_active and contact.is_active):
        raise NobodyThere
    if by.session_id is not None:
        end_views(by.session_id, "replaced")
    now = clock.now()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session = LoginSession(
        id=new_id(),
        user_id=by.user_id,
        side="client",
        token_hash=token_hash(token),
        as_client_id=client.id,
        as_contact_id=contact.id,
        parent_id=by.session_id,
        created_at=now,
        last_used_at=now,
        expires_at=now + LIFE,
        address=visit.address,
        agent="".join(letter for letter in visit.agent if letter.isprintable())[:LONGEST_AGENT],
    )
    db.session.add(session)
    audit.record("portal.opened", contact, shown=True, staff=staff, contact=contact.name, session=str(session.id))
    return Opened(session, token)


def leave_portal(*, by: Viewer, staff: str) -> int | None:
    """Stop looking on; the number of the client whose portal it was, None where nobody looks on."""
    if by.staff_user_id is None or by.session_id is None:
        return None
    doors.leave(by.session_id)
    audit.record("portal.left", shown=True, staff=staff, session=str(by.session_id), reason="by hand")
    number: int | None = db.session.scalars(select(Client.number).where(Client.id == by.client_id)).one_or_none()
    return number
