"""`/admin/outbox`, `/admin/mail/outgoing`, `/admin/jobs`: what left, what failed, what runs by itself."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.core.events import deadletters
from portal.core.events.models import Delivery
from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import viewer
from portal.core.web import answer, paging
from portal.core.web.nav import Entry
from portal.extensions import db
from portal.notifications import queries as mails
from portal.notifications import services
from portal.notifications.models import OutgoingMail
from portal.operations import queries, wording

bp = Blueprint("operations", __name__, url_prefix="/admin")


def tabs(current: str) -> list[Entry]:
    """The three pages, as far as the viewer may enter them."""
    places = (
        ("outbox", gettext("Failed deliveries"), "outbox:read"),
        ("outgoing", gettext("Outgoing email"), "outbox:read"),
        ("jobs", gettext("Periodic work"), "job:read"),
    )
    return [
        Entry(label, url_for(f".{name}"), "", name == current)
        for name, label, permission in places
        if viewer.may(permission)
    ]


@bp.get("/outbox")
@allow("staff", "outbox:read")
def outbox() -> Response:
    """Deliveries that were given up, and how many wait."""
    return answer.page("operations/outbox.html", "operations/_outbox.html", **_outbox())


def _outbox() -> dict[str, Any]:
    state = request.args.get("state", "dead")
    if state not in queries.GIVEN_UP:
        raise NotFound
    page = paging.page_of(
        queries.dead_letters(viewer, state=state),
        Delivery.created_at,
        Delivery.id,
        key=lambda row: (row.created_at, row.id),
        cursor=request.args.get("page"),
    )
    return {
        "title": gettext("Failed deliveries"),
        "tabs": tabs("outbox"),
        "page": page,
        "state": state,
        "states": wording.DELIVERY_STATES,
        "counts": db.session.execute(queries.delivery_counts(viewer)).one(),
        "may_replay": viewer.may("outbox:replay"),
    }


@bp.get("/outbox/<uuid:delivery_id>")
@allow("staff", "outbox:read", of="delivery")
def delivery(delivery_id: UUID) -> Response:
    """One of them, with the facts of its event."""
    row = db.session.execute(queries.delivery(viewer, delivery_id)).one_or_none()
    if row is None:
        raise NotFound
    return answer.page(
        "operations/delivery.html",
        title=gettext("Failed delivery"),
        tabs=tabs("outbox"),
        delivery=row.Delivery,
        event=row.OutboxEvent,
        states=wording.DELIVERY_STATES,
        may_replay=viewer.may("outbox:replay"),
    )


@bp.post("/outbox/<uuid:delivery_id>/replay")
@allow("staff", "outbox:replay", of="delivery", hidden=False)
def replay(delivery_id: UUID) -> Response:
    """Try one again from the start."""
    return _settled(deadletters.replay, delivery_id, gettext("It is tried again now."))


@bp.post("/outbox/<uuid:delivery_id>/discarding")
@allow("staff", "outbox:replay", of="delivery", hidden=False)
def discard(delivery_id: UUID) -> Response:
    """Give one up for good."""
    return _settled(deadletters.discard, delivery_id, gettext("It was discarded and is not tried again."))


def _settled(act: Any, delivery_id: UUID, said: str) -> Response:
    """Do it, or say that somebody was faster; what never was this tenant's is not found."""
    try:
        act(delivery_id)
    except deadletters.NotDead:
        if db.session.execute(deadletters.delivery(viewer, delivery_id)).first() is None:
            raise NotFound from None
        answer.say(gettext("Somebody else has taken care of it already."), "info")
    else:
        answer.say(said)
    return answer.saw(url_for(".outbox"), "operations/_outbox.html", **({} if not answer.wants_part() else _outbox()))


@bp.get("/mail/outgoing")
@allow("staff", "outbox:read")
def outgoing() -> Response:
    """Mails with recipient, state and attempts. Their words are the readers' own and aren't shown."""
    return answer.page("operations/outgoing.html", "operations/_outgoing.html", **_outgoing())


def _outgoing() -> dict[str, Any]:
    state = request.args.get("state")
    if state is not None and state not in mails.STATES:
        raise NotFound
    page = paging.page_of(
        mails.mails(viewer, state=state),
        OutgoingMail.created_at,
        OutgoingMail.id,
        key=lambda row: (row.created_at, row.id),
        cursor=request.args.get("page"),
    )
    return {
        "title": gettext("Outgoing email"),
        "tabs": tabs("outgoing"),
        "page": page,
        "state": state,
        "states": wording.MAIL_STATES,
        "counts": db.session.execute(mails.mail_counts(viewer)).one(),
        "may_resend": viewer.may("outbox:replay"),
    }


@bp.post("/mail/outgoing/<uuid:mail_id>/copies")
@allow("staff", "outbox:replay", of="mail", hidden=False)
def resend(mail_id: UUID) -> Response:
    """Have a mail sent once more."""
    mail = one_or_404(mails.mail_for(viewer, mail_id))
    try:
        services.resend_mail(mail)
    except services.MailStillWaiting:
        answer.say(gettext("This email is still waiting and is tried again by itself."), "info")
    else:
        answer.say(gettext("The email to %(address)s is sent again.", address=mail.recipient))
    db.session.flush()
    context = _outgoing() if answer.wants_part() else {}
    return answer.saw(url_for(".outgoing"), "operations/_outgoing.html", **context)


@bp.get("/jobs")
@allow("staff", "job:read")
def jobs() -> Response:
    """Periodic work: when it ran last for this tenant, how long it took, when it runs next."""
    slots = db.session.execute(deadletters.slots(viewer)).all()
    runs = db.session.scalars(deadletters.last_runs(viewer)).all()
    return answer.page(
        "operations/jobs.html",
        "operations/_jobs.html",
        title=gettext("Periodic work"),
        tabs=tabs("jobs"),
        duties=deadletters.duty_lines(slots, runs),
        states=wording.RUN_STATES,
        words=wording.DUTIES,
    )
