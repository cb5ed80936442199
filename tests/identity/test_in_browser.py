"""The sign-in pages and a person's settings in Chromium: phone and desktop, with scripts and without."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from portal.identity import throttle
from tests import world
from tests.identity.steps import SETTINGS, SIGN_IN, WRONG, Visit, sign_in
from tests.look.test_axe import RULES, faults

pytestmark = pytest.mark.browser

BOTH = pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)
PHONE = {"width": 320, "height": 640}


def opened(chromium: Browser, url: str, *, scripts: bool = True, **more: Any) -> Page:
    """A page of a new browser that fails the test when it complains."""
    context = chromium.new_context(
        base_url=url, java_script_enabled=scripts, **({"viewport": PHONE, "has_touch": True} | more)
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def fill_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@BOTH
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_person_gets_in_and_out_on_a_phone(
    chromium: Browser, harbor_url: str, person: world.Person, *, scripts: bool
) -> None:
    page = opened(chromium, harbor_url, scripts=scripts)
    page.goto(SETTINGS[person.side])
    assert SIGN_IN[person.side] in page.url
    fill_in(page, person.email, WRONG)
    expect(page.get_by_text("don't belong together").first).to_be_visible()
    expect(page.get_by_label("Email address")).to_have_value(person.email)
    expect(page.get_by_label("Password")).to_have_value("")
    fill_in(page, person.email, world.PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    assert page.url.endswith(SETTINGS[person.side])
    page.locator("summary.who, .who > summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto(SETTINGS[person.side])
    assert SIGN_IN[person.side] in page.url
    page.context.close()


def test_the_keyboard_is_enough_and_lands_where_the_fault_is(chromium: Browser, harbor_url: str) -> None:
    page = opened(chromium, harbor_url)
    page.goto(SIGN_IN["client"])
    page.get_by_label("Email address").focus()
    page.keyboard.type("sam")
    page.keyboard.press("Tab")
    page.keyboard.type(WRONG)
    page.keyboard.press("Enter")
    summary = page.locator(".summary")
    expect(summary).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Email address")).to_be_focused()
    page.context.close()


def test_pasting_a_password_works(chromium: Browser, harbor_url: str) -> None:
    page = opened(chromium, harbor_url)
    page.goto(SIGN_IN["client"])
    page.get_by_label("Email address").fill(world.SAM.email)
    page.get_by_label("Password").focus()
    page.keyboard.insert_text(world.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.context.close()


def test_another_browser_is_signed_out_in_place(chromium: Browser, harbor_url: str, visit: Visit) -> None:
    other = visit()
    sign_in(other, world.SAM)
    page = opened(chromium, harbor_url)
    page.goto(SETTINGS["client"])
    fill_in(page, world.SAM.email, world.PASSWORD)
    rows = page.locator("#sessions li")
    expect(rows).to_have_count(2)
    page.evaluate("window.same = true")
    page.get_by_role("button", name="Sign out there").click()
    expect(rows).to_have_count(1)
    expect(page.get_by_text("That browser is signed out.")).to_be_visible()
    assert page.evaluate("window.same"), "the page was not loaded anew"
    assert other.get("/settings").status == 303
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@BOTH
def test_no_state_breaks_a_rule_of_accessibility(
    chromium: Browser, harbor_url: str, monkeypatch: pytest.MonkeyPatch, person: world.Person, scheme: Any
) -> None:
    monkeypatch.setattr(throttle, "PER_ACCOUNT", ((1, throttle.LONGEST),))
    page = opened(chromium, harbor_url, color_scheme=scheme, reduced_motion="reduce")
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        assert fits(page), state
        found.update({state: problems} if (problems := faults(Axe().run(page, options=RULES))) else {})

    page.goto(SIGN_IN[person.side])
    look("empty")
    fill_in(page, "", "")
    look("refused")
    for _ in range(2):
        fill_in(page, "guess@brightdental.example", WRONG)
    expect(page.get_by_text("Please wait")).to_be_visible()
    look("throttled")
    page.goto(f"{SIGN_IN[person.side]}?next={SETTINGS[person.side]}")
    fill_in(page, person.email, world.PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    look("settings")
    page.set_viewport_size({"width": 1280, "height": 800})
    look("settings, wide")
    page.context.close()
    assert found == {}


@BOTH
def test_what_is_touched_is_big_enough(chromium: Browser, harbor_url: str, person: world.Person) -> None:
    page = opened(chromium, harbor_url, is_mobile=True)
    page.goto(SIGN_IN[person.side])
    for each in page.locator("main .btn, main .input").all():
        box = each.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    page.context.close()
