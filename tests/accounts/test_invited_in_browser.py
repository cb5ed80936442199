"""Invitations on a 320 px phone: taken up with a passkey, and by somebody who comes in at another company already."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import expect

from tests import world
from tests.accounts.steps import LinkTo, System
from tests.accounts.test_invitations import ANA, invite
from tests.browser.conftest import browse, fits
from tests.identity.factors import role_wants_it
from tests.identity.steps import SIGN_IN
from tests.identity.test_in_browser import fill_in
from tests.identity.test_passkeys_in_browser import with_key
from tests.look.test_axe import RULES, faults
from tests.world import DANA, NOAH

__all__ = ["browse"]

pytestmark = pytest.mark.browser


def test_a_passkey_in_place_of_a_password(app: Flask, browse: Any, link_to: LinkTo, system: System) -> None:
    """The role wants a second factor: the passkey is it, and nobody is asked to set up another."""
    role_wants_it(system, "User")
    invite(app, DANA)
    page = browse()
    with_key(page)
    page.goto(link_to(ANA.email))
    expect(page.get_by_role("heading", level=1)).to_have_text("You are invited")
    assert fits(page)
    assert faults(Axe().run(page, options=RULES)) == []
    page.get_by_label("Name of the passkey").fill("Ana's phone")
    page.get_by_role("button", name="Accept with a passkey instead").click()
    expect(page.locator(".codes li")).to_have_count(10)
    expect(page.get_by_text("Welcome! Keep these codes")).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Use a passkey instead").click()
    page.wait_for_url("**/")
    page.goto("/settings/security")
    expect(page.get_by_text("Ana's phone")).to_be_visible()


def test_somebody_of_another_company_accepts_and_changes_over(app: Flask, browse: Any, link_to: LinkTo) -> None:
    """Scripts off: the login and its password stay, the second company is in the person's menu."""
    invite(app, DANA, NOAH.email)
    page = browse(scripts=False)
    page.goto(link_to(NOAH.email))
    expect(page.get_by_text("You have an account here with noah@cedarlaw.example already.")).to_be_visible()
    expect(page.get_by_label("New password")).to_have_count(0)
    assert fits(page)
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_text("Done. Sign in as ever")).to_be_visible()
    assert page.url.endswith(SIGN_IN["client"])
    fill_in(page, NOAH.email, world.PASSWORD)
    page.goto("/tickets")
    expect(page.get_by_role("link", name="The VPN is slow CANARY")).to_be_visible()
    page.get_by_role("link", name="You are at Cedar CANARY").click()
    assert fits(page)
    page.get_by_role("button", name="Go to Bright Dental").click()
    expect(page.get_by_role("link", name="You are at Bright Dental")).to_be_visible()
    page.goto("/tickets")
    assert "CANARY" not in (page.locator("main").text_content() or "")
    assert page.goto(f"/tickets/{world.CEDAR_NUMBER}").status == 404, "what is open at the one is nothing at the other"
    page.goto("/")
    page.get_by_role("link", name="You are at Bright Dental").click()
    page.get_by_role("button", name="Go to Cedar CANARY").click()
    page.goto(f"/tickets/{world.CEDAR_NUMBER}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("The VPN is slow CANARY")
