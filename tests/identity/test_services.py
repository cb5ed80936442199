"""Making tenants, people and their roles."""

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import delete, func, select, update

from portal.core.ids import new_id
from portal.core.tenancy import doors
from portal.core.tenancy.scope import Reach, Scope, entered, system_scope
from portal.core.tenancy.session import transaction
from portal.identity.models import Membership, MembershipRole, Password, Role, RolePermission, StaffProfile, User
from portal.identity.passwords import PasswordRefused
from portal.identity.permissions import ROLES, permissions_of
from portal.identity.roles import MissingRole
from portal.identity.services import people
from portal.tenants import provisioning
from portal.tenants.services import BadSlug, BadTimeZone, NewTenant, SlugTaken, create_tenant, provision
from portal.tickets.models import Board, Priority, Status
from tests import factories as make
from tests import world
from tests.identity.steps import System, Visit, sign_in, trail

GOOD = "four words of no relation"


def test_a_new_tenant_can_work_at_once(app: Flask, visit: Visit) -> None:
    scope = system_scope(new_id())
    with app.app_context(), transaction(scope):
        create_tenant(NewTenant(slug="orbit", name="Orbit GmbH"))
        boss = people.create_colleague("boss@orbit.example", "Bo Orbit", roles=("administrator",))
        people.set_password(boss, GOOD)
    with app.app_context(), transaction(scope) as session:
        for table in (Role, RolePermission, Board, Status, Priority):
            assert session.execute(select(func.count()).select_from(table)).scalar_one() > 0, table
        actions = [entry.action for entry in trail(session)]
        assert actions[0] == "tenant.created"
        assert {"role.created", "user.created", "role.given", "password.changed"} <= set(actions)
    somebody = visit(host="orbit")
    form = somebody.get("/auth/msp/signin").form("/signin") | {"email": "boss@orbit.example", "password": GOOD}
    assert somebody.post("/auth/msp/signin", form).status == 303
    assert "Bo Orbit" in somebody.get("/msp/settings")


def test_a_tenant_is_made_whole_or_not_at_all(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def burst() -> None:
        raise OSError

    monkeypatch.setitem(provisioning._steps, "broken", (99, burst))
    with pytest.raises(OSError), app.app_context(), transaction(system_scope(new_id())):  # noqa: PT011  # ours
        create_tenant(NewTenant(slug="orbit", name="Orbit GmbH"))
    with app.app_context(), transaction(None):
        assert [slug for _, slug in doors.tenants()] == ["harbor", "summit"]


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"slug": "harbor"}, SlugTaken),
        ({"slug": "Orbit"}, BadSlug),
        ({"slug": "-orbit"}, BadSlug),
        ({"slug": "or.bit"}, BadSlug),
        ({"slug": "o" * 64}, BadSlug),
        ({"slug": ""}, BadSlug),
        ({"slug": "www"}, BadSlug),
        ({"slug": "orbit", "time_zone": "Europe/Atlantis"}, BadTimeZone),
        ({"slug": "orbit", "time_zone": "../../etc/passwd"}, BadTimeZone),
    ],
)
def test_what_cannot_be_a_tenant_is_refused(app: Flask, facts: dict[str, str], error: type[Exception]) -> None:
    with app.app_context(), pytest.raises(error), transaction(system_scope(new_id())):
        create_tenant(NewTenant(name="Orbit", **facts))


@pytest.mark.parametrize("reach", [Reach.GATE, Reach.STAFF])
def test_only_the_system_makes_tenants(app: Flask, reach: Reach) -> None:
    scope = Scope(tenant_id=world.tenant_id("harbor"), reach=reach)
    with app.app_context(), entered(scope), pytest.raises(PermissionError):
        create_tenant(NewTenant(slug="orbit", name="Orbit"))
    with app.app_context(), entered(scope), pytest.raises(PermissionError):
        provision(world.tenant_id("harbor"))


def test_provisioning_again_adds_what_is_missing_and_changes_nothing(system: System) -> None:
    with system() as session:
        user_role = make.role("client", "User")
        session.execute(delete(RolePermission).where(RolePermission.role_id == user_role.id))
        session.execute(update(Role).where(Role.key == "finance").values(name="Buchhaltung", key="finance"))
        session.execute(delete(RolePermission).where(RolePermission.role_id == make.role("internal", "Dispatcher").id))
        session.execute(delete(Role).where(Role.key == "dispatcher"))
    with system() as session:
        provision(world.tenant_id("harbor"))
    with system() as session:
        keys = session.execute(select(Role.key)).scalars().all()
        assert sorted(keys) == sorted(role.key for role in ROLES)
        assert session.execute(select(Role.name).where(Role.key == "finance")).scalar_one() == "Buchhaltung"
        granted = select(RolePermission.permission).join(
            Role, (Role.tenant_id == RolePermission.tenant_id) & (Role.id == RolePermission.role_id)
        )
        assert session.execute(granted.where(Role.key == "user")).scalars().all() == [], "taken away by people"
        dispatcher = session.execute(granted.where(Role.key == "dispatcher")).scalars().all()
        assert set(dispatcher) == permissions_of("dispatcher")


def test_a_missing_role_is_an_error_that_says_so(system: System) -> None:
    with system() as session:
        session.execute(update(Role).where(Role.key == "user").values(key=None))
        member = session.get(Membership, (world.SAM.tenant_id, world.SAM.membership_id))
        before = session.execute(select(func.count()).select_from(MembershipRole)).scalar_one()
        with pytest.raises(MissingRole, match="“user” is missing in this tenant: `flask tenant provision`"):
            people.give_client_role(member, "user")
        assert session.execute(select(func.count()).select_from(MembershipRole)).scalar_one() == before


def test_a_role_of_the_other_side_is_missing_too(system: System) -> None:
    with system() as session:
        member = session.get(Membership, (world.SAM.tenant_id, world.SAM.membership_id))
        with pytest.raises(MissingRole):
            people.give_client_role(member, "administrator")
        with pytest.raises(MissingRole):
            people.give_staff_role(session.get(User, (world.TECH.tenant_id, world.TECH.id)), "admin")
        with pytest.raises(ValueError, match="only the MSP's own"):
            people.give_staff_role(session.get(User, (world.SAM.tenant_id, world.SAM.id)), "administrator")


def test_an_address_belongs_to_one_of_a_kind(system: System) -> None:
    with system():
        with pytest.raises(people.AddressTaken):
            people.create_user("client", "SAM@brightdental.example", "Another Sam")
        assert people.create_user("internal", world.SAM.email, "Sam of the staff").id
    with system("summit"):
        assert people.create_user("client", world.SAM.email, "Sam at Summit").id


@pytest.mark.parametrize(
    "text", ["", "sam", "a@b.example, c@d.example", "a@b.example\r\nBcc: x@y.example", "A <a@b.example>"]
)
def test_what_is_no_address_is_refused(system: System, text: str) -> None:
    with system(), pytest.raises(people.BadAddress):
        people.create_user("client", text, "Somebody")


def test_a_client_user_comes_in_by_its_membership(visit: Visit, system: System) -> None:
    with system() as session:
        contact = make.a_contact(world.DANA.client_id, "New Person", "new@brightdental.example")
        user = people.create_user("client", "new@brightdental.example", "New Person", locale="de")
        people.set_password(user, GOOD)
        member = people.add_membership(user, contact, roles=("user", "finance"), ticket_scope="own")
        session.flush()
        assert member.client_id == world.DANA.client_id
        with pytest.raises(ValueError, match="only client users"):
            people.add_membership(session.get(User, (world.TECH.tenant_id, world.TECH.id)), contact, roles=())
    somebody = visit()
    form = somebody.get("/auth/client-portal/signin").form("/signin")
    form |= {"email": "new@brightdental.example", "password": GOOD}
    assert somebody.post("/auth/client-portal/signin", form).status == 303
    assert somebody.get("/settings").dom.html["lang"] == "de"


def test_a_colleague_is_seen_under_its_name(system: System) -> None:
    with system() as session:
        user = people.create_colleague("kim@harbor.example", "Kim Ro", roles=("technician",), title="Networks")
        session.flush()
        profile = session.execute(select(StaffProfile).where(StaffProfile.user_id == user.id)).scalar_one()
        assert (profile.display_name, profile.title, profile.is_active) == ("Kim Ro", "Networks", True)


def test_a_guessable_password_is_not_set(system: System) -> None:
    with system() as session:
        user = session.get(User, (world.SAM.tenant_id, world.SAM.id))
        for guess in ("short", "password1234", "sambright2026"):
            with pytest.raises(PasswordRefused):
                people.set_password(user, guess)
    with system() as session:
        assert session.execute(select(Password.changed_at).where(Password.user_id == world.SAM.id)).scalar_one() == (
            world.OPENED
        )


def test_a_password_of_lower_cost_is_hashed_anew_when_it_is_used(visit: Visit, system: System) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(world.PASSWORD)
    with system() as session:
        session.execute(update(Password).where(Password.user_id == world.SAM.id).values(hash=weak))
    assert sign_in(visit(), world.SAM, "wrong and wrong again").status == 422
    with system() as session:
        assert session.execute(select(Password.hash).where(Password.user_id == world.SAM.id)).scalar_one() == weak
    assert sign_in(visit(), world.SAM).status == 303
    with system() as session:
        kept = session.execute(select(Password).where(Password.user_id == world.SAM.id)).scalar_one()
        assert kept.hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert kept.changed_at == world.OPENED, "the password is still the same"
    assert sign_in(visit(), world.SAM).status == 303


def test_two_steps_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="identity"):
        provisioning.provisions("identity", order=1)(lambda: None)
