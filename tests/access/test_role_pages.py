"""`/admin/roles`: shown, changed after a look at what follows, and never so that nobody could change them again."""

import threading

import pytest
from sqlalchemy import delete, select

from portal.core import clock
from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.identity.models import Denial, LoginSession, MembershipRole, Role, RolePermission, StaffRole
from portal.identity.services import roles as services
from tests import factories as make
from tests import world
from tests.world import ADMIN, DANA, READER, SAM, TECH


@pytest.fixture
def admin(visit, system):
    """The administrator, who has just proved who she is."""
    visitor = visit(ADMIN)
    with system() as session:
        for each in session.scalars(select(LoginSession).where(LoginSession.user_id == ADMIN.id)):
            each.proved_at = clock.now()
    return visitor


def role_id(system, side, name):
    with system() as session:
        return str(session.scalars(select(Role.id).where(Role.side == side, Role.name == name)).one())


def changed(visitor, side, *, add=(), drop=(), role=None):
    """The preview after ticking and unticking boxes of one role's page."""
    page = visitor.get(f"/admin/roles/{role}")
    held = [box["value"] for box in page.dom.select("input[name=grant][checked]")]
    wanted = [each for each in held if each.split()[1] not in drop] + [f"{role} {each}" for each in add]
    fields = page.form("/preview") | {"grant": wanted, "role": role, "side": side}
    return visitor.post("/admin/roles/preview", fields)


def confirmed(visitor, preview):
    form = next(each for each in preview.dom.select("form") if each["action"] == "/admin/roles")
    fields: dict[str, list[str]] = {}
    for control in form.select("input[name]"):
        fields.setdefault(control["name"], []).append(control.get("value", ""))
    return visitor.post("/admin/roles", fields)


def test_the_matrix_shows_every_role_of_a_side_with_words(admin):
    page = admin.get("/admin/roles")
    assert {"User", "Finance", "Admin"} <= {each.get_text() for each in page.dom.select(".roles thead a")}
    assert "Open tickets." in page
    assert "Write to the client." not in page, "that is the staff's"
    assert "Write to the client." in admin.get("/admin/roles?side=internal")
    assert admin.get("/admin/roles?side=other").status == 404


def test_nothing_changes_before_it_was_looked_at(admin, system):
    role = role_id(system, "client", "User")
    with system() as session:
        before = services.role_permissions()

    preview = changed(admin, "client", add=["user:read"], drop=["ticket:create"], role=role)

    assert "Sam Bright" in preview
    assert "Bright Dental" in preview
    assert "See who has access." in preview
    with system() as session:
        assert services.role_permissions() == before
        assert session is not None
    assert confirmed(admin, preview).status == 303
    with system() as session:
        held = set(session.scalars(select(RolePermission.permission).where(RolePermission.role_id == make_id(role))))
    assert "user:read" in held
    assert "ticket:create" not in held


def make_id(word):
    import uuid

    return uuid.UUID(word)


def test_it_counts_at_once(admin, visit, system):
    sam, role = visit(SAM), role_id(system, "client", "User")
    assert sam.get("/tickets/new").status == 200
    confirmed(admin, changed(admin, "client", drop=["ticket:create"], role=role))
    assert sam.get("/tickets/new").status == 404


def test_who_is_denied_it_or_has_it_by_another_role_is_not_told_as_gaining(system):
    with system() as session:
        user = session.scalars(select(Role).where(Role.side == "client", Role.key == "user")).one()
        now = services.drafts_of([user])[user.id]
        draft = services.Draft(now.permissions | {"user:read"}, now.is_giveable, now.requires_mfa)
        admin = session.scalars(select(Role).where(Role.side == "client", Role.key == "admin")).one()
        make.put(MembershipRole(
            client_id=SAM.client_id, user_id=SAM.id, membership_id=SAM.membership_id, role_id=admin.id,
        ))  # fmt: skip
        make.put(Denial(client_id=world.client_id("Cedar CANARY"), membership_id=None, permission="user:read"))
        (effects) = services.preview("client", {user.id: draft})
    assert effects == [], "Sam has it by Admin, Noah's company is denied it"


def test_somebody_elses_change_in_between_is_noticed(admin, system):
    role = role_id(system, "client", "User")
    preview = changed(admin, "client", add=["user:read"], role=role)
    with system() as session:
        session.execute(delete(RolePermission).where(
            RolePermission.role_id == make_id(role), RolePermission.permission == "ticket:create"
        ))  # fmt: skip
    again = confirmed(admin, preview)
    assert again.status == 422
    assert "meanwhile" in again
    assert confirmed(admin, again).status == 303


def test_the_last_who_can_change_roles_keeps_that(admin, system):
    role = role_id(system, "internal", "Administrator")
    preview = changed(admin, "internal", drop=["role:update"], role=role)
    assert "Nobody could change roles any more" in preview
    assert not [each for each in preview.dom.select("button") if "Save the roles" in each.get_text()]
    assert confirmed(admin, preview).status == 422
    with system():
        assert "role:update" in services.role_permissions()[make_id(role)]


def test_two_changes_at_once_cannot_take_it_from_both(app, system):
    """Ten threads each drop it from one of two roles; one of the roles keeps it. Without the lock both would go."""
    with system() as session:
        second = make.put(Role(name="Second", side="internal"))
        make.put(RolePermission(role_id=second.id, permission="role:update"))
        make.put(StaffRole(user_id=TECH.id, role_id=second.id))
        first = session.scalars(select(Role).where(Role.key == "administrator")).one()
        ids = (first.id, second.id)
    scope = Scope(tenant_id=ADMIN.tenant_id, reach=Reach.STAFF, user_id=ADMIN.id)
    gate, refused = threading.Barrier(10), []

    def drop(which):
        gate.wait()
        try:
            with app.app_context(), transaction(scope) as session:
                services.lock_roles()
                role = session.scalars(select(Role).where(Role.id == which)).one()
                now = services.drafts_of([role])[which]
                services.save_roles("internal", {which: services.Draft(now.permissions - {"role:update"})})
        except services.LastKeeper:
            refused.append(which)

    threads = [threading.Thread(target=drop, args=(ids[place % 2],)) for place in range(10)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    with system() as session:
        keeping = set(session.scalars(select(RolePermission.role_id).where(RolePermission.permission == "role:update")))
        services.ensure_keeper()
    assert len(keeping) == 1
    assert refused


def test_own_roles_are_made_copied_renamed_and_deleted(admin, system):
    made = admin.submit("/admin/roles", "/admin/roles/new", name="Front desk")
    path = made.headers["Location"]
    assert admin.submit(path, "/name", name="Reception").status == 303
    assert "Reception" in admin.get(path)
    assert admin.submit("/admin/roles", "/admin/roles/new", name="Reception").status == 422
    copy = admin.submit("/admin/roles", "/admin/roles/new", name="Like Admin", like=role_id(system, "client", "Admin"))
    assert len(admin.get(copy.headers["Location"]).dom.select("input[name=grant][checked]")) >= 9
    assert admin.follow(admin.submit(path, "/deletion")).status == 200
    assert admin.get(path).status == 404


def test_required_roles_and_those_in_use_stay(admin, system):
    used, required = role_id(system, "client", "Finance"), role_id(system, "client", "User")
    token = {"csrf_token": admin.get("/admin/roles").dom.select_one("input[name=csrf_token]")["value"]}
    for role in (used, required):
        assert admin.post(f"/admin/roles/{role}/deletion", token).status == 303
        assert admin.get(f"/admin/roles/{role}").status == 200
    assert admin.submit(f"/admin/roles/{required}", "/name", name="Everybody").status == 303
    with system() as session:
        assert session.get(Role, (ADMIN.tenant_id, make_id(required))).key == "user"


def test_a_clients_role_never_gets_what_is_the_msps(admin, system):
    role = role_id(system, "client", "User")
    assert changed(admin, "client", add=["role:update"], role=role).status == 404
    other = role_id(system, "internal", "Billing")
    assert changed(admin, "client", add=[], role=role).status == 200
    page = admin.get(f"/admin/roles/{role}")
    assert admin.post("/admin/roles/preview", page.form("/preview") | {"role": other}).status == 404


@pytest.mark.parametrize("person", [READER, TECH, DANA])
def test_others_do_not_find_the_pages(visit, person):
    visitor = visit(person)
    for path in ("/admin/roles", "/admin/roles/simulator", "/admin/board-groups", "/admin/access"):
        assert visitor.get(path).status == 404
