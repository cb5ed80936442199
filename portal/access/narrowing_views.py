"""What narrows roles: groups of boards, denials of a client, and how far one of its people sees."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from portal.access import queries
from portal.access.blueprint import bp, places
from portal.access.forms import BoardGroupForm, PersonForm
from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import viewer
from portal.core.web import answer
from portal.extensions import db
from portal.identity.models import BoardGroup
from portal.identity.permission_words import WORDS, grouped
from portal.identity.permissions import permissions_for
from portal.identity.services import narrowing


@bp.get("/admin/board-groups")
@allow("staff", "role:read")
def board_groups() -> Response:
    """Groups of boards that people can be held to."""
    return _groups(_group_form(formdata=None))


@bp.post("/admin/board-groups")
@allow("staff", "role:update", hidden=False, fresh=True)
def create_board_group() -> Response:
    """A new group."""
    form = _group_form()
    if not _saved(None, form):
        return _groups(form, status=answer.UNPROCESSABLE)
    return answer.moved(url_for(".board_groups"))


def _groups(form: BoardGroupForm, *, status: int = 200) -> Response:
    boards: dict[UUID, list[str]] = {}
    for group_id, _board_id, name in db.session.execute(queries.boards_of_groups()):
        boards.setdefault(group_id, []).append(name)
    return answer.page(
        "access/board_groups.html",
        status=status,
        title=gettext("Groups of boards"),
        places=places("board_groups"),
        groups=db.session.scalars(queries.board_groups()).all(),
        boards=boards,
        people={row.board_group_id: row.people for row in db.session.execute(queries.people_in_groups())},
        form=form,
        may_change=viewer.may("role:update"),
    )


@bp.get("/admin/board-groups/<uuid:group_id>")
@allow("staff", "role:read", of="board_group")
def board_group(group_id: UUID) -> Response:
    """One group."""
    group = one_or_404(queries.board_group(group_id))
    rows = db.session.execute(queries.boards_of_groups()).all()
    held = [row.id for row in rows if row.board_group_id == group.id]
    return _group(group, _group_form(formdata=None, data={"name": group.name, "boards": held}))


@bp.post("/admin/board-groups/<uuid:group_id>")
@allow("staff", "role:update", of="board_group", hidden=False, fresh=True)
def change_board_group(group_id: UUID) -> Response:
    """Change its name or boards."""
    group, form = one_or_404(queries.board_group(group_id)), _group_form()
    if not _saved(group, form):
        return _group(group, form, status=answer.UNPROCESSABLE)
    return answer.moved(url_for(".board_groups"))


def _group(group: BoardGroup, form: BoardGroupForm, *, status: int = 200) -> Response:
    return answer.page(
        "access/board_group.html",
        status=status,
        title=group.name,
        group=group,
        form=form,
        may_change=viewer.may("role:update"),
    )


@bp.post("/admin/board-groups/<uuid:group_id>/deletion")
@allow("staff", "role:update", of="board_group", hidden=False)
def delete_board_group(group_id: UUID) -> Response:
    """Take it away, if nobody is held to it."""
    group = one_or_404(queries.board_group(group_id))
    try:
        narrowing.delete_board_group(group)
    except narrowing.GroupInUse:
        answer.say(gettext("Somebody is held to this group. Change that first."), "warn")
        return answer.moved(url_for(".board_group", group_id=group_id))
    answer.say(gettext("The group is gone."))
    return answer.moved(url_for(".board_groups"))


def _group_form(**kwargs: Any) -> BoardGroupForm:
    form = BoardGroupForm(**kwargs)
    form.boards.choices = [SelectChoice(each.id, each.name) for each in db.session.scalars(queries.boards())]
    return form


def _saved(group: BoardGroup | None, form: BoardGroupForm) -> bool:
    if not form.validate():
        return False
    try:
        made = narrowing.save_board_group(group, form.name.data or "", form.boards.data or [])
    except narrowing.GroupNameTaken:
        form.reject("name", gettext("There is a group of that name already."))
        return False
    answer.say(gettext("The group %(name)s is saved.", name=made.name))
    return True


@bp.get("/msp/clients/<int(max=999999999):number>/access")
@allow("staff", "user:update", of="company")
def client(number: int) -> Response:
    """What is taken from everybody at a client."""
    found = one_or_404(queries.client(viewer, number))
    return answer.page(
        "access/client.html",
        title=gettext("Access at %(name)s", name=found.name),
        client=found,
        groups=grouped(permissions_for("client")),
        words=WORDS,
        denied=set(db.session.scalars(queries.denied(client_id=found.id))),
        people=db.session.execute(queries.seats(found.id)).all(),
    )


@bp.post("/msp/clients/<int(max=999999999):number>/access")
@allow("staff", "user:update", of="company", hidden=False, fresh=True)
def deny_client(number: int) -> Response:
    """Take what is ticked from everybody there, and nothing else."""
    found = one_or_404(queries.client(viewer, number))
    narrowing.deny_client(found, _denied())
    answer.say(gettext("Saved. It counts at once."))
    return answer.moved(url_for(".client", number=number))


def _denied() -> set[str]:
    wanted = set(request.form.getlist("denied"))
    if wanted - permissions_for("client"):
        raise NotFound
    return wanted


@bp.get("/msp/clients/<int(max=999999999):number>/people/<uuid:contact_id>/access")
@allow("staff", "user:update", of="contact")
def person(number: int, contact_id: UUID) -> Response:
    """How far one person sees, and what is taken from them."""
    found, row = _seat(number, contact_id)
    seat = row.Membership
    form = PersonForm(
        formdata=None, ticket_scope=seat.ticket_scope, site=str(seat.site_id or ""),
        board_group=str(seat.board_group_id or ""),
    )  # fmt: skip
    return _person(found, row, form)


def _seat(number: int, contact_id: UUID) -> tuple[Any, Any]:
    found = one_or_404(queries.client(viewer, number))
    row = db.session.execute(queries.seat(found.id, contact_id)).one_or_none()
    if row is None:
        raise NotFound
    return found, row


def _person(found: Any, row: Any, form: PersonForm, *, status: int = 200) -> Response:
    seat = row.Membership
    sites = db.session.scalars(queries.sites(found.id)).all()
    form.offer(sites, db.session.scalars(queries.board_groups()))
    return answer.page(
        "access/person.html",
        status=status,
        title=gettext("Access of %(name)s", name=row.User.name),
        client=found,
        contact=row.Contact,
        seat=seat,
        form=form,
        sites=sites,
        roles=db.session.execute(queries.roles_of_seat(seat.id)).all(),
        groups=grouped(permissions_for("client")),
        words=WORDS,
        denied=set(db.session.scalars(queries.denied(membership_id=seat.id))),
        denied_here=set(db.session.scalars(queries.denied(client_id=found.id))),
    )


@bp.post("/msp/clients/<int(max=999999999):number>/people/<uuid:contact_id>/access")
@allow("staff", "user:update", of="contact", hidden=False, fresh=True)
def narrow_person(number: int, contact_id: UUID) -> Response:
    """Set it."""
    found, row = _seat(number, contact_id)
    form, seat = PersonForm(), row.Membership
    sites = {str(each.id): each.id for each in db.session.scalars(queries.sites(found.id))}
    groups = db.session.scalars(queries.board_groups()).all()
    form.offer(db.session.scalars(queries.sites(found.id)), groups)
    if not form.validate():
        return _person(found, row, form, status=answer.UNPROCESSABLE)
    narrowing.narrow_person(
        seat,
        ticket_scope=form.ticket_scope.data,
        site_id=UUID(form.site.data) if form.site.data else None,
        board_group_id=UUID(form.board_group.data) if form.board_group.data else None,
    )
    for each in db.session.execute(queries.roles_of_seat(seat.id)).all():
        chosen = request.form.getlist(f"sites-{each.MembershipRole.id}")
        if not set(chosen) <= sites.keys():
            raise NotFound
        narrowing.limit_role(each.MembershipRole, [sites[word] for word in chosen])
    narrowing.deny_person(seat, _denied())
    answer.say(gettext("Saved. It counts at once."))
    return answer.moved(url_for(".person", number=number, contact_id=contact_id))
