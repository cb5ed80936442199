"""People, seats and *Open portal as…* in Chromium, on a phone, with scripts and without."""

from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from tests import factories as make
from tests import world
from tests.browser.conftest import fits

pytestmark = pytest.mark.browser
PHONE = {"width": 360, "height": 640}
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


@SCRIPTS
def test_the_staff_opens_a_portal_and_leaves_it(browse: Any, scripts: Any) -> None:
    page = browse(world.ADMIN, scripts=scripts, size=PHONE)
    page.goto("/msp/clients?q=bri")
    page.get_by_role("link", name="Bright Dental").click()
    page.get_by_role("button", name="Open portal as Sam Bright of Bright Dental").click()
    banner = page.get_by_role("complementary", name="Open portal as…")
    expect(banner).to_contain_text("You see the portal as Sam Bright of Bright Dental")
    page.goto(f"/tickets/{world.OUR_NUMBER}")
    expect(banner).to_be_visible()
    assert fits(page)
    banner.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bright Dental")
    assert page.goto("/").status == 404, "the console's session opens no portal"


@SCRIPTS
def test_an_admin_changes_roles_and_takes_access_away(browse: Any, scripts: Any) -> None:
    page = browse(world.DANA, scripts=scripts, size=PHONE)
    page.goto("/account/users")
    assert fits(page)
    page.get_by_role("link", name="Sam Bright").click()
    page.get_by_label("Finance").check()
    page.get_by_role("button", name="Save roles").click()
    expect(page.get_by_text("The roles are saved.")).to_be_visible()
    expect(page.get_by_label("Finance")).to_be_checked()
    page.get_by_role("button", name="Take access away").click()
    expect(page.get_by_text("Access is taken away.")).to_be_visible()
    expect(page.get_by_role("button", name="Give access back")).to_be_visible()


@SCRIPTS
def test_a_person_changes_the_company(browse: Any, system: Any, scripts: Any) -> None:
    with system() as session:
        there = make.a_contact(world.NOAH.client_id, "Sam elsewhere", "sam@x.example")
        make.a_member(session.scalars(select(make.User).where(make.User.id == world.SAM.id)).one(), there)
    page = browse(world.SAM, scripts=scripts, size=PHONE)
    page.goto("/")
    page.get_by_role("link", name="You are at Bright Dental").click()
    page.get_by_role("button", name="Go to Cedar CANARY").click()
    expect(page.get_by_role("link", name="You are at Cedar CANARY")).to_be_visible()
    assert fits(page)
