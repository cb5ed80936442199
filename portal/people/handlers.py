"""Who hears of access reviews, and when they begin."""

import datetime as dt

from portal.core import clock
from portal.core.events.declare import handles
from portal.core.events.schedule import ScheduleDue, every
from portal.extensions import db
from portal.notifications import readers
from portal.notifications.readers import once_each
from portal.notifications.services import notify
from portal.people import letters, queries
from portal.people.events import AccessReviewStarted
from portal.people.services import grouping, reviewing

__all__ = ["letters"]


@every(dt.timedelta(hours=24), name="people.start_reviews", queue="bulk", seconds=300)
def start_reviews(_due: ScheduleDue) -> None:
    """Begin the reviews that are due, where the tenant wants any."""
    reviewing.start_due_reviews(clock.business_now())


@every(dt.timedelta(hours=24), name="people.keep_groups", queue="bulk", seconds=300)
def keep_groups(_due: ScheduleDue) -> None:
    """Keep the seats of grants over groups in step with the groups."""
    grouping.keep_all_in_step()


@handles(AccessReviewStarted, seconds=60)
def ask_admins(event: AccessReviewStarted) -> None:
    """Ask the client's Admins to look over who has access."""
    admins = db.session.scalars(queries.admins_of_review(event.review_id)).all()
    for reader in once_each(readers.contacts(admins)):
        notify(reader, "access_review", key=event.id, review_id=event.review_id)
