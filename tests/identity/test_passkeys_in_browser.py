"""Passkeys with a virtual authenticator in Chromium, and the second step on a phone, with scripts and without."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, Page, expect
from sqlalchemy import select, update

from portal.identity.models import Passkey
from tests import world
from tests.identity.factors import CONFIRM, SECURITY, code, has_app, proof_is_old, role_wants_it
from tests.identity.steps import SETTINGS, SIGN_IN, System, trail
from tests.identity.test_in_browser import fill_in, fits, opened
from tests.look.test_axe import RULES, faults

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
BOTH = pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)


@contextmanager
def phone(chromium: Browser, url: str, **more: Any) -> Iterator[Page]:
    page = opened(chromium, url, viewport=PHONE, **more)
    try:
        yield page
    finally:
        page.context.close()


def with_key(page: Page, *, verifies: bool = True) -> tuple[CDPSession, str]:
    """Put an authenticator into the browser; returns the line to it and its id."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": verifies, "automaticPresenceSimulation": True,
    }  # fmt: skip
    return line, line.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def with_password(page: Page, person: world.Person) -> None:
    page.goto(SIGN_IN[person.side])
    fill_in(page, person.email, world.PASSWORD)


def sign_out(page: Page) -> None:
    page.locator("summary.who, .who > summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()


def make_passkey(page: Page, person: world.Person) -> None:
    page.goto(SECURITY[person.side])
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Set up a passkey").click()


@BOTH
def test_a_passkey_is_made_and_opens_by_itself(
    chromium: Browser, harbor_url: str, system: System, person: world.Person
) -> None:
    with phone(chromium, harbor_url) as page:
        with_key(page)
        with_password(page, person)
        make_passkey(page, person)
        expect(page.locator(".codes li")).to_have_count(10)
        page.get_by_role("link", name="I have kept them").click()
        assert fits(page)
        sign_out(page)
        page.goto(SETTINGS[person.side])
        page.get_by_role("button", name="Use a passkey instead").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
        with system() as session:
            last = trail(session, "sign_in.succeeded")[-1].facts["facts"]
            assert (last["way"], last["factor"]) == ("passkey", "passkey")
            assert session.execute(select(Passkey.sign_count)).scalar_one() > 0


def test_a_passkey_is_the_second_step_after_the_password(chromium: Browser, harbor_url: str) -> None:
    with phone(chromium, harbor_url) as page:
        with_key(page)
        with_password(page, world.SAM)
        make_passkey(page, world.SAM)
        page.get_by_role("link", name="I have kept them").click()
        sign_out(page)
        with_password(page, world.SAM)
        page.get_by_role("button", name="Use a passkey or security key").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.goto(SETTINGS["client"])
        expect(page.get_by_role("heading", level=1)).to_have_text("Settings")


def test_alone_it_must_verify_its_person(chromium: Browser, harbor_url: str, system: System) -> None:
    with phone(chromium, harbor_url) as page:
        line, key = with_key(page)
        with_password(page, world.SAM)
        make_passkey(page, world.SAM)
        page.get_by_role("link", name="I have kept them").click()
        sign_out(page)
        line.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
        page.goto(SIGN_IN["client"])
        page.get_by_role("button", name="Use a passkey instead").click()
        expect(page.get_by_text("That was cancelled or took too long.")).to_be_visible()


def test_a_copy_is_known_by_its_counter(chromium: Browser, harbor_url: str, system: System) -> None:
    with phone(chromium, harbor_url) as page:
        with_key(page)
        with_password(page, world.SAM)
        make_passkey(page, world.SAM)
        page.get_by_role("link", name="I have kept them").click()
        sign_out(page)
        with system() as session:
            session.execute(update(Passkey).values(sign_count=1000))
        page.goto(SIGN_IN["client"])
        page.get_by_role("button", name="Use a passkey instead").click()
        expect(page.get_by_text("doesn't open this portal").first).to_be_visible()


def test_a_challenge_is_good_once_and_here_alone(chromium: Browser, harbor_url: str, system: System) -> None:
    """The same proof again is refused, as is one with another page's challenge."""
    with phone(chromium, harbor_url) as page:
        with_key(page)
        with_password(page, world.SAM)
        make_passkey(page, world.SAM)
        page.get_by_role("link", name="I have kept them").click()
        sign_out(page)
        sent: list[str] = []
        page.on("request", lambda each: sent.append(each.post_data or "") if each.url.endswith("/passkey") else None)
        page.goto(SIGN_IN["client"])
        page.get_by_role("button", name="Use a passkey instead").click()
        page.wait_for_url("**/")
        sign_out(page)
        page.goto(SIGN_IN["client"])
        status = page.evaluate(
            """async (body) => {
              const fresh = new URLSearchParams(body);
              fresh.set('csrf_token', document.querySelector('[name=csrf_token]').value);
              const sent = await fetch('/auth/client-portal/passkey', { method: 'POST', body: fresh });
              return sent.status;
            }""",
            sent[0],
        )
        assert status == 422
        with system() as session:
            reason = trail(session, "sign_in.failed")[-1].facts["facts"]["reason"]
            assert reason == "the challenge is too old or was used"


def test_it_confirms_too(chromium: Browser, harbor_url: str, system: System) -> None:
    with phone(chromium, harbor_url) as page:
        with_key(page)
        with_password(page, world.SAM)
        make_passkey(page, world.SAM)
        page.get_by_role("link", name="I have kept them").click()
        proof_is_old(system, world.SAM)
        page.get_by_role("button", name="Make ten new codes").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it's you")
        page.get_by_role("button", name="Use a passkey or security key").click()
        expect(page.locator(".codes li")).to_have_count(10)


@BOTH
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_person_enrols_on_a_phone(
    chromium: Browser, harbor_url: str, system: System, person: world.Person, *, scripts: bool
) -> None:
    role_wants_it(system, person.role)
    with phone(chromium, harbor_url, scripts=scripts) as page:
        with_password(page, person)
        expect(page.get_by_role("heading", level=1)).to_have_text("Set up a second step")
        assert fits(page)
        expect(page.get_by_role("button", name="Set up a passkey")).to_be_visible(visible=scripts)
        key = (page.locator("code.key").text_content() or "").replace(" ", "")
        page.get_by_label("Code from your authenticator app").fill(code(key))
        page.get_by_role("button", name="Turn on the app").click()
        expect(page.locator(".codes li")).to_have_count(10)
        assert fits(page)
        kept = page.locator(".codes li").first.text_content() or ""
        page.get_by_role("link", name="I have kept them").click()
        sign_out(page)
        with_password(page, person)
        page.get_by_text("Lost your device?").click()
        page.get_by_label("Recovery code").fill(kept)
        page.get_by_role("button", name="Use recovery code").click()
        page.goto(SETTINGS[person.side])
        expect(page.get_by_role("heading", level=1)).to_have_text("Settings")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_what_was_sent_too_late_goes_on(chromium: Browser, harbor_url: str, system: System, *, scripts: bool) -> None:
    has_app(system, world.SAM)
    with phone(chromium, harbor_url, scripts=scripts) as page:
        with_password(page, world.SAM)
        page.get_by_label("Code from your authenticator app").fill(code())
        page.get_by_role("button", name="Continue").click()
        page.goto(SECURITY["client"])
        proof_is_old(system, world.SAM)
        page.get_by_role("button", name="Make ten new codes").click()
        page.get_by_label("Password").fill(world.PASSWORD)
        page.get_by_role("button", name="Confirm", exact=True).click()
        if not scripts:
            page.get_by_role("button", name="Go on").click()
        expect(page.locator(".codes li")).to_have_count(10)


def test_the_pages_pass_axe_on_a_phone(chromium: Browser, harbor_url: str, system: System) -> None:
    has_app(system, world.SAM)
    found = []
    with phone(chromium, harbor_url) as page:
        with_password(page, world.SAM)
        found += faults(Axe().run(page, options=RULES))
        page.get_by_label("Code from your authenticator app").fill(code())
        page.get_by_role("button", name="Continue").click()
        for path in (SECURITY["client"], f"{SECURITY['client']}/passkeys/new", CONFIRM["client"]):
            page.goto(path)
            assert fits(page), path
            found += faults(Axe().run(page, options=RULES))
    assert found == []
