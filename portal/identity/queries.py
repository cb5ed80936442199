"""What signing in and the settings pages read."""

import datetime as dt
import uuid

from sqlalchemy import Select, select

from portal.core.tenancy.scope import Viewer
from portal.core.web.cookies import Side
from portal.core.web.edge import IDLE
from portal.identity.models import LoginSession, Membership, Password, Role, User

NOBODY = uuid.UUID(int=0)


def login(
    user_id: uuid.UUID | None, membership_id: uuid.UUID | None
) -> Select[User, Password | None, uuid.UUID | None]:
    """A user, the password if one is set, and the membership's client. For nobody the same statement finds nothing."""
    return (
        select(User, Password, Membership.client_id)
        .outerjoin(Password, (Password.tenant_id == User.tenant_id) & (Password.user_id == User.id))
        .outerjoin(
            Membership,
            (Membership.tenant_id == User.tenant_id)
            & (Membership.user_id == User.id)
            & (Membership.id == (membership_id or NOBODY)),
        )
        .where(User.id == (user_id or NOBODY))
    )


def person(viewer: Viewer) -> Select[User]:
    """The viewer's own user."""
    return select(User).where(User.id == viewer.user_id)


def own_sessions(viewer: Viewer) -> Select[LoginSession]:
    """The viewer's own sessions, living or not, the one used last first."""
    return (
        select(LoginSession)
        .where(LoginSession.user_id == viewer.user_id)
        .order_by(LoginSession.last_used_at.desc(), LoginSession.id)
    )


def living_sessions(viewer: Viewer, side: Side, at: dt.datetime) -> Select[LoginSession]:
    """The viewer's own sessions that would still be let in at this time."""
    return own_sessions(viewer).where(
        LoginSession.side == side, LoginSession.expires_at > at, LoginSession.last_used_at > at - IDLE[side]
    )


def own_session(viewer: Viewer, session_id: uuid.UUID) -> Select[LoginSession]:
    """One of the viewer's own sessions."""
    return select(LoginSession).where(LoginSession.user_id == viewer.user_id, LoginSession.id == session_id)


def role(side: str, key: str) -> Select[Role]:
    """The tenant's role of this key."""
    return select(Role).where(Role.side == side, Role.key == key)
