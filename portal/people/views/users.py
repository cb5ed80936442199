"""`/account/users`: a client's Admins look after their own people."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext

from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import viewer
from portal.core.web import answer
from portal.identity.models import Membership
from portal.identity.services import invitation_history, invitations
from portal.people import pages, queries, wording
from portal.people.blueprint import bp
from portal.people.forms import ContactForm, InviteForm, ids_of
from portal.people.refusals import refusal_of
from portal.people.services import members
from portal.people.views.account import data_of, tabs


def client_id() -> UUID:
    """The viewer's client. Raises LookupError for somebody who has none."""
    if viewer.client_id is None:
        message = "a client's person has a client"
        raise LookupError(message)
    return viewer.client_id


@bp.get("/account/users")
@allow("client", "user:read")
def users() -> Response:
    """Everybody at the own company, and who of them comes in."""
    people = pages.people_for_client(client_id())
    return answer.page(
        "people/users.html",
        title=gettext("People"),
        tabs=tabs("users"),
        people=people,
        may_invite=viewer.may("user:invite"),
        own_id=viewer.contact_id,
    )


@bp.get("/account/users/invitation")
@allow("client", "user:invite")
def new_user() -> Response:
    """Invite somebody; `contact` in the address begins the form with one of the own people."""
    form, asked = _invite_form(formdata=None), ids_of([request.args.get("contact", "")])
    if asked:
        contact = one_or_404(queries.contact_at(client_id(), asked.pop()))
        form.name.data, form.email.data = contact.name, contact.email
    return _new_page(form)


@bp.post("/account/users/invitation")
@allow("client", "user:invite", hidden=False, fresh=True)
def invite_user() -> Response:
    """Send the invitation."""
    form = _invite_form()
    if not form.validate():
        return _new_page(form, status=422)
    invitee = invitations.Invitee(name=form.name.data or "", email=form.email.data or "")
    refused = refusal_of(
        lambda: invitations.invite_client_person(
            viewer,
            invitee,
            roles=form.chosen(),
            ticket_scope=form.ticket_scope.data,
        )
    )
    if refused:
        form.reject("email", refused)
        return _new_page(form, status=422)
    answer.say(gettext("We wrote to %(email)s. The link in the email is good for 72 hours.", email=form.email.data))
    return answer.moved(url_for(".users"))


def _invite_form(**kwargs: Any) -> InviteForm:
    offered = pages.giveable_roles(viewer)
    if "formdata" in kwargs:
        kwargs["data"] = pages.usual_seat(offered)
    return InviteForm(offered=offered, scopes=pages.giveable_scopes(viewer), **kwargs)


def _new_page(form: InviteForm, status: int = 200) -> Response:
    page = {"title": gettext("Invite somebody"), "form": form, "action": url_for(".invite_user")}
    return answer.page("people/invite_user.html", status=status, back_url=url_for(".users"), **page)


@bp.get("/account/users/<uuid:contact_id>")
@allow("client", "user:read", of="colleague")
def user(contact_id: UUID) -> Response:
    """One of the own people."""
    return _page(contact_id)


@bp.post("/account/users/<uuid:contact_id>/data")
@allow("client", "user:update", of="colleague", hidden=False)
def change_user(contact_id: UUID) -> Response:
    """Change name, position and phone."""
    row = one_or_404_row(contact_id)
    form = ContactForm()
    if not form.validate():
        return _page(contact_id, data=form, status=422)
    members.change_contact(row.Contact, data_of(form))
    return _done(contact_id, gettext("The data are saved."))


@bp.post("/account/users/<uuid:contact_id>/roles")
@allow("client", "user:update", of="colleague", hidden=False, fresh=True)
def change_user_roles(contact_id: UUID) -> Response:
    """Change roles and what the person sees of the tickets."""
    seat = seat_of(contact_id)
    form = pages.seat_form(viewer, seat)
    if not form.validate():
        return _page(contact_id, roles=form, status=422)
    return _act(
        contact_id,
        lambda: members.change_roles(seat, form.chosen(), form.ticket_scope.data, by=viewer),
        gettext("The roles are saved."),
    )


@bp.post("/account/users/<uuid:contact_id>/deactivation")
@allow("client", "user:deactivate", of="colleague", hidden=False)
def deactivate_user(contact_id: UUID) -> Response:
    """Take the access away, at once."""
    seat = seat_of(contact_id)
    done = gettext("Access is taken away. The person is signed out of your company everywhere.")
    return _act(contact_id, lambda: members.deactivate(seat, by=viewer), done)


@bp.post("/account/users/<uuid:contact_id>/activation")
@allow("client", "user:deactivate", of="colleague", hidden=False, fresh=True)
def activate_user(contact_id: UUID) -> Response:
    """Give the access back."""
    seat = seat_of(contact_id)
    return _act(contact_id, lambda: members.reactivate(seat, by=viewer), gettext("The person can sign in again."))


@bp.post("/account/users/<uuid:contact_id>/invitation")
@allow("client", "user:invite", of="colleague", hidden=False, fresh=True)
def resend_invitation(contact_id: UUID) -> Response:
    """Send the invitation once more."""
    seat = seat_of(contact_id)
    done = gettext("We sent a new link. The one before no longer works.")
    return _act(contact_id, lambda: invitations.resend(seat), done)


@bp.post("/account/users/<uuid:contact_id>/invitation/withdrawal")
@allow("client", "user:invite", of="colleague", hidden=False)
def revoke_invitation(contact_id: UUID) -> Response:
    """Let the link in the mail die."""
    seat = seat_of(contact_id)
    return _act(contact_id, lambda: invitations.revoke(seat), gettext("The invitation is withdrawn."))


def one_or_404_row(contact_id: UUID) -> Any:
    """One of the own people with seat and site. Raises NotFound."""
    one_or_404(queries.contact_at(client_id(), contact_id))
    return pages.row_of(client_id(), contact_id)


def seat_of(contact_id: UUID) -> Membership:
    """The person's seat, held until the end of the transaction. Raises NotFound."""
    return one_or_404(queries.seat_lock(client_id(), contact_id))


def _act(contact_id: UUID, act: Callable[[], object], done: str) -> Response:
    refused = refusal_of(act)
    if refused:
        answer.say(refused, "warn")
        return answer.moved(url_for(".user", contact_id=contact_id))
    return _done(contact_id, done)


def _done(contact_id: UUID, words: str) -> Response:
    answer.say(words)
    return answer.moved(url_for(".user", contact_id=contact_id))


def _page(contact_id: UUID, *, data: Any = None, roles: Any = None, status: int = 200) -> Response:
    row = one_or_404_row(contact_id)
    somebody = pages.somebody_for_client(row)
    seat, is_self = somebody.membership, contact_id == viewer.contact_id
    return answer.page(
        "people/user.html",
        status=status,
        title=somebody.contact.name,
        person=somebody,
        is_self=is_self,
        data=data or ContactForm(formdata=None, obj=somebody.contact),
        roles=roles or (pages.seat_form(viewer, seat, formdata=None) if seat is not None else None),
        scope=wording.SCOPES[seat.ticket_scope] if seat is not None else "",
        may_update=viewer.may("user:update"),
        may_invite=viewer.may("user:invite"),
        may_deactivate=viewer.may("user:deactivate") and not is_self,
        happenings=invitation_history.of(seat) if seat is not None else (),
        came_in=seat is not None and members.came_in(seat),
    )
