"""Signing in, seen from outside."""

import pytest
from flask import Flask

from tests import world
from tests.identity.steps import SETTINGS, SIGN_IN, WRONG, System, Visit, is_in, sign_in, statements, token_of, try_in

HOME = {"client": "/", "msp": "/msp"}


@pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)
def test_a_person_signs_in_and_arrives_where_it_was_going(visit: Visit, person: world.Person) -> None:
    somebody = visit()
    wish = SETTINGS[person.side]
    asked = somebody.get(wish)
    assert asked.status == 303
    assert asked.headers["Location"] == f"{SIGN_IN[person.side]}?next={wish}"
    answer = somebody.submit(asked.headers["Location"], "/signin", email=person.email, password=world.PASSWORD)
    assert answer.status == 303
    assert answer.headers["Location"] == wish
    assert person.name in somebody.get(wish)


@pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)
def test_without_a_wish_it_is_home_and_whoever_is_in_is_sent_on(visit: Visit, person: world.Person) -> None:
    somebody = visit()
    assert sign_in(somebody, person).headers["Location"] == HOME[person.side]
    page = somebody.get(SIGN_IN[person.side])
    assert (page.status, page.headers["Location"]) == (303, HOME[person.side])
    wish = SETTINGS[person.side]
    assert somebody.get(f"{SIGN_IN[person.side]}?next={wish}").headers["Location"] == wish


@pytest.mark.parametrize(
    "spelling", ["SAM@BrightDental.example", "  sam@brightdental.example ", "\uff53am@brightdental.example"]
)
def test_an_address_is_the_same_however_it_is_spelled(visit: Visit, spelling: str) -> None:
    assert try_in(visit(), "client", spelling, world.PASSWORD).status == 303


@pytest.mark.parametrize(
    ("person", "host", "side"),
    [
        (world.TECH, "harbor", "client"),
        (world.SAM, "harbor", "msp"),
        (world.SAM, "summit", "client"),
        (world.SUMMIT_TECH, "harbor", "msp"),
    ],
    ids=["staff at the clients' door", "client at the staff's", "client of the other MSP", "staff of the other MSP"],
)
def test_everybody_has_one_door(visit: Visit, person: world.Person, host: str, side: str) -> None:
    stranger = visit(host=host)
    answer = try_in(stranger, side, person.email, world.PASSWORD)
    assert answer.status == 422
    assert token_of(stranger, "client") is token_of(stranger, "msp") is None


@pytest.mark.parametrize(
    ("email", "password", "field", "words"),
    [
        ("", world.PASSWORD, "email", "Enter your email address."),
        ("sam", world.PASSWORD, "email", "Write the address in full"),
        ("sam@brightdental.example", "", "password", "Enter your password."),
        ("sam@brightdental.example", "x" * 1001, "password", "at most 1000 characters"),
        ("sam@brightdental.example", WRONG, "password", "don&#39;t belong together"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_in_the_summary(
    visit: Visit, email: str, password: str, field: str, words: str
) -> None:
    stranger = visit()
    page = try_in(stranger, "client", email, password, next="/settings")
    assert page.status == 422
    control = page.dom.select_one(f"#{field}")
    assert control["aria-invalid"] == "true"
    assert words in str(page.dom.select_one(f"#{control['aria-describedby']}")).replace("'", "&#39;")
    assert page.dom.select_one(f".summary a[href='#{field}']")
    assert page.dom.select_one("#email")["value"] == email
    assert page.dom.select_one("input[name=next]")["value"] == "/settings"
    assert not page.dom.select_one("#password").get("value")
    assert not password or password not in page.text
    assert token_of(stranger, "client") is None


def test_the_form_helps_password_managers_and_forbids_no_pasting(visit: Visit) -> None:
    page = visit().get(SIGN_IN["client"])
    email, password = page.dom.select_one("#email"), page.dom.select_one("#password")
    assert (email["type"], email["autocomplete"], email["inputmode"]) == ("email", "username", "email")
    assert (password["type"], password["autocomplete"]) == ("password", "current-password")
    assert not [name for control in (email, password) for name in control.attrs if name.startswith("on")]


@pytest.mark.parametrize("side", ["client", "msp"])
def test_the_page_is_the_sides_own_and_says_whom_to_ask(visit: Visit, side: str) -> None:
    page = visit().get(SIGN_IN[side])
    assert page.status == 200
    assert "Harbor IT" in page
    assert page.dom.select_one("main a[href='mailto:help@harbor.example']")
    assert "+49 30 5550100" in page
    assert f"/brand/{side}/" in page
    assert bool(page.dom.select("header li")) is (side == "msp")
    assert page.dom.select_one("main a[href$='/forgot-password']")


@pytest.mark.parametrize("wish", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"])
def test_a_wish_for_another_site_leads_home(visit: Visit, wish: str) -> None:
    stranger = visit()
    shown = stranger.http.get(SIGN_IN["client"], base_url=stranger.origin, query_string={"next": wish})
    assert "evil" not in shown.get_data(as_text=True)
    assert "javascript:" not in shown.get_data(as_text=True)
    answer = sign_in(stranger, world.SAM, next=wish)
    assert answer.headers["Location"] == "/"
    signed_in = stranger.http.get(SIGN_IN["client"], base_url=stranger.origin, query_string={"next": wish})
    assert signed_in.headers["Location"] == "/"


def test_htmx_is_sent_on_by_its_own_header(visit: Visit) -> None:
    stranger = visit()
    data = stranger.get(SIGN_IN["client"]).form("/signin")
    data |= {"email": world.SAM.email, "password": world.PASSWORD, "next": "//evil.example"}
    answer = stranger.post(SIGN_IN["client"], data, part=True)
    assert (answer.status, answer.headers["HX-Redirect"]) == (204, "/")
    assert is_in(stranger, "client")


def test_nobody_is_remembered_before_signing_in(visit: Visit, system: System) -> None:
    """No row for a stranger, whatever pages it opens; only the cookie that its form is tied to."""
    from sqlalchemy import func, select

    from portal.identity.models import LoginSession, Throttle

    stranger = visit()
    for path in (SIGN_IN["client"], SIGN_IN["msp"], "/settings", "/nowhere"):
        stranger.get(path)
    with system() as session:
        for table in (LoginSession, Throttle):
            assert session.execute(select(func.count()).select_from(table)).scalar_one() == 0
    assert [cookie.key for cookie in stranger.http._cookies.values()] == ["portal-gate"]


def test_the_membership_used_last_is_taken(visit: Visit, system: System) -> None:
    """One login, two companies: a sign-in begins where the person was last, or in the older one."""
    from sqlalchemy import select, update

    from portal.core import clock
    from portal.identity.models import Membership
    from portal.identity.services.people import add_membership
    from tests import factories as make

    with system() as session:
        contact = make.a_contact(world.client_id("Cedar CANARY"), "Sam elsewhere")
        second = add_membership(
            session.get(make.User, (world.SAM.tenant_id, world.SAM.id)), contact, roles=("user",)
        ).id
    sam = visit()
    sign_in(sam, world.SAM)
    assert "Bright Dental" in sam.get("/settings")
    with system() as session:
        assert session.execute(
            select(Membership.last_used_at).where(Membership.id == world.SAM.membership_id)
        ).scalar_one()
        session.execute(update(Membership).where(Membership.id == second).values(last_used_at=clock.now()))
    sam = visit()
    sign_in(sam, world.SAM)
    assert "Cedar CANARY" in sam.get("/settings")


@pytest.mark.parametrize(("side", "most"), [("client", 4), ("msp", 2)])
def test_the_sign_in_page_needs_hardly_a_statement(app: Flask, visit: Visit, side: str, most: int) -> None:
    """The door, the directories that are offered; for clients what the tenant allows at its doors."""
    stranger = visit()
    with statements(app) as sent:
        stranger.get(SIGN_IN[side])
    assert len(sent) == most, sent
