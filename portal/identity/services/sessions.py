"""Sessions: begun at sign-in, ended by their owner, by time, or by being one too many."""

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, inspect, select, update
from sqlalchemy.orm.attributes import flag_modified

from portal.core import audit, clock
from portal.core.tenancy.scope import Viewer, current_scope
from portal.core.web.cookies import Side, token_hash
from portal.core.web.edge import IDLE
from portal.extensions import db
from portal.identity import queries
from portal.identity.models import LoginSession, Membership, User

LIFE: Final[dict[Side, dt.timedelta]] = {"client": dt.timedelta(days=30), "msp": dt.timedelta(hours=24)}
"""How long a session lives however much it is used; `edge.IDLE` says how long it may lie unused."""
MOST: Final = 10
LONGEST_AGENT: Final = 300
TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """The browser that somebody signs in with. `token_hash`: of the session it had before, empty for none."""

    address: str
    agent: str
    token_hash: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """A new session and its token, which exists nowhere else."""

    session: LoginSession
    token: str

    @property
    def seconds(self) -> int:
        """How long the browser may keep it."""
        return int((self.session.expires_at - self.session.last_used_at).total_seconds())


def start_session(user: User, side: Side, membership_id: uuid.UUID | None, visit: Visit) -> Started:
    """Begin a session for a person who has proved who they are.

    The session that the browser had ends, so that a token from before is worthless;
    so do those that time has ended and, beyond ten, those unused for longest. The
    user's row is locked meanwhile: sign-ins at the same moment keep to ten as well.
    """
    now = clock.now()
    db.session.execute(select(User.id).where(User.id == user.id).with_for_update(key_share=True))
    _make_room(user, side, visit.token_hash, now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session = LoginSession(
        user_id=user.id,
        side=side,
        token_hash=token_hash(token),
        membership_id=membership_id,
        created_at=now,
        last_used_at=now,
        expires_at=now + LIFE[side],
        proved_at=now,
        address=visit.address,
        agent="".join(letter for letter in visit.agent if letter.isprintable())[:LONGEST_AGENT],
        country=db.session().info.get("origin", {}).get("country", ""),
    )
    db.session.add(session)
    if membership_id is not None:
        db.session.execute(update(Membership).where(Membership.id == membership_id).values(last_used_at=now))
    db.session.flush()
    return Started(session, token)


def _make_room(user: User, side: Side, former: str, now: dt.datetime) -> None:
    kept = 0
    mine = select(LoginSession).where(LoginSession.user_id == user.id)
    for each in db.session.execute(mine.order_by(LoginSession.last_used_at.desc())).scalars().all():
        is_over = each.expires_at <= now or each.last_used_at <= now - IDLE[side]
        is_here = bool(former) and former in {each.token_hash, each.former_hash}
        reason = "replaced" if is_here else "over" if is_over else "limit" if kept >= MOST - 1 else ""
        if reason:
            _end(each, reason)
        else:
            kept += 1


def renew_session(session: LoginSession) -> Started:
    """Give a session another token, since its person has just proved who they are anew; the one before is worthless."""
    started = another_token(session)
    session.proved_at = clock.now()
    audit.record("session.confirmed", session, side=session.side)
    db.session.flush()
    return started


def another_token(session: LoginSession) -> Started:
    """Give a session another token, since what its person signs in with has changed; the one before is worthless.

    Where others change what somebody may do, the edge of the next request does it (`portal/core/web/rotation.py`).
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.token_hash, session.former_until = token_hash(token), None
    # Written though it was empty when the row was read: another request may have had the token replaced meanwhile.
    flag_modified(session, "former_until")
    session.last_used_at = clock.now()
    db.session.flush()
    return Started(session, token)


def end_session(session: LoginSession, *, by: Viewer) -> None:
    """End one session at its owner's wish."""
    _end(session, "signed out" if session.id == by.session_id else "by its owner")


def end_other_sessions(*, by: Viewer) -> int:
    """End all sessions of the viewer but the one at hand; how many there were."""
    others = [each for each in db.session.execute(queries.own_sessions(by)).scalars() if each.id != by.session_id]
    for each in others:
        _end(each, "by its owner")
    return len(others)


def end_all_sessions(user_id: uuid.UUID, reason: str, *, but: str = "") -> int:
    """End every session of a user: the password changed, access was taken away. How many there were.

    `but`: hash of the token of the one that stays.
    """
    mine = select(LoginSession).where(LoginSession.user_id == user_id, LoginSession.token_hash != but)
    ended = db.session.execute(mine).scalars().all()
    for each in ended:
        _end(each, reason)
    return len(ended)


def end_views(parent_id: uuid.UUID, reason: str) -> None:
    """End what a session of the console has open of clients' portals."""
    opened = select(LoginSession).where(LoginSession.parent_id == parent_id)
    for each in db.session.execute(opened).scalars().all():
        _end(each, reason)


def _end(session: LoginSession, reason: str) -> None:
    if session in db.session.deleted or not inspect(session).persistent:
        return  # it ended with the session that it hung on
    if session.as_contact_id is None:
        audit.record("session.ended", session, side=session.side, reason=reason)
    else:
        _tell_of_left_portal(session, reason)
    db.session.delete(session)
    if session.side == "msp":
        end_views(session.id, "with the console's session")


def _tell_of_left_portal(session: LoginSession, reason: str) -> None:
    """Whose portal it was reads when somebody of the staff stopped looking on."""
    name = db.session.scalars(select(User.name).where(User.id == session.user_id)).one()
    audit.record(
        "portal.left", client_id=session.as_client_id, shown=True, staff=name, session=str(session.id), reason=reason
    )


def remove_ended_sessions(at: dt.datetime) -> None:
    """Remove what time has ended in the scope's tenant.

    It was no act, so no trail; but that somebody of the staff no longer looks on is told.
    """
    views = select(LoginSession).where(LoginSession.as_contact_id.is_not(None), LoginSession.expires_at <= at)
    for each in db.session.execute(views).scalars().all():
        _end(each, "over")
    for side, idle in IDLE.items():
        over = (LoginSession.expires_at <= at) | (LoginSession.last_used_at <= at - idle)
        db.session.execute(delete(LoginSession).where(LoginSession.side == side, over))


def own_session(viewer: Viewer) -> LoginSession | None:
    """The session at hand."""
    if viewer.session_id is None:
        return None
    found: LoginSession | None = db.session.execute(queries.own_session(viewer, viewer.session_id)).scalar_one_or_none()
    return found


def sign_out() -> None:
    """End the session at hand, if there is one."""
    viewer = current_scope()
    session = own_session(viewer)
    if session is not None:
        end_session(session, by=viewer)
