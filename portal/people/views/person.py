"""`/msp/clients/<number>/people/<contact>`: somebody at a client as the staff look after them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.clients.models import Client
from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import viewer
from portal.core.web import answer
from portal.identity.models import Membership, User
from portal.identity.services import (
    access_codes,
    account_states,
    invitation_history,
    invitations,
    second_factor,
    sessions,
    unclaimed,
)
from portal.people import pages, queries, wording
from portal.people.blueprint import bp
from portal.people.forms import ContactForm, InviteForm
from portal.people.refusals import refusal_of
from portal.people.services import logins, members
from portal.people.views.account import data_of

PERSON = "/msp/clients/<int(max=999999999):number>/people/<uuid:contact_id>"


@dataclass(frozen=True, slots=True)
class Found:
    """A contact of a client with seat and login."""

    client: Client
    row: Any

    @property
    def seat(self) -> Membership:
        """The seat. Raises NotFound where there is none."""
        if self.row.Membership is None:
            raise NotFound
        found: Membership = self.row.Membership
        return found

    @property
    def user(self) -> User:
        """The login. Raises NotFound where there is none."""
        if self.row.User is None:
            raise NotFound
        found: User = self.row.User
        return found


def find(number: int, contact_id: UUID) -> Found:
    """The person. Raises NotFound."""
    client = one_or_404(queries.company(viewer, number))
    one_or_404(queries.contact_at(client.id, contact_id))
    return Found(client, pages.row_of(client.id, contact_id))


@bp.get(PERSON)
@allow("staff", "user:read", of="contact")
def person(number: int, contact_id: UUID) -> Response:
    """Somebody at a client."""
    return _page(number, contact_id)


@bp.post(f"{PERSON}/data")
@allow("staff", "client:update", of="contact", hidden=False)
def change_person(number: int, contact_id: UUID) -> Response:
    """Change name, position and phone."""
    found, form = find(number, contact_id), ContactForm()
    if not form.validate():
        return _page(number, contact_id, data=form, status=422)
    members.change_contact(found.row.Contact, data_of(form))
    return _done(number, contact_id, gettext("The data are saved."))


@bp.post(f"{PERSON}/invitation")
@allow("staff", "user:invite", of="contact", hidden=False, fresh=True)
def invite_person(number: int, contact_id: UUID) -> Response:
    """Invite a contact, or send the open invitation once more."""
    found = find(number, contact_id)
    done = gettext("We wrote to them. The link in the email is good for 72 hours.")
    if found.row.Membership is not None:
        return _act(number, contact_id, lambda: invitations.resend(found.seat), done)
    form = _seat_form(number, contact_id)
    if not form.validate():
        return _page(number, contact_id, roles=form, status=422)
    invitee = invitations.Invitee(contact=found.row.Contact)
    scope = form.ticket_scope.data
    return _act(
        number,
        contact_id,
        lambda: invitations.invite_client_person(viewer, invitee, roles=form.chosen(), ticket_scope=scope),
        done,
    )


@bp.post(f"{PERSON}/invitation/withdrawal")
@allow("staff", "user:invite", of="contact", hidden=False)
def revoke_person(number: int, contact_id: UUID) -> Response:
    """Let the link in the mail die."""
    seat = find(number, contact_id).seat
    return _act(number, contact_id, lambda: invitations.revoke(seat), gettext("The invitation is withdrawn."))


@bp.post(f"{PERSON}/roles")
@allow("staff", "user:update", of="contact", hidden=False, fresh=True)
def change_person_roles(number: int, contact_id: UUID) -> Response:
    """Change roles and what the person sees of the tickets."""
    seat = find(number, contact_id).seat
    form = pages.seat_form(viewer, seat)
    if not form.validate():
        return _page(number, contact_id, roles=form, status=422)
    done = gettext("The roles are saved.")
    act = lambda: members.change_roles(seat, form.chosen(), form.ticket_scope.data, by=viewer)  # noqa: E731  # reads better
    return _act(number, contact_id, act, done)


@bp.post(f"{PERSON}/access-code")
@allow("staff", "access:update", of="contact", hidden=False, fresh=True)
def new_access_code(number: int, contact_id: UUID) -> Response:
    """Make an access code; this answer alone shows it."""
    found = find(number, contact_id)
    try:
        code = access_codes.issue_access_code(found.row.Contact, by=viewer)
    except access_codes.HasLogin:
        return _done(number, contact_id, gettext("This person has an account already."), "warn")
    return _page(number, contact_id, code=code)


@bp.post(f"{PERSON}/portal-access")
@allow("staff", "client:update", of="contact", hidden=False, fresh=True)
def switch_person(number: int, contact_id: UUID) -> Response:
    """Let a contact into the portal, or not."""
    is_on, found = request.form.get("on") == "1", find(number, contact_id)
    account_states.set_contact_access(found.row.Contact, is_on=is_on)
    words = gettext("Portal access is on.") if is_on else gettext("Portal access is off. Sessions have ended.")
    answered = _done(number, contact_id, words)
    if not is_on and found.row.User is not None:
        _tell_of_missing_admins(found.row.User)
    return answered


@bp.post(f"{PERSON}/state")
@allow("staff", "user:deactivate", of="contact", hidden=False, fresh=True)
def change_person_state(number: int, contact_id: UUID) -> Response:
    """Suspend, lock or open the login, at every company that it serves."""
    user, wanted = find(number, contact_id).user, logins.SWITCHED.get(request.form.get("state", ""))
    if wanted is None:
        raise NotFound
    done = gettext("The account is now: %(state)s.", state=wording.state_badge(wanted).text)
    answered = _act(number, contact_id, lambda: logins.switch_login(user, wanted, by=viewer), done)
    if wanted != "active":
        _tell_of_missing_admins(user)
    return answered


@bp.post(f"{PERSON}/sessions/ending")
@allow("staff", "user:deactivate", of="contact", hidden=False)
def end_person_sessions(number: int, contact_id: UUID) -> Response:
    """Sign the person out everywhere."""
    sessions.end_all_sessions(find(number, contact_id).user.id, "by the staff")
    return _done(number, contact_id, gettext("The person is signed out everywhere."))


@bp.post(f"{PERSON}/second-factors/reset")
@allow("staff", "user:update", of="contact", hidden=False, fresh=True)
def reset_person_factors(number: int, contact_id: UUID) -> Response:
    """Take every second factor away, for somebody who has lost them."""
    found = find(number, contact_id)
    second_factor.reset_second_factors(found.user, viewer, client_id=found.client.id)
    return _done(number, contact_id, gettext("Second factors are removed; the person is told by email."))


@bp.post("/msp/clients/<int(max=999999999):number>/portal-access")
@allow("staff", "client:update", of="company", hidden=False, fresh=True)
def switch_company(number: int) -> Response:
    """Let a client's people into the portal, or none of them."""
    is_on = request.form.get("on") == "1"
    account_states.set_client_access(one_or_404(queries.company(viewer, number)), is_on=is_on)
    answer.say(gettext("Portal access is on.") if is_on else gettext("Portal access is off. Sessions have ended."))
    return answer.moved(url_for(".company", number=number))


@bp.get("/msp/clients/<int(max=999999999):number>/invitation")
@allow("staff", "user:invite", of="company")
def new_person(number: int) -> Response:
    """Invite somebody to a client."""
    one_or_404(queries.company(viewer, number))
    return _new_page(number, _invite_form(formdata=None))


@bp.post("/msp/clients/<int(max=999999999):number>/invitation")
@allow("staff", "user:invite", of="company", hidden=False, fresh=True)
def invite_new_person(number: int) -> Response:
    """Send the invitation; who is no contact yet becomes one."""
    client, form = one_or_404(queries.company(viewer, number)), _invite_form()
    if not form.validate():
        return _new_page(number, form, status=422)
    invitee = invitations.Invitee(client_id=client.id, name=form.name.data or "", email=form.email.data or "")
    roles, scope = form.chosen(), form.ticket_scope.data
    refused = refusal_of(lambda: invitations.invite_client_person(viewer, invitee, roles=roles, ticket_scope=scope))
    if refused:
        form.reject("email", refused)
        return _new_page(number, form, status=422)
    answer.say(gettext("We wrote to %(email)s. The link in the email is good for 72 hours.", email=form.email.data))
    return answer.moved(url_for(".company", number=number))


def _invite_form(**kwargs: Any) -> InviteForm:
    offered = pages.giveable_roles(viewer)
    if "formdata" in kwargs:
        kwargs["data"] = pages.usual_seat(offered)
    return InviteForm(offered=offered, scopes=pages.giveable_scopes(viewer), **kwargs)


def _new_page(number: int, form: InviteForm, status: int = 200) -> Response:
    action, back_url = url_for(".invite_new_person", number=number), url_for(".company", number=number)
    page = {"title": gettext("Invite somebody"), "form": form, "action": action, "back_url": back_url}
    return answer.page("people/invite_user.html", status=status, **page)


def _seat_form(number: int, contact_id: UUID, **kwargs: Any) -> Any:
    found = find(number, contact_id)
    return pages.seat_form(viewer, found.row.Membership, **kwargs)


def _tell_of_missing_admins(user: User) -> None:
    for company in logins.left_without_admin(user, by=viewer):
        answer.say(gettext("%(company)s has no Admin left who can come in.", company=company), "warn")


def _act(number: int, contact_id: UUID, act: Callable[[], object], done: str) -> Response:
    refused = refusal_of(act)
    return _done(number, contact_id, refused or done, "warn" if refused else "good")


def _done(number: int, contact_id: UUID, words: str, kind: str = "good") -> Response:
    answer.say(words, kind)
    return answer.moved(url_for(".person", number=number, contact_id=contact_id))


def _page(
    number: int, contact_id: UUID, *, data: Any = None, roles: Any = None, code: str = "", status: int = 200
) -> Response:
    found = find(number, contact_id)
    somebody = pages.somebody_for_staff(found.row)
    return answer.page(
        "people/person.html",
        status=status,
        title=somebody.contact.name,
        client=found.client,
        person=somebody,
        data=data or ContactForm(formdata=None, obj=somebody.contact),
        roles=roles or _seat_form(number, contact_id, formdata=None),
        scope=wording.SCOPES[somebody.membership.ticket_scope] if somebody.membership is not None else "",
        code=code,
        may_have_code=unclaimed.may_have_code(somebody.contact, somebody.membership, somebody.user),
        happenings=invitation_history.of(somebody.membership) if somebody.membership is not None else (),
        second_factors=second_factor.of(somebody.user.id).count if somebody.user is not None else 0,
        may=viewer.may,
    )
