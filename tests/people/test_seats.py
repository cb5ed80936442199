"""One person at two companies of one MSP: one sign-in, a seat at each, and a switch between them."""

from typing import Any

import pytest
from sqlalchemy import select

from portal.clients.models import Client
from portal.identity.models import LoginSession, Membership
from tests import factories as make
from tests import world
from tests.world import Person

KIM = Person("kim@ledgerworks.example", "harbor", "client", "User", "Kim Ledger", "Bright Dental", "company")
CEDAR = world.fixed("kim at cedar")


@pytest.fixture(autouse=True)
def _kim(system: Any) -> None:
    """Kim keeps the books of Bright Dental and of the neighbour."""
    with system():
        user = make.a_user(KIM.email, id=KIM.id, name=KIM.name)
        here = make.a_contact(KIM.client_id, KIM.name, KIM.email, id=KIM.contact_id)
        make.a_member(user, here, id=KIM.membership_id, ticket_scope="company")
        there = make.a_contact(world.NOAH.client_id, KIM.name, KIM.email)
        make.a_member(user, there, id=CEDAR, ticket_scope="company")


def go(who: Any, seat: Any) -> Any:
    token = who.get("/account").form("/account")["csrf_token"]
    return who.post("/account/membership", {"csrf_token": token, "membership": str(seat)})


def token_of(who: Any) -> str:
    return str(who.http.get_cookie("session", domain=who.host).value)


def test_every_page_follows_the_company_at_hand(visit: Any) -> None:
    kim = visit(KIM)
    assert "Bright Dental" in kim.get("/").dom.select_one(".top__seat").get_text()
    assert kim.get(f"/tickets/{world.OUR_NUMBER}").status == 200
    assert kim.get(f"/tickets/{world.CEDAR_NUMBER}").status == 404
    choice = kim.get("/account/membership")
    assert [each.get_text() for each in choice.dom.select(".item button")] == ["Go there"]
    page = kim.submit("/account/membership", "/account/membership")
    assert (page.status, page.headers["Location"]) == (303, "/")
    assert "Cedar CANARY" in kim.get("/").dom.select_one(".top__seat").get_text()
    assert kim.get(f"/tickets/{world.OUR_NUMBER}").status == 404
    assert kim.get(f"/tickets/{world.CEDAR_NUMBER}").status == 200
    assert "Bright" not in kim.get("/tickets")


def test_the_token_changes_with_the_company(visit: Any, system: Any) -> None:
    kim = visit(KIM)
    before = token_of(kim)
    go(kim, CEDAR)
    assert token_of(kim) != before
    again = visit(None)
    again.http.set_cookie("session", before, domain=again.host)
    assert again.get("/").status == 303, "the token from before is worth nothing"
    with system() as session:
        (row,) = session.scalars(select(LoginSession).where(LoginSession.user_id == KIM.id)).all()
        assert row.membership_id == CEDAR
        assert session.scalars(select(Membership.last_used_at).where(Membership.id == CEDAR)).one() is not None


@pytest.mark.parametrize("seat", [world.NOAH.membership_id, world.DELTA_SAM.membership_id, world.SAM.membership_id])
def test_nobody_takes_anothers_seat(visit: Any, seat: Any) -> None:
    kim = visit(KIM)
    before = token_of(kim)
    assert go(kim, seat).status == 404
    assert go(kim, world.fixed("nobody's seat")).status == 404
    assert token_of(kim) == before
    assert kim.get(f"/tickets/{world.OUR_NUMBER}").status == 200


@pytest.mark.parametrize("shut", ["seat", "contact", "client", "company"])
def test_a_seat_out_of_force_is_not_offered_and_not_taken(visit: Any, change: Any, shut: str) -> None:
    kim = visit(KIM)
    if shut == "seat":
        change(Membership, Membership.id == CEDAR, is_active=False)
    elif shut == "contact":
        change(make.Contact, make.Contact.client_id == world.NOAH.client_id, portal_access=False)
    else:
        values = {"portal_access": False} if shut == "client" else {"is_active": False}
        change(Client, Client.id == world.NOAH.client_id, **values)
    assert kim.get("/").dom.select_one(".top__seat") is None
    assert "CANARY" not in kim.get("/account/membership")
    assert go(kim, CEDAR).status == 404


def test_with_one_company_nothing_is_shown(visit: Any) -> None:
    page = visit(world.SAM).get("/")
    assert page.dom.select_one(".top__seat") is None
    assert not page.dom.select("a[href='/account/membership']")


def test_somebody_who_looks_on_does_not_change_companies(visit: Any) -> None:
    from tests.people.conftest import opened

    admin = visit(world.ADMIN)
    opened(admin, KIM)
    page = admin.get("/")
    assert page.dom.select_one(".top__seat") is None
    token = page.form("/looking-on/ending")["csrf_token"]
    assert admin.post("/account/membership", {"csrf_token": token, "membership": str(CEDAR)}).status == 404


def test_who_has_a_login_elsewhere_and_was_invited_shows_as_invited(visit: Any) -> None:
    """The login's own state is no answer to whether they have come here."""
    dana = visit(world.DANA)
    email = world.NOAH.email
    assert dana.submit("/account/users/invitation", "/users/invitation", name="Noah", email=email).status == 303
    path, [number] = "/account/users", {10001}
    [row] = [each for each in dana.get(path).dom.select("main li, main tr") if email in each.get_text()]
    assert "Invited" in row.get_text()
    assert "Active" not in row.get_text()
    page = dana.get(row.select_one("a[href]")["href"]).dom.select_one("main").get_text()
    assert "Invited" in page
    staff = visit(world.ADMIN).get(f"/msp/clients/{number}").dom
    [row] = [each for each in staff.select("main li, main tr") if email in each.get_text()]
    assert "Invited" in row.get_text()
