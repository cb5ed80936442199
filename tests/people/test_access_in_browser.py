"""How access is given, looked over, cut and taken in Chromium: on a phone, with scripts and without."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from portal.core import clock
from portal.identity.models import AccessSettings, Membership
from portal.identity.services import access_requests
from portal.people.services import reviewing
from tests import factories as make
from tests import world
from tests.accounts.conftest import link_to, work
from tests.accounts.steps import NEW, LinkTo, System, Visit
from tests.browser.conftest import fits
from tests.identity.factors import has_app
from tests.identity.steps import is_in, sign_in

__all__ = ["link_to", "work"]

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
PHONE = {"width": 360, "height": 640}
Opener = Callable[..., Page]
SAMS = f"/msp/clients/10001/contacts/{world.SAM.contact_id}"


def accepted(page: Page, path: str) -> None:
    """Take an invitation up, as somebody new."""
    page.goto(path)
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_text("Welcome!")).to_be_visible()


@SCRIPTS
@pytest.mark.parametrize(
    ("inviter", "start", "link"),
    [
        (world.DANA, "/account/users", "Invite somebody"),
        (world.ADMIN, "/msp/clients/10001", "Invite somebody"),
        (world.ADMIN, "/admin/users", "Invite a colleague"),
    ],
    ids=["a client's Admin", "the staff", "a colleague"],
)
def test_somebody_is_invited_and_comes_in(
    browse: Opener, link_to: LinkTo, inviter: world.Person, start: str, link: str, *, scripts: bool
) -> None:
    page = browse(inviter, scripts=scripts, size=PHONE)
    page.goto(start)
    page.get_by_role("link", name=link).click()
    assert fits(page)
    page.get_by_role("button", name="Send invitation").click()
    expect(page.locator(".summary")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Ida New")
    page.get_by_label("Email").fill("ida@brightdental.example")
    if start == "/admin/users":
        page.get_by_label("Technician").check()
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("Invited").first).to_be_visible()
    assert fits(page)
    guest = browse(scripts=scripts, size=PHONE)
    accepted(guest, link_to("ida@brightdental.example"))
    guest.get_by_label("Email address").fill("ida@brightdental.example")
    guest.get_by_label("Password").fill(NEW)
    guest.get_by_role("button", name="Sign in", exact=True).click()
    guest.wait_for_url(lambda url: "signin" not in url)


@SCRIPTS
@pytest.mark.parametrize(
    ("person", "path"), [(world.DANA, "/account/review"), (world.ADMIN, "/msp/clients/10001/review")],
    ids=["a client's Admin", "the staff"],
)  # fmt: skip
def test_access_is_looked_over(
    browse: Opener, system: System, visit: Visit, person: world.Person, path: str, *, scripts: bool
) -> None:
    with system() as session:
        session.execute(update(AccessSettings).values(review_days=90))
        reviewing.start_review(world.DANA.client_id, clock.business_now())
    sam, page = visit(world.SAM), browse(person, scripts=scripts, size=PHONE)
    page.goto(path)
    assert fits(page)
    page.get_by_role("button", name="Take access from Sam Bright").click()
    expect(page.get_by_text("Removed").first).to_be_visible()
    for name in ("Dana Bright", "Fin Bright"):
        if scripts:
            page.evaluate("() => { window.stayed = true }")
        page.get_by_role("button", name=f"Confirm {name}").click()
        expect(page.get_by_role("button", name=f"Confirm {name}")).to_have_count(0)
        assert not scripts or page.evaluate("window.stayed"), "a long list is not begun from its top again"
    expect(page.get_by_text("Nothing to decide")).to_be_visible()
    assert not is_in(sam, "client")


@SCRIPTS
def test_a_request_for_access_is_approved(browse: Opener, system: System, link_to: LinkTo, *, scripts: bool) -> None:
    with system():
        access_requests.ask_for_access(
            name="Zoe Asks", email="zoe@brightdental.example", company="Bright", message="", address="192.0.2.1"
        )
    page = browse(world.ADMIN, scripts=scripts, size=PHONE)
    page.goto("/admin/access-requests")
    page.get_by_role("link", name="Zoe Asks").click()
    assert fits(page)
    page.get_by_label("Client number").fill("10001")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("Zoe Asks is invited to Bright Dental.")).to_be_visible()
    accepted(browse(scripts=scripts, size=PHONE), link_to("zoe@brightdental.example"))


@SCRIPTS
def test_a_contact_gets_an_access_code(browse: Opener, system: System, *, scripts: bool) -> None:
    with system():
        contact_id = make.a_contact(world.SAM.client_id, "Bea Contact").id
    page = browse(world.ADMIN, scripts=scripts, size=PHONE)
    page.goto("/msp/clients/10001")
    page.get_by_role("link", name="Bea Contact").click()
    assert str(contact_id) in page.url
    page.get_by_role("button", name="Make an access code").click()
    code = page.locator("code.code").text_content() or ""
    assert fits(page)
    guest = browse(scripts=scripts, size=PHONE)
    guest.goto("/auth/link-account")
    for label, words in {
        "Client number or phone": "10001", "Access code": code, "Your name": "Bea Contact",
        "Email address": "bea@brightdental.example", "New password": NEW,
    }.items():  # fmt: skip
        guest.get_by_label(label).fill(words)
    guest.get_by_role("button", name="Link my account").click()
    expect(guest.get_by_role("heading", level=1)).to_have_text("Check your email")


@SCRIPTS
def test_an_account_is_suspended_let_in_again_and_its_factors_taken(
    browse: Opener, system: System, visit: Visit, *, scripts: bool
) -> None:
    has_app(system, world.SAM)
    sam, page = visit(world.SAM), browse(world.ADMIN, scripts=scripts, size=PHONE)
    page.goto("/msp/clients/10001")
    page.get_by_role("link", name="Sam Bright").first.click()
    for button, state in (("Suspend", "Suspended"), ("Let in again", "Active"), ("Lock", "Locked")):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("region", name="Account").get_by_text(state)).to_be_visible()
        assert not is_in(sam, "client")
    page.get_by_role("button", name="Let in again").click()
    page.get_by_role("button", name="Remove second factors").click()
    expect(page.get_by_role("button", name="Remove second factors")).to_have_count(0)
    assert sign_in(visit(), world.SAM).headers["Location"] == "/"
    page.get_by_role("button", name="Switch portal access off").click()
    expect(page.get_by_text("Portal access off")).to_be_visible()
    assert fits(page)
    assert sign_in(visit(), world.SAM).status == 422


@SCRIPTS
def test_a_group_of_clients_is_made_and_somebody_let_in(browse: Opener, system: System, *, scripts: bool) -> None:
    page = browse(world.ADMIN, scripts=scripts, size=PHONE)
    page.goto("/admin/client-groups")
    page.get_by_label("Name").fill("Holding")
    page.get_by_role("button", name="Make the group").click()
    if page.get_by_role("link", name="Holding").count():
        page.get_by_role("link", name="Holding").click()
    for name in ("Bright Dental", "Cedar CANARY"):
        page.get_by_label(name).check()
    page.get_by_role("button", name="Save group").click()
    page.get_by_label("Email").fill(world.SAM.email)
    page.get_by_role("button", name="Give access to all of them").click()
    expect(page.get_by_role("button", name="Take access from Sam Bright")).to_be_visible()
    assert fits(page)
    with system() as session:
        mine = select(Membership.client_id).where(Membership.user_id == world.SAM.id, Membership.is_active)
        assert set(session.scalars(mine)) == {world.SAM.client_id, world.NOAH.client_id}
    page.get_by_role("button", name="Take access from Sam Bright").click()
    expect(page.get_by_text("Nobody so far.")).to_be_visible()


@SCRIPTS
def test_a_role_is_changed_and_the_simulator_says_why(browse: Opener, system: System, *, scripts: bool) -> None:
    page = browse(world.ADMIN, scripts=scripts, size=PHONE)
    page.goto("/admin/roles")
    page.locator(".roles__list a", has_text="User").click()
    page.get_by_label("See who has access.").check()
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_text("Sam Bright").first).to_be_visible()
    page.get_by_role("button", name="Save the roles").click()
    expect(page.get_by_text("They count at once.")).to_be_visible()
    page.goto("/admin/roles/simulator")
    page.get_by_label("Name or email address").fill("Noah")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Noah CANARY").click()
    page.get_by_label("Number of the ticket").fill(str(world.OUR_NUMBER))
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("nobody sees another company's tickets").first).to_be_visible()
    assert fits(page)
    page.goto("/admin/roles/simulator?q=Sam+Bright")
    page.get_by_role("link", name="Sam Bright").click()
    expect(page.get_by_role("row", name="See who has access.").get_by_text("Yes")).to_be_visible()


@SCRIPTS
def test_what_a_client_and_a_person_may_is_lowered(
    browse: Opener, system: System, visit: Visit, *, scripts: bool
) -> None:
    page = browse(world.ADMIN, scripts=scripts, size=PHONE)
    page.goto("/msp/clients/10001/access")
    page.get_by_label("Open tickets.").check()
    page.get_by_role("button", name="Save").click()
    page.goto("/msp/clients/10001/access")
    expect(page.get_by_label("Open tickets.")).to_be_checked()
    assert visit(world.SAM).get("/tickets/new").status in {403, 404}
    assert visit(world.NOAH).get("/tickets/new").status == 200
    page.get_by_label("Open tickets.").uncheck()
    page.get_by_role("button", name="Save").click()
    page.goto(f"/msp/clients/10001/people/{world.SAM.contact_id}/access")
    page.get_by_label("Open tickets.").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert visit(world.SAM).get("/tickets/new").status in {403, 404}
    assert visit(world.DANA).get("/tickets/new").status == 200
    assert fits(page)


@SCRIPTS
def test_the_ways_in_are_chosen(browse: Opener, *, scripts: bool) -> None:
    guest, page = browse(scripts=scripts, size=PHONE), browse(world.ADMIN, scripts=scripts, size=PHONE)
    offer = guest.get_by_role("link", name="Get a sign-in link by email")
    guest.goto("/auth/client-portal/signin")
    expect(offer).to_have_count(0)
    page.goto("/admin/access")
    assert fits(page)
    page.locator("[name=link_sign_in]").check()
    page.get_by_role("button", name="Save").click()
    page.goto("/admin/access")
    expect(page.locator("[name=link_sign_in]")).to_be_checked()
    guest.goto("/auth/client-portal/signin")
    expect(offer).to_be_visible()
