"""Groups of boards, denials and the reach of one person, set by hand."""

import pytest
from sqlalchemy import select

from portal.identity import reach
from portal.identity.models import AccessSettings, BoardGroup, Membership, StaffProfile, User
from portal.identity.services import narrowing
from portal.tickets.models import Board
from tests import factories as make
from tests import world
from tests.world import ADMIN, DANA, OUR_NUMBER, SAM, TECH


@pytest.fixture
def at(system):
    """The address of Bright Dental's access page."""
    with system() as session:
        number = session.scalars(select(make.Client.number).where(make.Client.id == DANA.client_id)).one()
    return f"/msp/clients/{number}"


def test_a_permission_is_taken_from_a_whole_client_and_given_back(visit, at):
    admin, sam = visit(ADMIN), visit(SAM)
    assert sam.get("/tickets/new").status == 200
    fields = admin.get(f"{at}/access").form("/access") | {"denied": ["ticket:create"]}
    assert admin.post(f"{at}/access", fields).status == 303
    assert sam.get("/tickets/new").status == 404
    assert admin.get(f"{at}/access").dom.select_one("input[value='ticket:create']").has_attr("checked")
    admin.post(f"{at}/access", {"csrf_token": fields["csrf_token"]})
    assert sam.get("/tickets/new").status == 200
    assert admin.post(f"{at}/access", fields | {"denied": ["role:update"]}).status == 404


def test_one_persons_reach_is_set_on_one_page(visit, system, at):
    with system() as session:
        site = make.a_site(DANA.client_id, "Annex")
        board_id = session.scalars(select(Board.id).where(Board.is_default)).one()
        group = narrowing.save_board_group(None, "Usual", [board_id])
    admin, path = visit(ADMIN), f"{at}/people/{DANA.contact_id}/access"
    page = admin.get(path)
    (sites,) = {each["name"] for each in page.dom.select("input[name^=sites-]")}
    fields = page.form("/access") | {
        "ticket_scope": "site", "site": str(site.id), "board_group": str(group.id), sites: str(site.id),
        "denied": "ticket:resolve",
    }  # fmt: skip
    assert admin.post(path, fields).status == 303
    with system() as session:
        scope = reach.scope_of(session.get(Membership, (DANA.tenant_id, DANA.membership_id)))
    assert (scope.ticket_scope, scope.site_id, scope.board_ids) == ("site", site.id, {board_id})
    assert scope.sites_of("ticket:read") == {site.id}
    assert not scope.may("ticket:resolve")
    assert visit(DANA).get(f"/tickets/{OUR_NUMBER}").status == 404
    assert admin.post(path, fields | {sites: str(world.fixed("site Cedar CANARY"))}).status == 404
    assert admin.post(path, fields | {"site": str(world.fixed("site Cedar CANARY"))}).status == 422


def test_groups_of_boards_are_made_changed_and_deleted(visit, system):
    admin = visit(ADMIN)
    page = admin.get("/admin/board-groups")
    board = page.dom.select_one("input[name=boards]")["value"]
    fields = page.form("/board-groups") | {"name": "HR", "boards": board}
    assert admin.post("/admin/board-groups", fields | {"boards": []}).status == 422
    assert admin.post("/admin/board-groups", fields).status == 303
    assert admin.post("/admin/board-groups", fields).status == 422
    with system() as session:
        group = session.scalars(select(BoardGroup)).one()
        session.get(Membership, (DANA.tenant_id, DANA.membership_id)).board_group_id = group.id
    path = f"/admin/board-groups/{group.id}"
    assert admin.submit(path, f"/{group.id}", name="Payroll").status == 303
    assert "Payroll" in admin.get("/admin/board-groups")
    assert "Somebody is held to this group" in admin.follow(admin.submit(path, "/deletion"))
    with system() as session:
        session.get(Membership, (DANA.tenant_id, DANA.membership_id)).board_group_id = None
    admin.submit(path, "/deletion")
    assert admin.get(path).status == 404


def test_a_colleague_is_held_to_assigned_clients(system, visit):
    with system() as session:
        profile = session.scalars(select(StaffProfile).where(StaffProfile.user_id == TECH.id)).one()
        narrowing.hold_to_clients(profile, [world.client_id("Cedar CANARY")], only=True)
    assert visit(TECH).get(f"/msp/tickets/{OUR_NUMBER}").status == 404
    with system() as session:
        profile = session.scalars(select(StaffProfile).where(StaffProfile.user_id == TECH.id)).one()
        narrowing.hold_to_clients(profile, [], only=False)
    assert visit(TECH).get(f"/msp/tickets/{OUR_NUMBER}").status == 200


def test_the_ways_in_are_set(visit, system):
    admin = visit(ADMIN)
    saved = admin.submit("/admin/access", "/admin/access", link_sign_in="y", review_days="90", amount_limit_minor="500")
    assert saved.status == 303
    with system() as session:
        row = session.scalars(select(AccessSettings)).one()
        assert (row.link_sign_in, row.review_days, row.amount_limit_minor) == (True, 90, 50000)
    assert admin.get("/admin/access").dom.select_one("[name=amount_limit_minor]")["value"] == "500"
    admin.submit("/admin/access", "/admin/access", alert_devices="3", alert_travel_hours="12")
    with system() as session:
        row = session.scalars(select(AccessSettings)).one()
        assert (row.alert_devices, row.alert_travel_hours, row.alert_countries) == (3, 12, True)
    wrong = {"audit_months": "11", "night_from": "24", "alert_travel_hours": "49", "alert_devices": "-1"}
    page = admin.submit("/admin/access", "/admin/access", **wrong)
    assert page.status == 422
    assert len(page.dom.select(".field__error")) == len(wrong)


@pytest.mark.parametrize(
    ("language", "typed", "minor", "shown"),
    [
        ("en", "1250.5", 125050, "1,250.50"),
        ("en", "1,250.50", 125050, "1,250.50"),
        ("en", "0", 0, "0"),
        ("de", "1.250,50", 125050, "1.250,50"),
        ("de", "1250", 125000, "1.250"),
        ("en", "", None, ""),
    ],
)
def test_the_limit_is_written_in_units_of_money_as_the_language_writes_them(
    visit, system, language, typed, minor, shown
):
    with system() as session:
        session.get(User, (ADMIN.tenant_id, ADMIN.id)).locale = language
    admin = visit(ADMIN)
    assert admin.submit("/admin/access", "/admin/access", amount_limit_minor=typed).status == 303
    with system() as session:
        assert session.scalars(select(AccessSettings.amount_limit_minor)).one() == minor
    assert admin.get("/admin/access").dom.select_one("[name=amount_limit_minor]")["value"] == shown


@pytest.mark.parametrize("typed", ["five hundred", "1.250", "-5", "1,25", "12.505", "1e3", "NaN", "99999999999999"])
def test_what_is_no_amount_is_told_with_an_example(visit, system, typed):
    page = visit(ADMIN).submit("/admin/access", "/admin/access", amount_limit_minor=typed)
    assert page.status == 422
    assert "Write an amount such as 1,250.50." in page
    assert page.dom.select_one("[name=amount_limit_minor]")["value"] == typed
    with system() as session:
        assert session.scalars(select(AccessSettings.amount_limit_minor)).one() is None
