"""What happens to people's access. Ids only."""

from uuid import UUID

from portal.core.events.declare import Event, event


@event("access_review.started", version=1)
class AccessReviewStarted(Event):
    """A client's people are to be looked over: who keeps access, and who no longer needs it."""

    review_id: UUID
