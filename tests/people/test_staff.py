"""The MSP's own people, and what the staff do for people at clients."""

import contextlib
import threading
from typing import Any

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.identity.models import AccessCode, LoginSession, Membership, Role, StaffProfile, StaffRole, Totp, User
from portal.people.services import colleagues
from tests import factories as make
from tests import world
from tests.isolation.rig import face_of

TECHS = f"/admin/users/{world.TECH.id}"
SAMS = f"/msp/clients/10001/people/{world.SAM.contact_id}"
DANAS = f"/msp/clients/10001/people/{world.DANA.contact_id}"


@pytest.fixture
def ids(system: Any) -> dict[str, str]:
    """Roles of the staff by name."""
    with system() as session:
        return {role.name: str(role.id) for role in session.scalars(select(Role).where(Role.side == "internal"))}


def state(session: Any, person: Any) -> str:
    return str(session.scalars(select(User.state).where(User.id == person.id)).one())


def post(who: Any, path: str, **values: Any) -> Any:
    token = who.get("/msp/settings").dom.select_one("input[name=csrf_token]")["value"]
    return who.post(path, {"csrf_token": token, **values})


def test_the_list_shows_the_own_staff(visit: Any) -> None:
    page = visit(world.ADMIN).get("/admin/users")
    assert [a.get_text() for a in page.dom.select("tbody th a")] == ["Ada Quay", "Bo Ledger", "Priya Nair", "Rea Donly"]
    assert "CANARY" not in page
    assert visit(world.TECH).get("/admin/users").status == 404


def test_a_colleague_is_invited_with_roles_that_the_inviter_holds(visit: Any, system: Any, ids: dict[str, str]) -> None:
    admin = visit(world.ADMIN)
    page = admin.submit(
        "/admin/users/invitation", "/users/invitation", name="New One", email="new@harbor.example",
        roles=[ids["Technician"]],
    )  # fmt: skip
    assert page.status == 303, page.text
    assert "Invited" in admin.get("/admin/users")
    with system() as session:
        assert session.scalars(select(User.state).where(User.email == "new@harbor.example")).one() == "pending"


def test_roles_are_changed_but_not_the_own(visit: Any, system: Any, ids: dict[str, str]) -> None:
    admin = visit(world.ADMIN)
    assert admin.submit(TECHS, "/roles", roles=[ids["Dispatcher"]]).status == 303
    post(admin, f"/admin/users/{world.ADMIN.id}/roles", roles=[ids["Read-only"]])
    with system() as session:
        held = select(Role.name).join(StaffRole, StaffRole.role_id == Role.id)
        assert session.scalars(held.where(StaffRole.user_id == world.TECH.id)).all() == ["Dispatcher"]
        assert session.scalars(held.where(StaffRole.user_id == world.ADMIN.id)).all() == ["Administrator"]


def test_a_suspended_colleague_is_out_at_once_and_can_come_back(visit: Any, system: Any) -> None:
    admin, tech = visit(world.ADMIN), visit(world.TECH)
    assert tech.get("/msp/tickets").status == 200
    assert admin.submit(TECHS, "/suspension").status == 303
    assert tech.get("/msp/tickets").status == 303
    assert admin.submit(TECHS, "/activation").status == 303
    with system() as session:
        assert state(session, world.TECH) == "active"
        assert session.scalars(select(StaffProfile.is_active).where(StaffProfile.user_id == world.TECH.id)).one()


def test_a_colleague_is_held_to_assigned_clients(visit: Any) -> None:
    admin, tech = visit(world.ADMIN), visit(world.TECH)
    assert tech.get("/msp/clients/900101").status == 200
    page = admin.submit(TECHS, "/clients", clients=[str(world.client_id("Bright Dental"))], only="1")
    assert page.status == 303
    assert tech.get("/msp/clients/900101").status == 404
    assert tech.get("/msp/clients/10001").status == 200
    assert "Assigned ones only" in admin.get("/admin/users")


def test_foreign_clients_are_not_assigned(visit: Any, system: Any) -> None:
    from portal.identity.models import ClientAssignment

    delta = str(world.client_id("Delta CANARY"))
    post(visit(world.ADMIN), f"{TECHS}/clients", clients=[delta, "nonsense", str(world.client_id("Bright Dental"))])
    with system() as session:
        mine = select(ClientAssignment.client_id).where(ClientAssignment.user_id == world.TECH.id)
        assert session.scalars(mine).all() == [world.client_id("Bright Dental")]


def test_who_is_held_to_clients_lifts_it_for_nobody(visit: Any, system: Any, ids: dict[str, str]) -> None:
    admin, bright = visit(world.ADMIN), str(world.client_id("Bright Dental"))
    for person in (world.TECH, world.BILLING):
        assert post(admin, f"/admin/users/{person.id}/clients", clients=[bright], only="1").status == 303
    assert admin.submit(TECHS, "/roles", roles=[ids["Administrator"]]).status == 303
    held = visit(world.TECH)
    for person in (world.TECH, world.BILLING):
        post(held, f"/admin/users/{person.id}/clients", clients=[bright])
    with system() as session:
        narrow = select(StaffProfile.user_id).where(StaffProfile.sees_assigned_only)
        assert set(session.scalars(narrow)) == {world.TECH.id, world.BILLING.id}
    post(held, f"/admin/users/{world.TECH.id}/clients", clients=[], only="1")
    assert held.get("/msp/clients/10001").status == 200


@pytest.mark.parametrize("act", ["roles", "clients", "suspension", "activation", "sessions/ending", "invitation"])
@pytest.mark.parametrize("who", [world.SUMMIT_TECH, world.SAM], ids=["another tenant's", "a client's person"])
def test_who_is_not_on_the_own_staff_is_nobody(visit: Any, ids: dict[str, str], who: Any, act: str) -> None:
    admin = visit(world.ADMIN)
    got = post(admin, f"/admin/users/{who.id}/{act}", roles=[ids["Technician"]])
    nobody = post(admin, f"/admin/users/{world.fixed('nobody')}/{act}", roles=[ids["Technician"]])
    assert got.status == 404
    assert face_of(got)[0] == face_of(nobody)[0]


class TestLastAdministrator:
    """Two Administrators who remove each other at the same moment: one stays."""

    @pytest.fixture
    def second(self, system: Any) -> Any:
        with system():
            user = make.a_user("second@harbor.example", "internal")
            make.a_colleague(user, "Administrator")
            return user.id

    def test_the_last_one_stays(self, app: Any) -> None:
        with app.app_context(), transaction(_scope()), pytest.raises(colleagues.LastAdministrator):
            _remove(world.ADMIN.id, "suspend")

    @pytest.mark.parametrize("how", ["suspend", "change_roles"])
    def test_of_two_removed_at_once_one_stays(self, app: Any, second: Any, how: str) -> None:
        assert self._race(app, second, how) == ["LastAdministrator", "done"]

    def test_without_holding_the_role_both_go(self, app: Any, second: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(colleagues, "hold_administrators", lambda: None)
        assert self._race(app, second, "suspend") == ["done", "done"]

    def _race(self, app: Any, second: Any, how: str) -> list[str]:
        ready, outcomes = threading.Barrier(2), []

        def remove(user_id: Any) -> None:
            try:
                with app.app_context(), transaction(_scope()):
                    ready.wait(10)
                    _remove(user_id, how)
                    with contextlib.suppress(threading.BrokenBarrierError):
                        ready.wait(0.7)
                outcomes.append("done")
            except colleagues.LastAdministrator:
                outcomes.append("LastAdministrator")

        threads = [threading.Thread(target=remove, args=(each,)) for each in (world.ADMIN.id, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return sorted(outcomes)


def _scope() -> Scope:
    from portal.identity.permissions import permissions_of

    return Scope(
        tenant_id=world.tenant_id("harbor"), reach=Reach.STAFF, user_id=world.BILLING.id,
        permissions=permissions_of("administrator"),
    )  # fmt: skip


def _remove(user_id: Any, how: str) -> None:
    from portal.extensions import db

    user = db.session.scalars(select(User).where(User.id == user_id)).one()
    profile = db.session.scalars(select(StaffProfile).where(StaffProfile.user_id == user_id)).one()
    if how == "suspend":
        colleagues.suspend(user, profile, by=_scope())
    else:
        colleagues.change_roles(user, [make.role("internal", "Technician")], by=_scope())


class TestPeopleAtClients:
    """What the staff do for a client's people."""

    def test_portal_access_is_switched_for_one_and_for_all(self, visit: Any) -> None:
        admin, sam, dana = visit(world.ADMIN), visit(world.SAM), visit(world.DANA)
        assert admin.submit(SAMS, "/portal-access").status == 303
        assert sam.get("/").status == 303
        assert dana.get("/").status == 200
        assert admin.submit("/msp/clients/10001", "/10001/portal-access").status == 303
        assert dana.get("/").status == 303
        assert "Portal off" in admin.get("/msp/clients")

    @pytest.mark.parametrize("wanted", ["suspended", "locked"])
    def test_a_login_is_shut_and_opened_again(self, visit: Any, system: Any, wanted: str) -> None:
        admin, sam = visit(world.ADMIN), visit(world.SAM)
        assert post(admin, f"{SAMS}/state", state=wanted).status == 303
        assert sam.get("/").status == 303
        with system() as session:
            assert state(session, world.SAM) == wanted
        assert admin.submit(SAMS, "/state").status == 303
        with system() as session:
            assert state(session, world.SAM) == "active"

    @pytest.mark.parametrize(
        ("act", "fields"),
        [("state", {"state": "suspended"}), ("state", {"state": "locked"}), ("portal-access", {"on": "0"})],
    )
    def test_the_last_admin_is_stopped_at_once_and_that_none_is_left_is_told(
        self, visit: Any, act: str, fields: dict[str, str]
    ) -> None:
        admin, dana = visit(world.ADMIN), visit(world.DANA)
        left = "Bright Dental has no Admin left who can come in."
        assert left not in admin.follow(post(admin, f"{SAMS}/{act}", **fields))
        page = admin.follow(post(admin, f"{DANAS}/{act}", **fields))
        assert left in page
        assert dana.get("/").status == 303
        again = {"state": "active"} if act == "state" else {"on": "1"}
        assert left not in admin.follow(post(admin, f"{DANAS}/{act}", **again))

    def test_a_login_that_the_directory_switched_off_stays_so(self, visit: Any, system: Any) -> None:
        with system() as session:
            user = session.get(User, (world.SAM.tenant_id, world.SAM.id))
            user.state, user.state_reason, user.is_managed = "suspended", "directory", True
        admin = visit(world.ADMIN)
        assert "it alone switches it on" in admin.follow(post(admin, f"{SAMS}/state", state="active"))
        with system() as session:
            assert state(session, world.SAM) == "suspended"

    @pytest.mark.parametrize("wanted", ["pending", "administrator", ""])
    def test_other_states_do_not_exist(self, visit: Any, system: Any, wanted: str) -> None:
        assert post(visit(world.ADMIN), f"{SAMS}/state", state=wanted).status == 404
        with system() as session:
            assert state(session, world.SAM) == "active"

    def test_an_access_code_is_shown_once(self, visit: Any, system: Any) -> None:
        with system():
            contact_id = make.a_contact(world.SAM.client_id, "Nobody Yet").id
        admin, path = visit(world.ADMIN), f"/msp/clients/10001/people/{contact_id}"
        page = admin.submit(path, "/access-code")
        code = page.dom.select_one("code.code").get_text()
        assert len(code) >= 8
        assert code not in admin.get(path)
        with system() as session:
            row = session.scalars(select(AccessCode).where(AccessCode.contact_id == contact_id)).one()
            assert code not in row.code_hash

    def test_a_contact_is_invited(self, visit: Any, system: Any) -> None:
        with system():
            contact_id = make.a_contact(world.SAM.client_id, "Nobody Yet", "nobody@brightdental.example").id
        admin, path = visit(world.ADMIN), f"/msp/clients/10001/people/{contact_id}"
        with system():
            user_role = str(make.role("client", "User").id)
        assert admin.submit(path, "/invitation", roles=[user_role]).status == 303
        assert "Invited" in admin.get(path)
        with system() as session:
            assert not session.scalars(select(Membership.is_active).where(Membership.contact_id == contact_id)).one()

    def test_sessions_end_and_second_factors_go(self, visit: Any, system: Any) -> None:
        with system():
            make.put(Totp(user_id=world.SAM.id, secret="x" * 32, created_at=clock.now(), confirmed_at=clock.now()))
        admin, sam = visit(world.ADMIN), visit(world.SAM)
        assert admin.submit(SAMS, "/sessions/ending").status == 303
        assert sam.get("/").status == 303
        assert admin.submit(SAMS, "/second-factors/reset").status == 303
        with system() as session:
            assert session.scalars(select(Totp).where(Totp.user_id == world.SAM.id)).all() == []
            assert session.scalars(select(LoginSession).where(LoginSession.user_id == world.SAM.id)).all() == []

    @pytest.mark.parametrize(
        "act",
        ["data", "invitation", "roles", "access-code", "portal-access", "state", "sessions/ending",
         "second-factors/reset"],
    )  # fmt: skip
    @pytest.mark.parametrize("number", [10001, 900001])
    def test_foreign_people_are_nobody(self, visit: Any, act: str, number: int) -> None:
        admin = visit(world.ADMIN)
        path = f"/msp/clients/{number}/people/{world.DELTA_SAM.contact_id}/{act}"
        assert post(admin, path, state="suspended").status == 404
        assert post(admin, f"/msp/clients/10001/people/{world.NOAH.contact_id}/{act}").status == 404

    def test_technicians_find_no_account_pages(self, visit: Any) -> None:
        tech = visit(world.TECH)
        assert tech.get(SAMS).status == 404
        assert post(tech, f"{SAMS}/state", state="suspended").status == 403
        assert not tech.get("/msp/clients/10001").dom.select(f"a[href='{SAMS}']")
