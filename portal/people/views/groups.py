"""`/admin/client-groups`: clients that belong together, and who was let into all of them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext

from portal.core.addresses import email_key
from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import viewer
from portal.core.web import answer
from portal.extensions import db
from portal.identity import policy
from portal.people import queries, wording
from portal.people.blueprint import bp
from portal.people.forms import GrantForm, GroupForm, ids_of
from portal.people.refusals import refusal_of
from portal.people.services import grouping

GROUP = "/admin/client-groups/<uuid:group_id>"


@bp.get("/admin/client-groups")
@allow("staff", "client:update")
def groups() -> Response:
    """All groups."""
    return _list(GroupForm(formdata=None))


@bp.post("/admin/client-groups")
@allow("staff", "client:update", hidden=False)
def make_group() -> Response:
    """Make a group."""
    form = GroupForm()
    if not form.validate():
        return _list(form, status=422)
    made: list[UUID] = []
    refused = refusal_of(lambda: made.append(grouping.make_group(form.name.data or "").id))
    if refused:
        form.reject("name", refused)
        return _list(form, status=422)
    return answer.moved(url_for(".group", group_id=made[0]))


@bp.get(GROUP)
@allow("staff", "client:update", of="client_group")
def group(group_id: UUID) -> Response:
    """One group: its clients, and who was let in."""
    return _page(group_id)


@bp.post(GROUP)
@allow("staff", "user:update", of="client_group", hidden=False, fresh=True)
def change_group(group_id: UUID) -> Response:
    """Change name and clients. Whoever was let into the group comes to a client that is added: that gives access."""
    found, form = one_or_404(queries.group(group_id)), GroupForm()
    if not form.validate():
        return _page(group_id, form=form, status=422)
    name, chosen = form.name.data or "", ids_of(request.form.getlist("clients"))
    return _act(group_id, lambda: grouping.change_group(found, name, chosen), gettext("The group is saved."))


@bp.post(f"{GROUP}/removal")
@allow("staff", "user:update", of="client_group", hidden=False, fresh=True)
def remove_group(group_id: UUID) -> Response:
    """Take a group away, with what it gave to people."""
    grouping.remove_group(one_or_404(queries.group(group_id)))
    answer.say(gettext("The group is gone, and the access that came with it."))
    return answer.moved(url_for(".groups"))


@bp.post(f"{GROUP}/grants")
@allow("staff", "user:update", of="client_group", hidden=False, fresh=True)
def grant(group_id: UUID) -> Response:
    """Let one person into all clients of the group."""
    found, form = one_or_404(queries.group(group_id)), _grant_form()
    if not form.validate():
        return _page(group_id, grant=form, status=422)
    user = db.session.scalars(queries.client_person(email_key(form.email.data or ""))).one_or_none()
    if user is None:
        form.reject("email", gettext("No client's person has this address. Invite them at one client first."))
        return _page(group_id, grant=form, status=422)
    role, scope = form.chosen(), form.ticket_scope.data
    done = gettext("%(name)s now has access to every client of the group.", name=user.name)
    return _act(group_id, lambda: grouping.grant(found, user, role, scope), done)


@bp.post(f"{GROUP}/grants/<uuid:grant_id>/removal")
@allow("staff", "user:update", of="group_grant", hidden=False, fresh=True)
def revoke_grant(group_id: UUID, grant_id: UUID) -> Response:
    """Take it away again."""
    grouping.revoke(one_or_404(queries.group_grant(group_id, grant_id)))
    answer.say(gettext("The access that came with the group is taken away."))
    return answer.moved(url_for(".group", group_id=group_id))


def _grant_form(**kwargs: Any) -> GrantForm:
    offered = [role for role in db.session.scalars(queries.roles("client")) if policy.may_give(viewer, role)]
    # Nobody becomes an Admin because that is the first in the list.
    usual = next((str(role.id) for role in offered if role.key == "user"), None)
    return GrantForm(offered=offered, data={"role": usual}, **kwargs)


def _act(group_id: UUID, act: Callable[[], object], done: str) -> Response:
    refused = refusal_of(act)
    answer.say(refused or done, "warn" if refused else "good")
    return answer.moved(url_for(".group", group_id=group_id))


def _list(form: GroupForm, status: int = 200) -> Response:
    rows = db.session.execute(queries.groups()).all()
    return answer.page("people/groups.html", status=status, title=gettext("Client groups"), rows=rows, form=form)


def _page(group_id: UUID, *, form: Any = None, grant: Any = None, status: int = 200) -> Response:
    found = one_or_404(queries.group(group_id))
    grants = [
        {"row": row, "role": wording.role_name(row.key, row.role), "scope": wording.SCOPES[row.ticket_scope]}
        for row in db.session.execute(queries.group_grants(group_id))
    ]
    return answer.page(
        "people/group.html",
        status=status,
        title=found.name,
        group=found,
        form=form or GroupForm(formdata=None, obj=found),
        grant=grant or _grant_form(formdata=None),
        grants=grants,
        clients=db.session.execute(queries.client_names()).all(),
        members=set(db.session.scalars(queries.group_clients(group_id))),
        may_grant=viewer.may("user:update"),
    )
