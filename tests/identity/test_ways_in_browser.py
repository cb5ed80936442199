"""The smaller ways in and a person's own settings in Chromium: on a phone, with scripts and without."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from portal.clients.models import Contact
from portal.identity.models import AccessSettings
from portal.identity.services.account_states import set_state
from tests import world
from tests.accounts.conftest import link_to, work
from tests.accounts.steps import NEW, LinkTo, as_person, user_of
from tests.browser.conftest import browse
from tests.identity.factors import SECURITY, code, has_app, role_wants_it
from tests.identity.steps import SETTINGS, SIGN_IN, System, Visit, is_in, sign_in
from tests.identity.test_in_browser import fill_in, fits, opened

__all__ = ["browse", "link_to", "work"]

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
BOTH = pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)
Opener = Callable[..., Page]


@pytest.fixture
def _allowed(system: System) -> None:
    """The tenant offers links and numbers."""
    with system() as session:
        session.execute(update(AccessSettings).values(link_sign_in=True, number_sign_in=True))
        session.execute(update(Contact).where(Contact.id == world.SAM.contact_id).values(phone="+49 30 555 17"))


@SCRIPTS
@pytest.mark.usefixtures("_allowed")
def test_a_sign_in_link(chromium: Browser, harbor_url: str, system: System, link_to: LinkTo, *, scripts: bool) -> None:
    has_app(system, world.SAM)
    page = opened(chromium, harbor_url, scripts=scripts)
    page.goto(SIGN_IN["client"])
    page.get_by_role("link", name="Get a sign-in link by email").click()
    assert fits(page)
    page.get_by_label("Email address").fill(world.SAM.email)
    page.get_by_role("main").get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")
    page.goto(link_to(world.SAM.email))
    assert page.url.endswith("/auth/client-portal/link/use"), "the token has left the address"
    assert fits(page)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_label("Code from your authenticator app").fill(code())
    page.get_by_role("button", name="Continue").click()
    page.goto(SETTINGS["client"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    page.context.close()


@SCRIPTS
@pytest.mark.usefixtures("_allowed")
def test_a_phone_number_in_place_of_the_address(chromium: Browser, harbor_url: str, *, scripts: bool) -> None:
    page = opened(chromium, harbor_url, scripts=scripts)
    page.goto(f"{SIGN_IN['client']}?next={SETTINGS['client']}")
    page.locator("[name=email]").fill("030 000")
    page.get_by_label("Password").fill(world.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("don't belong together").first).to_be_visible()
    page.locator("[name=email]").fill("+49 30 555 17")
    page.get_by_label("Password").fill(world.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    page.context.close()


@SCRIPTS
@BOTH
def test_an_account_that_a_rule_locked(
    app: Flask, chromium: Browser, harbor_url: str, link_to: LinkTo, person: world.Person, *, scripts: bool
) -> None:
    with as_person(app, world.ADMIN) as session:
        set_state(user_of(session, person), "locked", "risk")
    page = opened(chromium, harbor_url, scripts=scripts)
    page.goto(SIGN_IN[person.side])
    fill_in(page, person.email, world.PASSWORD)
    expect(page.get_by_text("don't belong together").first).to_be_visible()
    page.goto(link_to(person.email))
    assert fits(page)
    page.get_by_role("button", name="Open my account").click()
    expect(page.get_by_text("Your account is open again.")).to_be_visible()
    fill_in(page, person.email, world.PASSWORD)
    page.goto(SETTINGS[person.side])
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    page.context.close()


@SCRIPTS
@BOTH
def test_other_browsers_are_signed_out_one_by_one_or_all(
    browse: Opener, visit: Visit, person: world.Person, *, scripts: bool
) -> None:
    others = [visit() for _ in range(3)]
    for other in others:
        sign_in(other, person)
    page = browse(person, scripts=scripts)
    page.goto(SETTINGS[person.side])
    rows = page.locator("#sessions li")
    expect(rows).to_have_count(4)
    assert fits(page)
    page.get_by_role("button", name="Sign out there").first.click()
    expect(rows).to_have_count(3)
    assert sum(is_in(other, person.side) for other in others) == 2
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(rows).to_have_count(1)
    assert not any(is_in(other, person.side) for other in others)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")


@SCRIPTS
@BOTH
def test_another_password(browse: Opener, visit: Visit, person: world.Person, *, scripts: bool) -> None:
    other, page = visit(person), browse(person, scripts=scripts)
    page.goto(SECURITY[person.side])
    page.get_by_role("link", name="Change password").click()
    assert fits(page)
    page.get_by_label("New password").fill("password1234")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("attackers try").first).to_be_visible()
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Change the password").click()
    page.goto(SETTINGS[person.side])
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    assert not is_in(other, person.side)
    assert sign_in(visit(), person, NEW).status == 303


@SCRIPTS
@BOTH
def test_an_app_is_set_up_and_removed(browse: Opener, person: world.Person, *, scripts: bool) -> None:
    page = browse(person, scripts=scripts)
    page.goto(SECURITY[person.side])
    page.get_by_role("link", name="Set up an app").click()
    assert fits(page)
    key = (page.locator("code.key").text_content() or "").replace(" ", "")
    page.get_by_label("Code from your authenticator app").fill("000000")
    page.get_by_role("button", name="Turn on the app").click()
    expect(page.get_by_text("This is not the code that belongs to this key.").first).to_be_visible()
    page.get_by_label("Code from your authenticator app").fill(code(key))
    page.get_by_role("button", name="Turn on the app").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("You have 10 codes left")).to_be_visible()
    page.get_by_role("button", name="Remove the app").click()
    expect(page.get_by_text("The authenticator app is removed.")).to_be_visible()


@SCRIPTS
def test_the_last_factor_stays_while_a_role_wants_it(browse: Opener, system: System, *, scripts: bool) -> None:
    has_app(system, world.SAM)
    role_wants_it(system, "User")
    page: Any = browse(world.SAM, scripts=scripts)
    page.goto(SECURITY["client"])
    page.get_by_role("button", name="Remove the app").click()
    expect(page.get_by_text("Your role needs a second step. Set up another one")).to_be_visible()
