"""Asking for access: written down for the staff, who invite or refuse. Nothing happens by itself."""

import uuid

from sqlalchemy import Select, select

from portal.core import audit, clock
from portal.core.addresses import email_key
from portal.core.events.outbox import publish
from portal.core.ids import new_id
from portal.core.tenancy.scope import Viewer
from portal.core.text import line, tidy
from portal.extensions import db
from portal.identity import mail_throttle, throttle
from portal.identity.events import AccessRequested
from portal.identity.models import AccessRequest, Membership, Role
from portal.identity.services.invitations import Invitee, invite_client_person


class DecidedAlready(ValueError):
    """A colleague was quicker."""


def ask_for_access(*, name: str, email: str, company: str, message: str, address: str) -> None:
    """At the gate: write a request down. Raises TooManyTries."""
    with throttle.told(lambda seconds: audit.record("access.throttled", side="client", seconds=seconds)):
        mail_throttle.count("request", email_key(email), address=address)
    request_id = new_id()
    db.session.add(
        AccessRequest(
            id=request_id, name=line(name), email=email, email_key=email_key(email), company=line(company),
            message=tidy(message), state="open", created_at=clock.now(),
        )
    )  # fmt: skip
    db.session.flush()
    publish(AccessRequested(request_id=request_id))
    audit.record("access.requested", request=str(request_id))


def approve(request: AccessRequest, *, client_id: uuid.UUID, role: Role, by: Viewer) -> Membership:
    """Invite whoever asked to this client. Raises DecidedAlready, and what an invitation raises."""
    _decide(request, "approved", by)
    return invite_client_person(by, Invitee(client_id=client_id, name=request.name, email=request.email), roles=(role,))


def refuse(request: AccessRequest, *, by: Viewer) -> None:
    """Say no. Whoever asked isn't told: a stranger learns nothing here. Raises DecidedAlready."""
    _decide(request, "refused", by)


def request_lock(request_id: uuid.UUID) -> Select[AccessRequest]:
    """A request, held until the end of the transaction, so that two decisions come one after another."""
    return select(AccessRequest).where(AccessRequest.id == request_id).with_for_update()


def _decide(request: AccessRequest, state: str, by: Viewer) -> None:
    if request.state != "open":
        raise DecidedAlready
    request.state, request.decided_at, request.decided_by_user_id = state, clock.now(), by.user_id
    db.session.flush()
    audit.record("access.decided", request, old={"state": "open"}, new={"state": state})
