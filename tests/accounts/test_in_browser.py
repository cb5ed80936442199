"""A forgotten password, an invitation and an access code in Chromium: on a phone, with scripts and without."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from portal.clients.models import Contact
from portal.identity.models import AccessSettings
from portal.identity.services import access_codes, invitations
from portal.identity.services.invitations import Invitee
from tests import factories as make
from tests.accounts.steps import NEW, LinkTo, System, as_person, client_role
from tests.look.test_axe import RULES, faults
from tests.world import ADMIN, SAM, TECH

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
PHONE = {"width": 360, "height": 740}


def opened(chromium: Browser, url: str, *, scripts: bool = True, **more: Any) -> Page:
    """A page of a new browser that fails the test when it complains."""
    context = chromium.new_context(
        base_url=url, java_script_enabled=scripts, viewport=PHONE, has_touch=True, reduced_motion="reduce", **more
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def look(page: Page, *, scripts: bool) -> None:
    """The page fits and breaks no rule of accessibility."""
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert faults(Axe().run(page, options=RULES)) == []


def sign_in(page: Page, email: str, password: str) -> None:
    """Type both and press the button."""
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


@SCRIPTS
@pytest.mark.parametrize("person", [SAM, TECH], ids=lambda each: each.side)
def test_a_forgotten_password(
    chromium: Browser, harbor_url: str, link_to: LinkTo, person: Any, *, scripts: bool
) -> None:
    page = opened(chromium, harbor_url, scripts=scripts)
    page.goto("/auth/msp/signin" if person.side == "msp" else "/auth/client-portal/signin")
    page.get_by_role("link", name="Forgot your password?").click()
    look(page, scripts=scripts)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_text("Enter your email address.").first).to_be_visible()
    page.get_by_label("Email address").fill(person.email)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")
    look(page, scripts=scripts)
    page.goto(link_to(person.email))
    assert page.url.endswith("/auth/password-reset/set-new-password")
    look(page, scripts=scripts)
    page.get_by_label("New password").fill("password1234")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("attackers try").first).to_be_visible()
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    sign_in(page, person.email, NEW)
    page.wait_for_url(lambda url: "signin" not in url)
    page.goto("/auth/password-reset/set-new-password")
    expect(page.get_by_role("heading", level=1)).to_have_text("This link can't be used any more")
    look(page, scripts=scripts)
    page.context.close()


@SCRIPTS
def test_an_invitation(app: Flask, chromium: Browser, harbor_url: str, link_to: LinkTo, *, scripts: bool) -> None:
    email = "ana@brightdental.example"
    with as_person(app, ADMIN) as session:
        who = Invitee(client_id=SAM.client_id, name="Ana New", email=email)
        invitations.invite_client_person(session.info["viewer"], who, roles=[client_role(session)])
    page = opened(chromium, harbor_url, scripts=scripts)
    page.goto(link_to(email))
    expect(page.get_by_role("heading", level=1)).to_have_text("You are invited")
    look(page, scripts=scripts)
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_text("Welcome!")).to_be_visible()
    sign_in(page, email, NEW)
    page.wait_for_url("**/")
    page.context.close()


@SCRIPTS
def test_an_access_code(
    app: Flask, chromium: Browser, harbor_url: str, link_to: LinkTo, system: System, *, scripts: bool
) -> None:
    with system():
        contact_id = make.a_contact(SAM.client_id, "Bea Contact").id
    with as_person(app, ADMIN) as session:
        contact = session.execute(select(Contact).where(Contact.id == contact_id)).scalar_one()
        code = access_codes.issue_access_code(contact, by=session.info["viewer"])
    page = opened(chromium, harbor_url, scripts=scripts)
    page.goto("/auth/client-portal/signin")
    page.get_by_role("link", name="Were you given an access code?").click()
    look(page, scripts=scripts)
    for label, words in {
        "Client number or phone": "10001", "Access code": "ABCD-EFGH-JK23", "Your name": "Bea Contact",
        "Email address": "bea@brightdental.example", "New password": NEW,
    }.items():  # fmt: skip
        page.get_by_label(label).fill(words)
    page.get_by_role("button", name="Link my account").click()
    expect(page.get_by_text("don't belong together").first).to_be_visible()
    look(page, scripts=scripts)
    page.get_by_label("Access code").fill(code.lower())
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Link my account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your email")
    page.goto(link_to("bea@brightdental.example"))
    look(page, scripts=scripts)
    page.get_by_label("Your password").fill(NEW)
    page.get_by_role("button", name="Confirm the address").click()
    expect(page.get_by_text("this address is yours")).to_be_visible()
    sign_in(page, "bea@brightdental.example", NEW)
    page.wait_for_url("**/")
    page.context.close()


@SCRIPTS
def test_asking_for_access(chromium: Browser, harbor_url: str, system: System, *, scripts: bool) -> None:
    with system() as session:
        session.execute(update(AccessSettings).values(takes_requests=True))
    page = opened(chromium, harbor_url, scripts=scripts)
    page.goto("/auth/client-portal/signin")
    page.get_by_role("link", name="No account yet?").click()
    look(page, scripts=scripts)
    page.get_by_label("Your name").fill("Zoe Asks")
    page.get_by_label("Email address").fill("zoe@brightdental.example")
    page.get_by_label("Company").fill("Bright Dental")
    page.get_by_role("button", name="Ask for access").click()
    expect(page.get_by_text("We have your request.")).to_be_visible()
    page.context.close()


@SCRIPTS
def test_another_address(chromium: Browser, harbor_url: str, link_to: LinkTo, *, scripts: bool) -> None:
    page = opened(chromium, harbor_url, scripts=scripts)
    page.goto("/auth/client-portal/signin?next=/settings")
    sign_in(page, SAM.email, "portal-demo-2026")
    page.get_by_role("link", name="Change the address").click()
    expect(page.get_by_label("New email address")).to_be_visible()
    look(page, scripts=scripts)
    page.get_by_label("New email address").fill("sam.new@brightdental.example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("We sent a link")).to_be_visible()
    page.goto(link_to("sam.new@brightdental.example"))
    look(page, scripts=scripts)
    page.get_by_role("button", name="Confirm the address").click()
    page.goto("/settings")
    expect(page.get_by_text("sam.new@brightdental.example")).to_be_visible()
    page.context.close()


def test_a_new_passwords_strength_is_told_in_words(chromium: Browser, harbor_url: str) -> None:
    page = opened(chromium, harbor_url)
    page.goto("/auth/link-account")
    told = page.locator("[data-strength]")
    for typed, words in (
        ("short", "Too short so far."),
        ("aaaaaaaaaaaaaa", "Easily guessed: the same few characters again and again."),
        ("four of them", "Long enough. A longer one is harder to guess."),
        ("four words of no relation", "Long, and hard to guess if it is no well-known saying."),
        ("", ""),
    ):
        page.get_by_label("New password").fill(typed)
        expect(told).to_have_text(words)
    look(page, scripts=True)
