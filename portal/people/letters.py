"""What mails about access say: facts, loaded under the scope of the one who reads them."""

from uuid import UUID

from portal.core.tenancy.scope import viewer
from portal.core.web.links import link
from portal.extensions import db
from portal.notifications.letters import Facts, letter
from portal.people import queries


@letter("access_review")
def access_review(*, review_id: UUID) -> Facts | None:
    """To a client's Admins: look over who has access."""
    if not viewer.may("review:decide"):
        return None
    review = db.session.execute(queries.review(review_id)).scalar_one_or_none()
    if review is None or review.finished_at is not None:
        return None
    return {"due_at": review.due_at, "url": link("people.own_review")}
