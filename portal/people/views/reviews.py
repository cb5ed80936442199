"""Access reviews: at `/account/review` a client's Admins decide, at `/msp/clients/<number>/review` the staff."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.core import clock
from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import current_scope, viewer
from portal.core.web import answer
from portal.extensions import db
from portal.people import pages, queries
from portal.people.blueprint import bp
from portal.people.refusals import refusal_of
from portal.people.services import reviewing
from portal.people.views.account import tabs
from portal.people.views.users import client_id

PART = "people/_review.html"


@bp.get("/account/review")
@allow("client", "review:decide")
def own_review() -> Response:
    """Who of the own company keeps access."""
    return answer.page("people/own_review.html", PART, tabs=tabs("own_review"), **_own())


def _own() -> dict[str, Any]:
    return _review(
        client_id(),
        lambda item_id: url_for(".decide_own", item_id=item_id),
        lambda contact_id: url_for(".user", contact_id=contact_id),
    )


@bp.post("/account/review/<uuid:item_id>")
@allow("client", "review:decide", of="review_item", hidden=False)
def decide_own(item_id: UUID) -> Response:
    """Keep one of the own people, or take the access away."""
    back = url_for(".own_review")
    return answer.saw(back, PART, **_own()) if _decide(client_id(), item_id) else answer.moved(back)


@bp.get("/msp/clients/<int(max=999999999):number>/review")
@allow("staff", "review:decide", of="company")
def review(number: int) -> Response:
    """Who of a client keeps access."""
    client = one_or_404(queries.company(viewer, number))
    may_open_client = viewer.may("client:read")
    page = _of(client.id, number)
    return answer.page("people/review.html", PART, client=client, may_open_client=may_open_client, **page)


def _of(of: UUID, number: int) -> dict[str, Any]:
    return _review(
        of,
        lambda item_id: url_for(".decide_review", number=number, item_id=item_id),
        lambda contact_id: url_for(".person", number=number, contact_id=contact_id),
    )


@bp.post("/msp/clients/<int(max=999999999):number>/review/<uuid:item_id>")
@allow("staff", "review:decide", of="company_review_item", hidden=False)
def decide_review(number: int, item_id: UUID) -> Response:
    """Keep somebody at a client, or take the access away."""
    of, back = one_or_404(queries.company(viewer, number)).id, url_for(".review", number=number)
    return answer.saw(back, PART, **_of(of, number)) if _decide(of, item_id) else answer.moved(back)


@bp.get("/admin/reviews")
@allow("staff", "review:decide")
def reviews() -> Response:
    """The reviews that are not over."""
    rows = db.session.execute(queries.open_reviews(viewer)).all()
    return answer.page("people/reviews.html", title=gettext("Access reviews"), rows=rows, now=clock.business_now())


def _review(of: UUID, url: Callable[[UUID], str], person_url: Callable[[UUID], str]) -> dict[str, Any]:
    found = db.session.scalars(queries.open_review(of)).one_or_none()
    items, may_read = [], viewer.may("user:read")
    if found is not None:
        roles = pages.roles_by_seat(of)
        items = [
            {
                "item": row.AccessReviewItem,
                "seat": row.Membership,
                "contact": row.Contact,
                "roles": roles[row.Membership.id],
                "url": url(row.AccessReviewItem.id),
                "person_url": person_url(row.Contact.id) if may_read and row.Membership.is_active else None,
                "is_self": row.Membership.user_id == viewer.user_id,
            }
            for row in db.session.execute(queries.review_items(found.id))
        ]
    is_late = found is not None and found.due_at <= clock.business_now()
    return {"title": gettext("Access review"), "review": found, "items": items, "is_late": is_late}


def _decide(of: UUID, item_id: UUID) -> bool:
    """Whether it was decided; if not, why is said. What was loaded before is good for nothing then."""
    one_or_404(queries.review_item(of, item_id))
    word = request.form.get("decision", "kept")
    if word not in {"kept", "removed"}:
        raise NotFound
    decision: reviewing.Decision = "removed" if word == "removed" else "kept"
    refused = refusal_of(lambda: reviewing.decide(item_id, of, decision, by=viewer))
    if refused:
        answer.say(refused, "warn")
        return False
    if decision == "removed":
        answer.say(
            gettext("Access is taken away. The person is signed out of your company everywhere.")
            if viewer.is_client
            else gettext("Access is taken away. The person is signed out of the client's portal everywhere.")
        )
    return True


def client_tile(_subject: object) -> dict[str, Any] | None:
    """For the client's first page: the own review that is open."""
    found = db.session.scalars(queries.open_review(current_scope().client_id)).one_or_none()
    return None if found is None else {"review": found, "is_late": found.due_at <= clock.business_now()}


def staff_notice(_subject: object) -> dict[str, Any] | None:
    """For the staff's first page: how many reviews are overdue."""
    late = db.session.scalars(queries.overdue(clock.business_now())).one()
    return {"late": late} if late else None
