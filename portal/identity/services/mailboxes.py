"""Whose mailbox is proven, and what that lifts."""

from typing import Any

from sqlalchemy import select

from portal.core import audit, clock
from portal.core.addresses import email_key
from portal.core.events.outbox import publish
from portal.extensions import db
from portal.identity.events import MailboxProven
from portal.identity.models import MailToken, Membership, User


def prove(user: User) -> None:
    """The person has used a link that was sent to their address.

    It makes a pending account active and lifts a lock that a risk rule set; what the
    staff or a directory decided stays as it is.
    """
    if user.verified_at is None:
        user.verified_at = clock.now()
    if user.state == "pending" or is_locked_for_risk(user):
        old = user.state
        user.state, user.state_reason = "active", ""
        note("user.state_changed", user, old={"state": old}, new={"state": "active"}, by="proof of mailbox")
    publish(MailboxProven(user_id=user.id))
    db.session.flush()


def is_locked_for_risk(user: User) -> bool:
    """Whether proof of the mailbox opens this account again."""
    return user.state == "locked" and user.state_reason == "risk"


def is_shut(user: User) -> bool:
    """Whether no proof of the mailbox opens this account: the staff or a directory shut it."""
    return user.state == "suspended" or (user.state == "locked" and not is_locked_for_risk(user))


def is_of(row: MailToken, user: User) -> bool:
    """Whether a link was sent to the address that the person has today."""
    return email_key(row.email) == user.email_key


def note(action: str, user: User, **facts: Any) -> None:
    """Write of a person to the trail: for a client's person once a client, whose Admins may read it."""
    clients = []
    if user.kind == "client":
        mine = select(Membership.client_id).where(Membership.user_id == user.id).order_by(Membership.client_id)
        clients = list(db.session.execute(mine).scalars())
    for client_id in clients:
        audit.record(action, user, client_id=client_id, shown=True, **facts)
    if not clients:
        audit.record(action, user, **facts)
