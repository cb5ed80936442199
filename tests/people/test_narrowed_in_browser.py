"""What somebody sees and may do is narrowed, widened and taken in Chromium: on a phone, with scripts and without."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from portal.identity.services import invitations
from portal.tickets.models import Board, Status
from tests import factories as make
from tests import world
from tests.accounts.conftest import link_to, work
from tests.accounts.steps import LinkTo, System, Visit, as_person, client_role
from tests.browser.conftest import fits
from tests.identity.steps import is_in

__all__ = ["link_to", "work"]

pytestmark = pytest.mark.browser
# The width doesn't depend on scripts; so each of the two widths is seen once.
SCRIPTS = pytest.mark.parametrize(
    ("scripts", "size"),
    [(True, {"width": 375, "height": 667}), (False, {"width": 320, "height": 568})],
    ids=["scripts", "no scripts"],
)
Opener = Callable[..., Page]
COMPANY = "/msp/clients/10001"


@pytest.fixture
def on_two_boards(system: System) -> None:
    """Dana has a ticket on another board, at a site of its own."""
    with system() as session:
        dana = session.get(make.Contact, (world.DANA.tenant_id, world.DANA.contact_id))
        board = make.put(Board(name="Projects", position=9))
        status = make.put(Status(board_id=board.id, name="New", category="new", position=1))
        mill = make.a_site(dana.client_id, "The mill")
        make.a_ticket(dana, "Move the server", board_id=board.id, status_id=status.id, site_id=mill.id)


def access_of(page: Page, name: str) -> None:
    """From the company's page to how far this person sees."""
    page.goto(COMPANY)
    page.get_by_role("row", name=name).get_by_role("link", name=name).click()
    page.get_by_role("link", name="Tickets, sites, boards").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Access of {name}")
    assert fits(page)


def saved(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. It counts at once.")).to_be_visible()


@SCRIPTS
@pytest.mark.usefixtures("on_two_boards")
def test_a_group_of_boards_keeps_somebody_off_a_queue(browse: Opener, visit: Visit, scripts: bool, size: dict) -> None:
    dana, page = visit(world.DANA), browse(world.ADMIN, scripts=scripts, size=size)
    assert "Move the server" in dana.get("/tickets")
    page.goto("/admin/board-groups")
    page.get_by_role("button", name="Make the group").click()
    expect(page.locator(".summary")).to_be_visible()
    assert fits(page)
    page.get_by_label("Name of the group").fill("Desk alone")
    page.get_by_label("Service desk").check()
    page.get_by_role("button", name="Make the group").click()
    expect(page.get_by_role("link", name="Desk alone")).to_be_visible()
    access_of(page, "Dana Bright")
    page.get_by_label("On which boards?").select_option("Desk alone")
    saved(page)
    seen = dana.get("/tickets")
    assert "The VPN is slow" in seen
    assert "Move the server" not in seen
    page.goto("/admin/board-groups")
    expect(page.get_by_text("1 person")).to_be_visible()
    page.get_by_role("link", name="Desk alone").click()
    page.get_by_role("button", name="Delete the group").click()
    expect(page.get_by_text("Somebody is held to this group.")).to_be_visible()


@SCRIPTS
@pytest.mark.usefixtures("on_two_boards")
def test_a_persons_scope_site_and_where_a_role_counts(browse: Opener, visit: Visit, scripts: bool, size: dict) -> None:
    sam, page = visit(world.SAM), browse(world.ADMIN, scripts=scripts, size=size)
    assert "Move the server" not in sam.get("/tickets")
    access_of(page, "Sam Bright")
    page.get_by_label("Site: those, and all tickets of their site").check()
    page.get_by_label("Own site").select_option("The mill")
    saved(page)
    seen = sam.get("/tickets")
    assert "Move the server" in seen
    assert "The VPN is slow" in seen
    page.get_by_role("group", name="User").get_by_label("The mill").check()
    page.get_by_label("Say that a ticket is solved").check()
    saved(page)
    expect(page.get_by_role("group", name="User").get_by_label("The mill")).to_be_checked()
    assert "The VPN is slow" not in sam.get("/tickets")
    assert fits(page)


@SCRIPTS
def test_a_colleague_gets_roles_and_clients_and_is_suspended(
    browse: Opener, visit: Visit, scripts: bool, size: dict
) -> None:
    tech, page = visit(world.TECH), browse(world.ADMIN, scripts=scripts, size=size)
    page.goto("/admin/users")
    assert fits(page)
    page.get_by_role("link", name="Priya Nair").click()
    page.get_by_label("Read-only").check()
    page.get_by_label("Technician").uncheck()
    page.get_by_role("button", name="Save roles").click()
    expect(page.get_by_text("The roles are saved.")).to_be_visible()
    assert "Send reply" not in tech.get(f"/msp/tickets/{world.OUR_NUMBER}")
    page.get_by_label("Sees assigned clients only").check()
    if not page.get_by_label("Cedar CANARY").is_visible():
        page.locator("summary", has_text="Assigned clients").click()
    page.get_by_label("Cedar CANARY").check()
    page.get_by_role("button", name="Save clients").click()
    expect(page.get_by_text("The clients are saved.")).to_be_visible()
    assert tech.get(f"/msp/tickets/{world.OUR_NUMBER}").status == 404
    assert tech.get(f"/msp/tickets/{world.CEDAR_NUMBER}").status == 200
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("suspended and signed out everywhere")).to_be_visible()
    assert not is_in(tech, "msp")
    page.get_by_role("button", name="Let in again").click()
    expect(page.get_by_text("The person can sign in again.")).to_be_visible()
    assert is_in(visit(world.TECH), "msp")
    assert fits(page)


def invited(app: Flask, inviter: world.Person, start: str) -> str:
    """The address that this page's own kind of invitation went to."""
    email = "ida@brightdental.example"
    with as_person(app, inviter) as session:
        by = session.info["viewer"]
        if start == "/admin/users":
            invitations.invite_colleague(by, email=email, name="Ida New", roles=[make.role("internal", "Technician")])
        else:
            invitee = invitations.Invitee(client_id=world.DANA.client_id, name="Ida New", email=email)
            invitations.invite_client_person(by, invitee, roles=[client_role(session)], ticket_scope="own")
    return email


@SCRIPTS
@pytest.mark.parametrize(
    ("inviter", "start"),
    [(world.DANA, "/account/users"), (world.ADMIN, COMPANY), (world.ADMIN, "/admin/users")],
    ids=["by an Admin", "by the staff", "a colleague"],
)
def test_an_invitation_is_sent_again_and_withdrawn(
    app: Flask, browse: Opener, link_to: LinkTo, inviter: world.Person, start: str, scripts: bool, size: dict
) -> None:
    email = invited(app, inviter, start)
    first = link_to(email)
    page, guest = browse(inviter, scripts=scripts, size=size), browse(scripts=scripts, size=size)
    page.goto(start)
    page.get_by_role("link", name="Ida New").click()
    page.get_by_role("button", name="Send invitation again").click()
    expect(page.get_by_role("status").get_by_text("link")).to_be_visible()
    second = link_to(email)
    guest.goto(first)
    expect(guest.get_by_role("heading", level=1)).to_have_text("This link can't be used any more")
    guest.goto(second)
    expect(guest.get_by_role("button", name="Accept the invitation")).to_be_visible()
    page.get_by_role("button", name="Withdraw invitation").click()
    expect(page.get_by_text("The invitation is withdrawn.")).to_be_visible()
    expect(page.get_by_role("button", name="Withdraw invitation")).to_have_count(0)
    expect(page.get_by_role("button", name="Send invitation again")).to_be_visible()
    assert fits(page)
    guest.goto(second)
    expect(guest.get_by_role("heading", level=1)).to_have_text("This link can't be used any more")
