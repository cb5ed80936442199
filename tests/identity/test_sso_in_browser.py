"""A company login in Chromium, against a real issuer: on a phone, with scripts and without, there and back."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from portal.core import clock
from portal.identity.models import SsoProvider
from portal.identity.sso import oidc
from tests import factories as make
from tests import world
from tests.browser.conftest import browse
from tests.identity.oidc_server import APP_ID, SECRET, Issuer
from tests.identity.steps import SETTINGS, SIGN_IN, System, trail
from tests.identity.test_in_browser import fits, opened

__all__ = ["browse"]

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
BOTH = pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    oidc._kept.clear()
    one = Issuer()
    yield one
    one.stop()


@pytest.fixture
def portal_url(app: Flask, harbor_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Harbor's address; the portal knows at which port it serves, for the way back."""
    settings = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", replace(settings, public_port=urlsplit(harbor_url).port))
    return harbor_url


def offered(system: System, issuer: Issuer, side: str, **more: Any) -> None:
    """Harbor offers this issuer's logins on one side."""
    with system():
        provider = SsoProvider(
            slug="entra", name="Harbor Entra", kind="other", side=side, issuer=issuer.url, app_id=APP_ID, domains=[],
            created_at=clock.now(), **more,
        )  # fmt: skip
        provider.app_secret = SECRET
        make.put(provider)


def signed_in_there(issuer: Issuer, email: str, **more: Any) -> None:
    """Whom the issuer vouches for."""
    issuer.claims = {"sub": f"sub-{email}", "email": email, "email_verified": True, "name": "Theirs", **more}


def press(page: Page, person: world.Person) -> None:
    page.goto(SETTINGS[person.side])
    assert SIGN_IN[person.side] in page.url
    assert fits(page)
    page.get_by_role("button", name="Sign in with Harbor Entra").click()


@SCRIPTS
@BOTH
def test_a_company_login_opens_the_page_that_was_asked_for(
    chromium: Browser, portal_url: str, system: System, issuer: Issuer, person: world.Person, *, scripts: bool
) -> None:
    offered(system, issuer, person.side)
    signed_in_there(issuer, person.email)
    page = opened(chromium, portal_url, scripts=scripts)
    press(page, person)
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    assert page.url == portal_url + SETTINGS[person.side]
    assert "/authorize" in issuer.asked
    assert "/token" in issuer.asked
    with system() as session:
        assert trail(session, "sign_in.succeeded")[-1].object_id == person.id
    page.context.close()


@SCRIPTS
@BOTH
def test_whom_nobody_knows_is_told_so_and_stays_outside(
    chromium: Browser, portal_url: str, system: System, issuer: Issuer, person: world.Person, *, scripts: bool
) -> None:
    offered(system, issuer, person.side)
    signed_in_there(issuer, "stranger@elsewhere.example")
    page = opened(chromium, portal_url, scripts=scripts)
    press(page, person)
    expect(page.get_by_text("We couldn't sign you in with Harbor Entra.")).to_be_visible()
    assert SIGN_IN[person.side] in page.url
    assert fits(page)
    assert not [each for each in page.context.cookies() if each["name"] in {"session", "msp"} and each["value"]]
    page.context.close()


@SCRIPTS
def test_where_it_is_required_a_password_leads_nowhere(
    chromium: Browser, portal_url: str, system: System, issuer: Issuer, *, scripts: bool
) -> None:
    offered(system, issuer, "msp", is_required=True)
    signed_in_there(issuer, world.TECH.email)
    page = opened(chromium, portal_url, scripts=scripts)
    page.goto(SIGN_IN["msp"])
    page.get_by_label("Email address").fill(world.TECH.email)
    page.get_by_label("Password").fill(world.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Passwords don't open this page.").first).to_be_visible()
    page.get_by_role("button", name="Sign in with Harbor Entra").click()
    page.wait_for_url("**/msp/tickets")
    page.context.close()


@SCRIPTS
def test_an_administrator_offers_a_provider(browse: Any, *, scripts: bool) -> None:
    page = browse(world.ADMIN, scripts=scripts)
    page.goto("/admin/sso")
    page.get_by_role("link", name="Add a provider").click()
    assert fits(page)
    page.get_by_label("Name on the button").fill("Bright Login")
    page.get_by_label("Issuer").fill("https://login.brightdental.example/v2.0")
    page.get_by_label("Client ID").fill(APP_ID)
    page.locator("[name=app_secret]").fill(SECRET)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Bright Login").first).to_be_visible()
    assert SECRET not in page.content()
    assert fits(page)
    stranger = browse(scripts=scripts)
    stranger.goto(SIGN_IN["client"])
    expect(stranger.get_by_role("button", name="Sign in with Bright Login")).to_be_visible()
