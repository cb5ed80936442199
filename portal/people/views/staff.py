"""`/admin/users`: the MSP's own people."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import viewer
from portal.core.web import answer
from portal.extensions import db
from portal.identity import policy
from portal.identity.models import Role
from portal.identity.services import invitation_history, invitations, second_factor, sessions
from portal.people import queries, wording
from portal.people.blueprint import bp
from portal.people.forms import ColleagueForm, RolesForm, ids_of
from portal.people.refusals import refusal_of
from portal.people.services import colleagues

COLLEAGUE = "/admin/users/<uuid:user_id>"


@bp.get("/admin/users")
@allow("staff", "user:read")
def staff() -> Response:
    """Everybody on the staff."""
    roles, invited = _roles(), _invitations()
    used = {row.user_id: row.at for row in db.session.execute(queries.last_uses())}
    rows = [
        {
            "profile": row.StaffProfile,
            "user": row.User,
            "roles": roles[row.User.id],
            "badge": wording.colleague_badge(row.User, row.StaffProfile, invited.get(row.User.id)),
            "used_at": used.get(row.User.id),
        }
        for row in db.session.execute(queries.colleagues(viewer))
    ]
    return answer.page("people/staff.html", title=gettext("Staff"), rows=rows, own_id=viewer.user_id, may=viewer.may)


def _roles() -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in db.session.execute(queries.staff_role_names()):
        found[row.user_id].append(wording.role_name(row.key, row.name))
    return found


def _invitations() -> dict[UUID, invitations.State]:
    """What became of the last invitation of each colleague who has not come in yet."""
    rows = db.session.scalars(queries.colleague_invitations())
    return {row.user_id: invitations.state_of(row) for row in rows}


@bp.get("/admin/users/invitation")
@allow("staff", "user:update", fresh=True)
def new_colleague() -> Response:
    """Invite somebody to the staff."""
    return _new_page(ColleagueForm(offered=_giveable(), formdata=None))


@bp.post("/admin/users/invitation")
@allow("staff", "user:update", hidden=False, fresh=True)
def invite_colleague() -> Response:
    """Send the invitation."""
    form = ColleagueForm(offered=_giveable())
    if not form.validate():
        return _new_page(form, status=422)
    email, name, title = form.email.data or "", form.name.data or "", form.title.data or ""
    roles = form.chosen()
    refused = refusal_of(lambda: invitations.invite_colleague(viewer, email=email, name=name, roles=roles, title=title))
    if refused:
        form.reject("email", refused)
        return _new_page(form, status=422)
    answer.say(gettext("We wrote to %(email)s. The link in the email is good for 72 hours.", email=email))
    return answer.moved(url_for(".staff"))


def _new_page(form: ColleagueForm, status: int = 200) -> Response:
    return answer.page("people/invite_colleague.html", status=status, title=gettext("Invite a colleague"), form=form)


def _giveable() -> list[Role]:
    return [role for role in db.session.scalars(queries.roles("internal")) if policy.may_give(viewer, role)]


@bp.get(COLLEAGUE)
@allow("staff", "user:read", of="staff_member")
def colleague(user_id: UUID) -> Response:
    """Somebody on the staff."""
    return _page(user_id)


@bp.post(f"{COLLEAGUE}/roles")
@allow("staff", "user:update", of="staff_member", hidden=False, fresh=True)
def change_colleague_roles(user_id: UUID) -> Response:
    """Change what a colleague may do."""
    row = _find(user_id, hold=True)
    form = _roles_form(user_id)
    if not form.validate():
        return _page(user_id, form=form, status=422)
    roles = form.chosen()
    return _act(user_id, lambda: colleagues.change_roles(row.User, roles, by=viewer), gettext("The roles are saved."))


@bp.post(f"{COLLEAGUE}/clients")
@allow("staff", "user:update", of="staff_member", hidden=False, fresh=True)
def assign_colleague(user_id: UUID) -> Response:
    """Say which clients a colleague looks after."""
    row, chosen = _find(user_id, hold=True), ids_of(request.form.getlist("clients"))
    only = request.form.get("only") == "1"
    done = gettext("The clients are saved.")
    act = lambda: colleagues.assign_clients(row.StaffProfile, chosen, only=only, by=viewer)  # noqa: E731  # reads better
    return _act(user_id, act, done)


@bp.post(f"{COLLEAGUE}/suspension")
@allow("staff", "user:deactivate", of="staff_member", hidden=False, fresh=True)
def suspend_colleague(user_id: UUID) -> Response:
    """Let a colleague in no more."""
    row = _find(user_id, hold=True)
    done = gettext("The account is suspended and signed out everywhere.")
    return _act(user_id, lambda: colleagues.suspend(row.User, row.StaffProfile, by=viewer), done)


@bp.post(f"{COLLEAGUE}/activation")
@allow("staff", "user:deactivate", of="staff_member", hidden=False, fresh=True)
def reactivate_colleague(user_id: UUID) -> Response:
    """Let a colleague in again."""
    row = _find(user_id, hold=True)
    done = gettext("The person can sign in again.")
    return _act(user_id, lambda: colleagues.reactivate(row.User, row.StaffProfile, by=viewer), done)


@bp.post(f"{COLLEAGUE}/invitation")
@allow("staff", "user:update", of="staff_member", hidden=False, fresh=True)
def resend_colleague(user_id: UUID) -> Response:
    """Send the invitation once more."""
    row = _find(user_id)
    done = gettext("We sent a new link. The one before no longer works.")
    return _act(user_id, lambda: invitations.resend(row.User), done)


@bp.post(f"{COLLEAGUE}/invitation/withdrawal")
@allow("staff", "user:update", of="staff_member", hidden=False)
def revoke_colleague(user_id: UUID) -> Response:
    """Let the link in the mail die."""
    row = _find(user_id)
    return _act(user_id, lambda: invitations.revoke(row.User), gettext("The invitation is withdrawn."))


@bp.post(f"{COLLEAGUE}/sessions/ending")
@allow("staff", "user:deactivate", of="staff_member", hidden=False)
def end_colleague_sessions(user_id: UUID) -> Response:
    """Sign a colleague out everywhere."""
    row = _find(user_id)
    sessions.end_all_sessions(row.User.id, "by an administrator")
    return _done(user_id, gettext("The person is signed out everywhere."))


@bp.post(f"{COLLEAGUE}/second-factors/reset")
@allow("staff", "user:update", of="staff_member", hidden=False, fresh=True)
def reset_colleague_factors(user_id: UUID) -> Response:
    """Take every second factor away, for somebody who has lost them."""
    row = _find(user_id)
    done = gettext("Second factors are removed; the person is told by email.")
    return _act(user_id, lambda: second_factor.reset_second_factors(row.User, viewer), done)


def _find(user_id: UUID, *, hold: bool = False) -> Any:
    """Profile and login. Raises NotFound."""
    if hold:
        one_or_404(queries.colleague_lock(user_id))
    found = db.session.execute(queries.colleague(viewer, user_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def _roles_form(user_id: UUID, **kwargs: Any) -> RolesForm:
    held = [row.role_id for row in db.session.execute(queries.staff_role_names()) if row.user_id == user_id]
    given = {role.id for role in _giveable()}
    offered = [role for role in db.session.scalars(queries.roles("internal")) if role.id in given or role.id in held]
    if "formdata" in kwargs:
        kwargs["data"] = {"roles": [str(role_id) for role_id in held]}
    return RolesForm(offered=offered, **kwargs)


def _act(user_id: UUID, act: Callable[[], object], done: str) -> Response:
    refused = refusal_of(act)
    return _done(user_id, refused or done, "warn" if refused else "good")


def _done(user_id: UUID, words: str, kind: str = "good") -> Response:
    answer.say(words, kind)
    return answer.moved(url_for(".colleague", user_id=user_id))


def _page(user_id: UUID, *, form: RolesForm | None = None, status: int = 200) -> Response:
    row, invitation = _find(user_id), _invitations().get(user_id)
    assigned = set(db.session.scalars(queries.assignments(user_id)))
    return answer.page(
        "people/colleague.html",
        status=status,
        title=row.User.name,
        user=row.User,
        profile=row.StaffProfile,
        badge_of=wording.colleague_badge(row.User, row.StaffProfile, invitation),
        invitation=invitation,
        roles=_roles()[user_id],
        form=form or _roles_form(user_id, formdata=None),
        clients=db.session.execute(queries.client_names()).all(),
        assigned=assigned,
        second_factors=second_factor.of(user_id).count,
        is_self=user_id == viewer.user_id,
        happenings=invitation_history.of(row.User),
        may=viewer.may,
    )
