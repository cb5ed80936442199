"""One person at several companies: which one the session is at."""

from uuid import UUID

from sqlalchemy import select, update

from portal.core import audit, clock
from portal.core.tenancy import doors
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.identity.models import LoginSession, Membership
from portal.identity.services.sessions import Started, another_token


class NotOnesSeat(LookupError):
    """The person may not come in there: it is another's seat, or out of force."""


def take_seat(membership_id: UUID, *, by: Viewer) -> Started:
    """Let the session at hand be at another of the person's companies, under another token. Raises NotOnesSeat."""
    if by.staff_user_id is not None or membership_id not in {seat_id for seat_id, _ in doors.own_seats()}:
        raise NotOnesSeat
    session = db.session.execute(select(LoginSession).where(LoginSession.id == by.session_id)).scalar_one()
    audit.record("session.moved", session, shown=True, old={"seat": str(session.membership_id)},
                 new={"seat": str(membership_id)})  # fmt: skip
    session.membership_id, session.privileges = membership_id, None
    started = another_token(session)
    mine = update(Membership).where(Membership.id == membership_id, Membership.user_id == by.user_id)
    db.session.execute(mine.values(last_used_at=clock.now()).execution_options(synchronize_session=False))
    return started
