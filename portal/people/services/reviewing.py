"""Access reviews: begun by the clock, decided person by person, over when everybody is decided."""

import datetime as dt
import uuid
from typing import Final, Literal

from sqlalchemy import func, select

from portal.clients.models import Client
from portal.core import audit, clock
from portal.core.events.outbox import publish
from portal.core.ids import new_id
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.identity.models import AccessReview, AccessReviewItem, Membership
from portal.identity.settings_of_access import access_settings
from portal.people import queries
from portal.people.events import AccessReviewStarted
from portal.people.services import members

TIME: Final = dt.timedelta(days=14)
"""How long the people at the client have; from then on the review is overdue."""
Decision = Literal["kept", "removed"]


class DecidedAlready(ValueError):
    """Somebody was quicker."""


def start_due_reviews(at: dt.datetime) -> int:
    """Begin a review at each client whose last one began long enough ago (business time); how many.

    The interval is the tenant's (`review_days`); without one nothing begins. A client
    whose review is still open, or where nobody has access, gets none.
    """
    days = access_settings().review_days
    if not days:
        return 0
    since = at - dt.timedelta(days=days)
    last = select(AccessReview.client_id).where((AccessReview.started_at > since) | AccessReview.finished_at.is_(None))
    seated = select(Membership.client_id).where(Membership.is_active)
    due = select(Client.id).where(Client.is_active, Client.id.in_(seated), Client.id.not_in(last)).order_by(Client.id)
    clients = db.session.scalars(due).all()
    for client_id in clients:
        start_review(client_id, at)
    return len(clients)


def start_review(client_id: uuid.UUID, at: dt.datetime) -> AccessReview:
    """Begin a review over everybody who has access at the client now."""
    review = AccessReview(id=new_id(), client_id=client_id, started_at=at, due_at=at + TIME)
    db.session.add(review)
    db.session.flush()
    seats = db.session.scalars(
        select(Membership.id).where(Membership.client_id == client_id, Membership.is_active).order_by(Membership.id)
    ).all()
    db.session.add_all(AccessReviewItem(client_id=client_id, review_id=review.id, membership_id=each) for each in seats)
    db.session.flush()
    publish(AccessReviewStarted(review_id=review.id))
    audit.record("access_review.started", review, shown=True, people=len(seats))
    return review


def decide(item_id: uuid.UUID, client_id: uuid.UUID, decision: Decision, *, by: Viewer) -> None:
    """Keep a person's access, or take it away at once. The last decision ends the review.

    Raises DecidedAlready, and what `members.deactivate` raises.
    """
    members.hold_admins(client_id)
    item = db.session.execute(queries.review_item_lock(client_id, item_id)).scalar_one()
    if item.decision is not None:
        raise DecidedAlready
    seat = db.session.execute(select(Membership).where(Membership.id == item.membership_id)).scalar_one()
    if decision == "removed" and seat.is_active:
        members.deactivate(seat, by=by)
    item.decision, item.decided_at = decision, clock.business_now()
    if by.is_client:
        item.by_contact_id = by.contact_id
    else:
        item.by_user_id = by.user_id
    db.session.flush()
    audit.record("access_review.decided", item, shown=True, seat=str(seat.id), decision=decision)
    _end_if_done(item.review_id)


def _end_if_done(review_id: uuid.UUID) -> None:
    """Over when nobody is left who has access and isn't decided; who lost it meanwhile needs no decision."""
    left = (
        select(func.count())
        .select_from(AccessReviewItem)
        .join(Membership, Membership.id == AccessReviewItem.membership_id)
        .where(AccessReviewItem.review_id == review_id, AccessReviewItem.decision.is_(None), Membership.is_active)
    )
    if db.session.execute(left).scalar_one():
        return
    review = db.session.execute(queries.review(review_id)).scalar_one()
    review.finished_at = clock.business_now()
    db.session.flush()
    audit.record("access_review.finished", review, shown=True)
