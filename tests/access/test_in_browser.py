"""Roles, narrowing and the simulator in a real browser: on a phone, on a desk, without scripts."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal.identity.models import Role, RolePermission
from tests.browser.conftest import DESKTOP, PHONE, browse, fits, harbor_url
from tests.world import ADMIN, DANA, OUR_NUMBER, SAM

__all__ = ["browse", "harbor_url"]


@pytest.fixture
def pages(system):
    """The addresses of all pages."""
    from tests import factories as make

    with system() as session:
        number = session.scalars(select(make.Client.number).where(make.Client.id == DANA.client_id)).one()
        role = session.scalars(select(Role.id).where(Role.side == "client", Role.key == "user")).one()
    return (
        "/admin/roles", "/admin/roles?side=internal", f"/admin/roles/{role}", "/admin/board-groups", "/admin/access",
        f"/admin/roles/simulator?person=client:{SAM.membership_id}&ticket={OUR_NUMBER}",
        f"/msp/clients/{number}", f"/msp/clients/{number}/access",
        f"/msp/clients/{number}/people/{DANA.contact_id}/access",
    )  # fmt: skip


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desk"])
def test_every_page_fits_the_screen(browse, pages, size):
    page = browse(ADMIN, size=size)
    for path in pages:
        assert page.goto(path).status == 200, path
        assert fits(page), path


def test_a_phone_shows_one_role_at_a_time_and_saves_it_without_scripts(browse, system):
    page = browse(ADMIN, scripts=False, size=PHONE)
    page.goto("/admin/roles")
    assert not page.locator(".roles").is_visible()
    page.locator(".roles__list a", has_text="User").click()
    page.get_by_label("See who has access.").check()
    page.get_by_role("button", name="Show what changes").click()
    assert page.get_by_text("Sam Bright").is_visible()
    page.get_by_role("button", name="Save the roles").click()
    assert page.get_by_text("They count at once.").is_visible()
    with system() as session:
        user = session.scalars(select(Role).where(Role.side == "client", Role.key == "user")).one()
        held = session.scalars(select(RolePermission.permission).where(RolePermission.role_id == user.id)).all()
    assert "user:read" in held


def test_the_matrix_is_changed_by_hand_on_a_desk(browse):
    page = browse(ADMIN, size=DESKTOP)
    page.goto("/admin/roles?side=internal")
    page.get_by_label("Billing: Open tickets.").check()
    page.get_by_role("button", name="Show what changes").click()
    assert page.get_by_text("Bo Ledger").is_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_private_ticket_is_opened_and_not_even_the_admin_finds_it(browse, visit, scripts):
    page = browse(SAM, scripts=scripts)
    page.goto("/tickets/new")
    page.get_by_label("What is it about?").fill("My pay")
    page.get_by_label("What happened?").fill("It is wrong.")
    page.get_by_label("Only the people named on it see this").check()
    page.get_by_role("button", name="Send to").click()
    expect(page.locator("#ticket-head").get_by_text("Private")).to_be_visible()
    assert fits(page)
    page.goto("/tickets")
    expect(page.get_by_role("link", name="My pay")).to_be_visible()
    assert "My pay" not in visit(DANA).get("/tickets")
