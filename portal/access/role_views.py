"""`/admin/roles`: the roles of both sides as a matrix, what a change would bring about, and making it."""

import hashlib
from typing import Any, cast
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.access import queries
from portal.access.blueprint import bp, places
from portal.access.forms import RoleNameForm
from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import viewer
from portal.core.web import answer
from portal.extensions import db
from portal.identity.models import Role
from portal.identity.permission_words import WORDS, grouped
from portal.identity.permissions import ROLES, RoleSide, permissions_for
from portal.identity.services import roles as services
from portal.identity.services.roles import Draft
from portal.people.wording import name_of_role

SIDES: tuple[RoleSide, ...] = ("client", "internal")
REQUIRED = {(each.side, each.key) for each in ROLES if each.is_required}


@bp.get("/admin/roles")
@allow("staff", "role:read")
def roles() -> Response:
    """All roles of one side: permissions down, roles across."""
    return _matrix(_side(request.args.get("side", "client")), RoleNameForm())


def _side(word: str) -> RoleSide:
    if word not in SIDES:
        raise NotFound
    return word


def _matrix(side: RoleSide, form: RoleNameForm, *, status: int = 200) -> Response:
    found = db.session.scalars(queries.roles(side)).all()
    return answer.page("access/roles.html", status=status, **_facts(side, found), form=form, title=gettext("Roles"))


def _facts(side: RoleSide, found: Any) -> dict[str, Any]:
    return {
        "places": places("roles"),
        "side": side,
        "roles": found,
        "held": services.role_permissions(),
        "holders": services.holders_by_role(),
        "groups": grouped(permissions_for(side)),
        "words": WORDS,
        "may_change": viewer.may("role:update"),
        "required": {each.id for each in found if (each.side, each.key) in REQUIRED},
    }


@bp.post("/admin/roles/new")
@allow("staff", "role:update", hidden=False, fresh=True)
def create_role() -> Response:
    """A role of the tenant's own, empty or like another."""
    form, side = RoleNameForm(), _side(request.form.get("side", "client"))
    like = _role_of(request.form["like"]) if request.form.get("like") else None
    if like is not None and like.side != side:
        raise NotFound
    if not form.validate():
        return _matrix(side, form, status=answer.UNPROCESSABLE)
    try:
        made = services.create_role(side, form.name.data or "", like=like)
    except services.NameTaken:
        form.reject("name", gettext("There is a role of that name already."))
        return _matrix(side, form, status=answer.UNPROCESSABLE)
    answer.say(gettext("The role %(name)s is there. Nobody has it yet.", name=made.name))
    return answer.moved(url_for(".role", role_id=made.id))


@bp.get("/admin/roles/<uuid:role_id>")
@allow("staff", "role:read", of="role")
def role(role_id: UUID) -> Response:
    """One role: its name, its permissions, what goes with it."""
    found = one_or_404(queries.role(role_id))
    return _one(found, RoleNameForm(formdata=None, name=found.name))


def _one(found: Role, form: RoleNameForm, *, status: int = 200) -> Response:
    facts = _facts(cast("RoleSide", found.side), [found])
    copy = RoleNameForm(formdata=None, prefix="copy")
    return answer.page(
        "access/role.html", status=status, **facts, role=found, form=form, copy_form=copy, title=name_of_role(found)
    )


@bp.post("/admin/roles/<uuid:role_id>/name")
@allow("staff", "role:update", of="role", hidden=False, fresh=True)
def rename_role(role_id: UUID) -> Response:
    """Call it something else."""
    found, form = one_or_404(queries.role(role_id)), RoleNameForm()
    if not form.validate():
        return _one(found, form, status=answer.UNPROCESSABLE)
    try:
        services.rename_role(found, form.name.data or "")
    except services.NameTaken:
        form.reject("name", gettext("There is a role of that name already."))
        return _one(found, form, status=answer.UNPROCESSABLE)
    answer.say(gettext("The role is called %(name)s now.", name=found.name))
    return answer.moved(url_for(".role", role_id=role_id))


@bp.post("/admin/roles/<uuid:role_id>/deletion")
@allow("staff", "role:update", of="role", hidden=False, fresh=True)
def delete_role(role_id: UUID) -> Response:
    """Take it away, if nobody has it."""
    found = one_or_404(queries.role(role_id))
    side, name = found.side, found.name
    try:
        services.delete_role(found)
    except services.RoleRequired:
        answer.say(gettext("The portal needs this role, so it stays."), "warn")
    except services.RoleInUse:
        answer.say(gettext("Somebody has this role. Give them another one first."), "warn")
    else:
        answer.say(gettext("The role %(name)s is gone.", name=name))
        return answer.moved(url_for(".roles", side=side))
    return answer.moved(url_for(".role", role_id=role_id))


@bp.post("/admin/roles/preview")
@allow("staff", "role:update", hidden=False)
def preview_roles() -> Response:
    """Who would gain and lose what; nothing is changed yet."""
    side = _side(request.form.get("side", "client"))
    return _preview(side, _drafts(side))


def _preview(side: RoleSide, drafts: dict[UUID, Draft], *, status: int = 200) -> Response:
    found = [each for each in db.session.scalars(queries.roles(side)) if each.id in drafts]
    now = services.drafts_of(found)
    changed = [each for each in found if drafts[each.id] != now[each.id]]
    return answer.page(
        "access/preview.html",
        status=status,
        title=gettext("Look before you save"),
        places=places("roles"),
        side=side,
        changed=changed,
        now=now,
        drafts=drafts,
        effects=services.preview(side, {each.id: drafts[each.id] for each in changed}),
        words=WORDS,
        basis=_basis(now),
        keeps=side == "client" or services.keeps_keeper(drafts),
    )


def _basis(now: dict[UUID, Draft]) -> str:
    """What the preview stands on, so that somebody else's change in between is noticed."""
    said = [(str(each), sorted(now[each].permissions), now[each].is_giveable, now[each].requires_mfa) for each in now]
    return hashlib.sha256(repr(sorted(said)).encode()).hexdigest()


@bp.post("/admin/roles")
@allow("staff", "role:update", hidden=False, fresh=True)
def save_roles() -> Response:
    """Make the change that was looked at."""
    side = _side(request.form.get("side", "client"))
    drafts = _drafts(side)
    services.lock_roles()
    found = [each for each in db.session.scalars(queries.roles(side)) if each.id in drafts]
    if request.form.get("basis") != _basis(services.drafts_of(found)):
        answer.say(gettext("Somebody changed these roles meanwhile. Look once more."), "warn")
        return _preview(side, drafts, status=answer.UNPROCESSABLE)
    try:
        count = services.save_roles(side, drafts)
    except services.LastKeeper:
        return _preview(side, drafts, status=answer.UNPROCESSABLE)
    answer.say(gettext("The roles are saved. They count at once.") if count else gettext("Nothing was different."))
    return answer.moved(url_for(".roles", side=side))


def _drafts(side: RoleSide) -> dict[UUID, Draft]:
    """What the form says the roles are to be. Raises NotFound for roles and permissions that were never offered."""
    fields = request.form
    found = {str(each.id): each for each in db.session.scalars(queries.roles(side))}
    wanted = fields.getlist("role")
    granted: dict[str, set[str]] = {role_id: set() for role_id in wanted}
    offered = permissions_for(side)
    for word in fields.getlist("grant"):
        role_id, _, permission = word.partition(" ")
        if role_id not in granted or permission not in offered:
            raise NotFound
        granted[role_id].add(permission)
    if not set(wanted) <= found.keys():
        raise NotFound
    held = services.role_permissions()
    return {
        found[role_id].id: Draft(
            frozenset(granted[role_id] | (held[found[role_id].id] - offered)),
            is_giveable=side == "client" and role_id in fields.getlist("giveable"),
            requires_mfa=role_id in fields.getlist("mfa"),
        )
        for role_id in wanted
    }


def _role_of(word: str) -> Role:
    try:
        return one_or_404(queries.role(UUID(word)))
    except ValueError:
        raise NotFound from None
