"""*Open portal as…*: from the console into a client's portal, and back."""

from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext

from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import viewer
from portal.core.web import answer, cookies
from portal.core.web.place import here
from portal.identity.services.sessions import Visit
from portal.people import queries
from portal.people.blueprint import bp
from portal.people.services import viewing
from portal.settings import current


@bp.post("/msp/clients/<int(max=999999999):number>/contacts/<uuid:contact_id>/portal")
@allow("staff", "portal:view_as", of="contact", hidden=False)
def open_portal(number: int, contact_id: UUID) -> Response:
    """See the portal as this person does."""
    client = one_or_404(queries.company(viewer, number))
    contact = one_or_404(queries.contact_of(number, contact_id))
    visit = Visit(address=request.remote_addr or "", agent=request.user_agent.string)
    try:
        opened = viewing.open_portal(client, contact, by=viewer, staff=here().person_name or "", visit=visit)
    except viewing.NobodyThere:
        answer.say(gettext("Nobody sees the portal as %(name)s any more.", name=contact.name), "warn")
        return answer.moved(url_for(".company", number=number))
    settings = current()
    if cookies.read_hash(request, "client", settings):
        answer.say(gettext("This browser was signed in to the portal. Sign in there again when you are done."), "info")
    response = answer.moved("/")
    cookies.set_token(response, "client", opened.token, settings, seconds=opened.seconds)
    return response


@bp.post("/looking-on/ending")
@allow("client", None, looking_on=True)
def leave_portal() -> Response:
    """Stop seeing the portal as somebody else, and go back to the console."""
    number = viewing.leave_portal(by=viewer, staff=here().staff_name or "")
    if number is None:
        return answer.moved("/")
    response = answer.moved(url_for(".company", number=number))
    cookies.drop_token(response, "client", current())
    return response
