"""A client's Admins look after their own people: who, what, and what not."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.audit import AuditEntry
from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.identity.models import (
    BoardGroup,
    BoardGroupBoard,
    MailToken,
    Membership,
    MembershipRole,
    Role,
    Totp,
    User,
)
from portal.identity.services import narrowing
from portal.people.services import members
from portal.tickets.models import Board
from tests import factories as make
from tests import world
from tests.isolation.rig import CANARIES, face_of

SAMS = f"/account/users/{world.SAM.contact_id}"


def seat(session: Any, person: Any) -> Membership:
    return session.scalars(select(Membership).where(Membership.id == person.membership_id)).one()


def roles(session: Any, person: Any) -> set[str]:
    mine = select(Role.name).join(MembershipRole, MembershipRole.role_id == Role.id)
    return set(session.scalars(mine.where(MembershipRole.membership_id == person.membership_id)))


def role_id(session: Any, name: str) -> str:
    return str(make.role("client", name).id)


@pytest.fixture
def ids(system: Any) -> dict[str, str]:
    """Roles of clients by name."""
    with system() as session:
        return {role.name: str(role.id) for role in session.scalars(select(Role).where(Role.side == "client"))}


def test_the_list_tells_state_roles_and_second_factor_of_the_own_people(visit: Any, change: Any) -> None:
    change(User, User.id == world.FIN.id, state="suspended")
    page = visit(world.DANA).get("/account/users")
    rows = {row.th.a.get_text(): row.get_text(" ", strip=True) for row in page.dom.select("tbody tr")}
    assert set(rows) == {"Dana Bright", "Sam Bright", "Fin Bright"}
    assert "Suspended" in rows["Fin Bright"]
    assert "(you)" in rows["Dana Bright"]
    assert "Admin" in rows["Dana Bright"]
    assert rows["Sam Bright"].endswith("No \u2013")
    assert not any(word in page.text for word in CANARIES)


@pytest.mark.parametrize("person", [world.SAM, world.FIN], ids=lambda each: each.role)
def test_others_than_admins_find_no_such_pages(visit: Any, person: Any) -> None:
    somebody = visit(person)
    for path in ("/account/users", "/account/users/invitation", SAMS):
        assert somebody.get(path).status == 404, path
    assert not somebody.get("/account").dom.select("a[href='/account/users']")


def test_an_invited_person_gets_a_mail_and_is_shown_as_invited(visit: Any, system: Any) -> None:
    dana = visit(world.DANA)
    page = dana.submit(
        "/account/users/invitation", "/users/invitation", name="Ida New", email="ida@brightdental.example"
    )
    assert page.status == 303, page.text
    assert "Invited" in dana.get("/account/users")
    with system() as session:
        user = session.scalars(select(User).where(User.email == "ida@brightdental.example")).one()
        token = session.scalars(select(MailToken).where(MailToken.user_id == user.id)).one()
        assert (token.purpose, token.client_id) == ("invitation", world.DANA.client_id)


def test_an_invitation_is_sent_again_and_withdrawn(visit: Any, system: Any) -> None:
    dana = visit(world.DANA)
    dana.submit("/account/users/invitation", "/users/invitation", name="Ida New", email="ida@brightdental.example")
    link = next(a["href"] for a in dana.get("/account/users").dom.select("tbody a") if a.get_text() == "Ida New")
    assert dana.submit(link, "/invitation").status == 303
    assert dana.submit(link, "/withdrawal").status == 303
    assert "Invitation withdrawn" in dana.get(link)
    assert not dana.get(link).dom.select("form[action$='/activation']"), "nobody opens a seat that was never taken"
    contact_id = link.rpartition("/")[2]
    token = dana.get("/account").form("/account")["csrf_token"]
    dana.post(f"/account/users/{contact_id}/activation", {"csrf_token": token})
    with system() as session:
        assert not session.scalars(select(Membership).where(Membership.contact_id == contact_id)).one().is_active


def test_an_invitation_does_not_tell_that_the_person_comes_in_elsewhere(visit: Any, system: Any) -> None:
    with system() as session:
        olivia = session.scalars(select(User).where(User.id == world.OLIVIA.id)).one()
        make.put(Totp(user_id=olivia.id, secret_sealed="x", created_at=clock.now(), confirmed_at=clock.now()))
    dana = visit(world.DANA)
    for email in (olivia.email, "nobody@cedarlaw.example"):
        dana.submit("/account/users/invitation", "/users/invitation", name="Some One", email=email)
    rows = [row for row in dana.get("/account/users").dom.select("tbody tr") if "Some One" in row.get_text()]
    known, unknown = (row.get_text(" ", strip=True).split("example", 1)[1] for row in rows)
    assert known == unknown


def test_who_is_held_to_boards_gives_nobody_more(visit: Any, system: Any, ids: dict[str, str]) -> None:
    with system() as session:
        group = make.put(BoardGroup(name="Payroll"))
        make.put(BoardGroupBoard(board_group_id=group.id, board_id=session.scalars(select(Board.id).limit(1)).one()))
        seat(session, world.DANA).board_group_id = group.id
    dana = visit(world.DANA)
    dana.submit("/account/users/invitation", "/users/invitation", name="Second Self", email="d2@brightdental.example")
    page = dana.submit(SAMS, "/roles", roles=[ids["User"]], ticket_scope="company")
    assert "may not give" in dana.follow(page)
    with system() as session:
        mine = select(Membership.board_group_id).join(User, User.id == Membership.user_id)
        assert session.scalars(mine.where(User.email == "d2@brightdental.example")).one() == group.id
        assert seat(session, world.SAM).ticket_scope != "company"


@pytest.mark.parametrize("name", ["http://evil.example/click", "See WWW.evil.example", "ftp\uff1a//evil.example"])
def test_a_name_is_no_link(visit: Any, system: Any, name: str) -> None:
    dana = visit(world.DANA)
    page = dana.submit("/account/users/invitation", "/users/invitation", name=name, email="ida@brightdental.example")
    assert page.status == 422
    assert "Leave web addresses out" in page
    assert dana.submit(SAMS, "/data", name=name).status == 422
    with system() as session:
        assert session.scalars(select(MailToken)).all() == []


def test_a_role_that_the_msp_limited_to_sites_is_not_taken_to_be_given_again(
    visit: Any, system: Any, ids: dict[str, str]
) -> None:
    with system() as session:
        given = session.scalars(
            select(MembershipRole).where(MembershipRole.membership_id == world.SAM.membership_id)
        ).one()
        narrowing.limit_role(given, [make.a_site(world.SAM.client_id, "Annexe").id])
    dana = visit(world.DANA)
    page = dana.submit(SAMS, "/roles", roles=[ids["Finance"]], ticket_scope="taking_part")
    assert "limited one of these roles" in dana.follow(page)
    page = dana.submit(SAMS, "/roles", roles=[ids["User"], ids["Finance"]], ticket_scope="taking_part")
    with system() as session:
        assert roles(session, world.SAM) == {"User", "Finance"}
        assert len(narrowing.site_limits(seat(session, world.SAM))) == 1


def test_only_three_mails_go_in_ten_minutes_and_nothing_half_done_stays(visit: Any, system: Any) -> None:
    dana = visit(world.DANA)
    for _ in range(4):
        page = dana.submit(
            "/account/users/invitation", "/users/invitation", name="Ida New", email="ida@brightdental.example"
        )
    assert page.status == 422
    assert "three emails" in page


def test_roles_and_scope_are_changed_and_told(visit: Any, system: Any, ids: dict[str, str]) -> None:
    page = visit(world.DANA).submit(SAMS, "/roles", roles=[ids["User"], ids["Finance"]], ticket_scope="company")
    assert page.status == 303, page.text
    with system() as session:
        assert roles(session, world.SAM) == {"User", "Finance"}
        assert seat(session, world.SAM).ticket_scope == "company"
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "roles.changed")).all()
        assert entry.visibility == "public"
        assert entry.facts["facts"]["new"]["roles"] == ["Finance", "User"]


def post_roles(who: Any, path: str, **values: Any) -> Any:
    token = who.get("/account").form("/account")["csrf_token"]
    return who.post(f"{path}/roles", {"csrf_token": token, **values})


@pytest.mark.parametrize("name", ["Admin", "Administrator", "Owner"])
def test_a_role_that_is_not_giveable_or_above_the_own_is_refused(
    visit: Any, system: Any, change: Any, ids: dict[str, str], name: str
) -> None:
    from portal.identity.models import RolePermission

    with system() as session:
        above = make.put(Role(name="Owner", side="client", is_giveable=True))
        make.put(RolePermission(role_id=above.id, permission="client:update"))
        given = str(session.scalars(select(Role.id).where(Role.name == name)).one())
    page = post_roles(visit(world.DANA), SAMS, roles=[ids["User"], given], ticket_scope="taking_part")
    assert page.status in {303, 422}
    with system() as session:
        assert roles(session, world.SAM) == {"User"}


def test_nobody_changes_the_own_roles_or_access(visit: Any, system: Any, ids: dict[str, str]) -> None:
    with system() as session:
        second = make.a_contact(world.DANA.client_id, "Second Admin")
        make.a_member(make.a_user("second@brightdental.example"), second, "Admin")
    dana, own = visit(world.DANA), f"/account/users/{world.DANA.contact_id}"
    post_roles(dana, own, roles=[ids["User"]], ticket_scope="company")
    token = dana.get("/account").form("/account")["csrf_token"]
    page = dana.post(f"{own}/deactivation", {"csrf_token": token})
    assert "Nobody changes their own roles" in dana.follow(page)
    with system() as session:
        assert roles(session, world.DANA) == {"Admin"}
        assert seat(session, world.DANA).is_active


def test_taken_access_ends_at_the_next_request_and_comes_back_without_old_sessions(visit: Any, system: Any) -> None:
    sam, dana = visit(world.SAM), visit(world.DANA)
    assert sam.get("/").status == 200
    assert dana.submit(SAMS, "/deactivation").status == 303
    assert sam.get("/").status == 303
    assert "Deactivated" in dana.get("/account/users")
    assert dana.submit(SAMS, "/activation").status == 303
    assert sam.get("/").status == 303, "the session from before is dead"
    assert visit(world.SAM).get("/").status == 200


@pytest.mark.parametrize("person", [world.NOAH, world.DELTA_SAM], ids=["another client's", "another tenant's"])
@pytest.mark.parametrize("act", ["data", "roles", "deactivation", "activation", "invitation", "invitation/withdrawal"])
def test_foreign_people_are_nobody(visit: Any, system: Any, ids: dict[str, str], person: Any, act: str) -> None:
    dana = visit(world.DANA)
    token = dana.get("/account").form("/account")["csrf_token"]
    data = {"csrf_token": token, "roles": [ids["User"]], "ticket_scope": "own", "name": "Taken"}
    got = dana.post(f"/account/users/{person.contact_id}/{act}", data)
    nobody = dana.post(f"/account/users/{world.fixed('nobody')}/{act}", data)
    assert got.status == 404
    assert face_of(got)[0] == face_of(nobody)[0]
    with system(person.tenant) as session:
        assert seat(session, person).is_active


def test_contact_data_are_changed_and_nothing_else_comes_along(visit: Any, system: Any) -> None:
    page = visit(world.DANA).submit(
        SAMS, "/data", name="Samantha Bright", phone="+49 40 1", email="evil@x.example", is_active="", portal_access=""
    )
    assert page.status == 303
    with system() as session:
        contact = session.scalars(select(make.Contact).where(make.Contact.id == world.SAM.contact_id)).one()
        assert (contact.name, contact.phone, contact.email) == ("Samantha Bright", "+49 40 1", world.SAM.email)
        assert contact.is_active
        assert contact.portal_access


def test_the_own_profile_is_the_own_contact(visit: Any, system: Any) -> None:
    sam = visit(world.SAM)
    assert sam.submit("/account", "/account", name="Sam B.", phone="123").status == 303
    assert "Head office" in sam.get("/account/company")
    assert sam.submit("/account", "/account", name="").status == 422
    with system() as session:
        contact = session.scalars(select(make.Contact).where(make.Contact.id == world.SAM.contact_id)).one()
        assert contact.name == "Sam B."


class TestLastAdmin:
    """Two Admins who remove each other at the same moment: one stays."""

    @pytest.fixture
    def second(self, system: Any) -> Any:
        with system():
            contact = make.a_contact(world.DANA.client_id, "Second Admin")
            return make.a_member(make.a_user("second@brightdental.example"), contact, "Admin").id

    def test_the_last_admin_stays(self, app: Any) -> None:
        with app.app_context(), transaction(_scope(world.FIN.id)), pytest.raises(members.LastAdmin):
            members.deactivate(_seat(world.DANA.membership_id), by=_scope(world.FIN.id))

    @pytest.mark.usefixtures("second")
    def test_a_suspended_second_admin_does_not_count(self, app: Any, change: Any) -> None:
        change(User, User.email == "second@brightdental.example", state="suspended")
        with app.app_context(), transaction(_scope(world.FIN.id)), pytest.raises(members.LastAdmin):
            members.deactivate(_seat(world.DANA.membership_id), by=_scope(world.FIN.id))

    @pytest.mark.parametrize("how", ["deactivate", "change_roles"])
    def test_of_two_removed_at_once_one_stays(self, app: Any, second: Any, how: str) -> None:
        assert self._race(app, second, how) == ["LastAdmin", "done"]

    def test_without_holding_the_client_both_go(self, app: Any, second: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(members, "hold_admins", lambda _client_id: None)
        assert self._race(app, second, "deactivate") == ["done", "done"]

    def _race(self, app: Any, second: Any, how: str) -> list[str]:
        ready, outcomes = threading.Barrier(2), []

        def remove(seat_id: Any) -> None:
            scope = _scope(world.FIN.id)
            try:
                with app.app_context(), transaction(scope) as session:
                    seat = _seat(seat_id)
                    ready.wait(10)
                    if how == "deactivate":
                        members.deactivate(seat, by=scope)
                    else:
                        members.change_roles(seat, [make.role("client", "User")], "company", by=scope)
                    session.flush()
                    _pause(ready)
                outcomes.append("done")
            except members.LastAdmin:
                outcomes.append("LastAdmin")

        threads = [threading.Thread(target=remove, args=(each,)) for each in (world.DANA.membership_id, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return sorted(outcomes)


def _pause(ready: threading.Barrier) -> None:
    """Hold the transaction open until the other has come as far, if nothing holds it back."""
    try:
        ready.wait(0.7)
    except threading.BrokenBarrierError:
        return


def _scope(user_id: Any) -> Scope:
    return Scope(
        tenant_id=world.tenant_id("harbor"),
        reach=Reach.CLIENT,
        client_id=world.DANA.client_id,
        user_id=user_id,
        ticket_scope="company",
        permissions=frozenset({"user:invite", "user:update", "ticket:read", "ticket:create", "ticket:comment",
                               "ticket:resolve"}),
    )  # fmt: skip


def _seat(seat_id: Any) -> Membership:
    from portal.extensions import db

    return db.session.scalars(select(Membership).where(Membership.id == seat_id)).one()


def test_a_page_of_thirty_people_takes_as_many_statements_as_one_of_three(
    app: Any, visit: Any, system: Any, statements: Callable[[], Any]
) -> None:
    dana = visit(world.DANA)
    dana.get("/account/users")
    with statements() as few:
        dana.get("/account/users")
    with system():
        for each in range(30):
            contact = make.a_contact(world.DANA.client_id, f"Person {each}")
            make.a_member(make.a_user(f"p{each}@brightdental.example"), contact, is_active=each % 2 == 0)
    with statements() as many:
        dana.get("/account/users")
    assert len(many) <= len(few) + 1
