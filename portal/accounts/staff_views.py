"""`/admin/access-requests`: who asks for access, and the decision."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.accounts import queries
from portal.accounts.forms import ApprovalForm
from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import current_scope, viewer
from portal.core.web import answer, paging
from portal.core.web.nav import Entry
from portal.extensions import db
from portal.identity.models import AccessRequest
from portal.identity.refusal_words import INVITING
from portal.identity.services import access_requests as service
from portal.identity.services.access_requests import DecidedAlready
from portal.identity.services.invitations import AlreadyMember, RoleNotGiveable, TooManyInvitations, TooManyMails
from portal.people.wording import name_of_role

bp = Blueprint("accounts", __name__, url_prefix="/admin")

PAGE = "accounts/request.html"


@bp.get("/access-requests")
@allow("staff", "access:update")
def access_requests() -> Response:
    """Those that wait, and those that were decided."""
    state = request.args.get("state", "open")
    if state not in queries.STATES:
        raise NotFound
    page = paging.page_of(
        queries.requests(viewer, state=state),
        AccessRequest.created_at,
        AccessRequest.id,
        key=lambda row: (row.AccessRequest.created_at, row.AccessRequest.id),
        cursor=request.args.get("page"),
    )
    return answer.page(
        "accounts/requests.html",
        title=gettext("Requests for access"),
        rows=[row.AccessRequest for row in page.rows],
        state=state,
        tabs=_tabs(state),
        newer_url=url_for(".access_requests", state=state, page=page.newer) if page.newer else None,
        older_url=url_for(".access_requests", state=state, page=page.older) if page.older else None,
    )


@bp.get("/access-requests/<uuid:request_id>")
@allow("staff", "access:update", of="access_request")
def access_request(request_id: UUID) -> Response:
    """One of them, with the form that decides."""
    asked = one_or_404(queries.request(viewer, request_id))
    form = _form(formdata=None)
    form.number.data = db.session.execute(queries.likely_client(asked.email)).scalar_one_or_none()
    return answer.page(PAGE, **_facts(asked, form))


@bp.post("/access-requests/<uuid:request_id>/approval")
@allow("staff", "access:update", of="access_request", hidden=False, fresh=True)
def approve_request(request_id: UUID) -> Response:
    """Invite whoever asked, to a client, with a role."""
    asked = one_or_404(service.request_lock(request_id))
    form = _form()
    if not form.validate():
        return answer.invalid(PAGE, **_facts(asked, form))
    client = db.session.execute(queries.client_numbered(form.number.data or 0)).scalar_one_or_none()
    if client is None:
        form.reject("number", gettext("There is no client with this number."))
        return answer.invalid(PAGE, **_facts(asked, form))
    role = one_or_404(queries.client_role(UUID(form.role.data)))
    try:
        with db.session.begin_nested():
            service.approve(asked, client_id=client.id, role=role, by=current_scope())
    except DecidedAlready:
        answer.say(gettext("A colleague has decided already."), "info")
        return answer.moved(url_for(".access_requests"))
    except (AlreadyMember, RoleNotGiveable, TooManyInvitations, TooManyMails) as refused:
        form.reject("number", str(INVITING[type(refused)]))
        return answer.invalid(PAGE, **_facts(asked, form))
    answer.say(gettext("%(name)s is invited to %(company)s.", name=asked.name, company=client.name))
    return answer.moved(url_for(".access_requests"))


@bp.post("/access-requests/<uuid:request_id>/refusal")
@allow("staff", "access:update", of="access_request", hidden=False)
def refuse_request(request_id: UUID) -> Response:
    """Say no."""
    asked = one_or_404(service.request_lock(request_id))
    try:
        service.refuse(asked, by=current_scope())
    except DecidedAlready:
        answer.say(gettext("A colleague has decided already."), "info")
    else:
        answer.say(gettext("The request is refused."))
    return answer.moved(url_for(".access_requests"))


def _form(**kwargs: Any) -> ApprovalForm:
    roles = db.session.execute(queries.client_roles()).scalars().all()
    # Nobody becomes an Admin because that is the first in the list.
    usual = next((str(role.id) for role in roles if role.key == "user"), None)
    return ApprovalForm(roles=[(str(role.id), name_of_role(role)) for role in roles], data={"role": usual}, **kwargs)


def _tabs(state: str) -> list[Entry]:
    words = {"open": gettext("Open"), "approved": gettext("Approved"), "refused": gettext("Refused")}
    return [Entry(words[each], url_for(".access_requests", state=each), "", each == state) for each in queries.STATES]


def _facts(asked: AccessRequest, form: ApprovalForm) -> dict[str, Any]:
    return {
        "title": gettext("%(name)s asks for access", name=asked.name),
        "asked": asked,
        "form": form,
        "approve_url": url_for(".approve_request", request_id=asked.id),
        "refuse_url": url_for(".refuse_request", request_id=asked.id),
        "back_url": url_for(".access_requests"),
    }
