"""What an account may do: suspended by the MSP, locked by a rule or the staff, opened again; and portal access."""

from typing import Final, Literal

from sqlalchemy import ColumnElement, delete, select

from portal.clients.models import Client, Contact
from portal.core import audit
from portal.core.events.outbox import publish
from portal.core.tenancy.scope import Viewer, current_scope
from portal.extensions import db
from portal.identity.events import LinkAsked
from portal.identity.models import LoginSession, Membership, User
from portal.identity.services import mail_tokens, mailboxes
from portal.identity.services.people import State
from portal.identity.services.sessions import end_all_sessions

Reason = Literal["", "staff", "risk", "directory"]
REASONS: Final[dict[str, frozenset[str]]] = {
    "active": frozenset({""}),
    "pending": frozenset({""}),
    "suspended": frozenset({"staff", "directory"}),
    "locked": frozenset({"staff", "risk"}),
}
"""Who or what may bring an account into a state, and therefore lifts it."""


def set_state(user: User, state: State, reason: Reason = "", *, by: Viewer | None = None) -> None:
    """Suspend, lock or open an account, for the staff or the system. What isn't active has no session from now on.

    `reason`: staff, risk (a rule; proof of the mailbox lifts it, so a link is sent) or
    directory. Nobody changes the own account, and what a directory switched off only it
    switches on. Raises ValueError for a pair that doesn't exist, PermissionError.
    """
    if reason not in REASONS[state]:
        message = f"no account is {state} because of {reason or 'nothing'}"
        raise ValueError(message)
    if not current_scope().is_staff or (by is not None and by.user_id == user.id):
        message = "accounts are switched by the staff, and nobody's by its owner"
        raise PermissionError(message)
    old = {"state": user.state, "reason": user.state_reason}
    if old == {"state": state, "reason": reason}:
        return
    user.state, user.state_reason = state, reason
    if state != "active":
        end_all_sessions(user.id, state)
        mail_tokens.kill(user.id, mail_tokens.PROOFS)
    db.session.flush()
    mailboxes.note("user.state_changed", user, old=old, new={"state": state, "reason": reason})
    if mailboxes.is_locked_for_risk(user):
        publish(LinkAsked(user_id=user.id, purpose="unlocking"))


def set_contact_access(contact: Contact, *, is_on: bool) -> None:
    """Let a contact into the portal, or not; taken away, it ends the sessions at once."""
    if contact.portal_access == is_on:
        return
    contact.portal_access = is_on
    if not is_on:
        _end_seats(Membership.contact_id == contact.id)
    audit.record("portal_access.changed", contact, shown=True, old={"on": not is_on}, new={"on": is_on})
    db.session.flush()


def set_client_access(client: Client, *, is_on: bool) -> None:
    """The same for everybody of a client."""
    if client.portal_access == is_on:
        return
    client.portal_access = is_on
    if not is_on:
        _end_seats(Membership.client_id == client.id)
    audit.record(
        "portal_access.changed", client, client_id=client.id, shown=True, old={"on": not is_on}, new={"on": is_on}
    )
    db.session.flush()


def _end_seats(which: ColumnElement[bool]) -> None:
    """End the sessions in these seats; those that the same people have in other seats go on."""
    seats = select(Membership.id).where(which)
    db.session.execute(
        delete(LoginSession).where(LoginSession.membership_id.in_(seats)).execution_options(synchronize_session=False)
    )
