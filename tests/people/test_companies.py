"""The list of clients and one client's page, as the staff see them."""

from typing import Any

import pytest

from portal.clients.models import Client
from portal.identity.models import ClientAssignment, StaffProfile
from tests import factories as make
from tests import world
from tests.identity.steps import trail
from tests.isolation.rig import CANARIES, face_of


def names(page: Any) -> list[str]:
    return [each.get_text(strip=True) for each in page.dom.select("#companies th[scope=row] a")]


def test_clients_stand_from_a_to_z_a_page_at_a_time(visit: Any, system: Any) -> None:
    with system():
        for number in range(60):
            make.a_client(f"Möwe {number:02d}", number=20000 + number)
    admin = visit(world.ADMIN)
    seen, path, first = [], "/msp/clients", None
    while path:
        page = admin.get(path)
        first = first or page
        seen += names(page)
        more = page.dom.select_one("a[rel=next]")
        back = page.dom.select_one("a[rel=prev]")
        assert (back is None) == (page is first)
        path = more["href"] if more else ""
    assert len(seen) == 62
    assert seen == sorted(seen)
    assert names(admin.get(back["href"])) == seen[25:50], "back leads to the page before"


@pytest.mark.parametrize(
    ("wish", "found"), [("bri", ["Bright Dental"]), ("100", ["Bright Dental"]), ("%", []), ("_", []), ("dental", [])]
)
def test_a_client_is_found_by_the_beginning_of_name_or_number(visit: Any, wish: str, found: list[str]) -> None:
    page = visit(world.TECH).get("/msp/clients", query_string={"q": wish})
    assert names(page) == found
    assert "CANARY" not in page.text


def test_a_company_shows_its_people_and_what_became_of_their_accounts(visit: Any, change: Any, system: Any) -> None:
    with system():
        make.a_contact(world.SAM.client_id, "Nobody Yet", "nobody@brightdental.example")
    change(make.User, make.User.id == world.FIN.id, state="locked")
    page = visit(world.ADMIN).get("/msp/clients/10001")
    rows = {row.th.a.get_text(): row.get_text(" ", strip=True) for row in page.dom.select("tbody tr")}
    assert "No account" in rows["Nobody Yet"]
    assert "Locked" in rows["Fin Bright"]
    assert "Active" in rows["Dana Bright"]
    assert "Admin" in rows["Dana Bright"]
    assert "Head office" in page.text
    assert not any(word in page.text for word in CANARIES)


def domain_of(system: Any) -> str:
    with system() as session:
        found: str = session.get(Client, (world.SAM.tenant_id, world.SAM.client_id)).email_domain
        return found


def test_the_email_domain_by_which_a_company_sign_in_finds_its_client(visit: Any, system: Any) -> None:
    admin, path = visit(world.ADMIN), "/msp/clients/10001"
    assert admin.submit(path, "/domain", email_domain=" somebody@Bright-Dental.example ").status == 303
    assert domain_of(system) == "bright-dental.example"
    assert "bright-dental.example" in admin.get(path)
    with system() as session:
        (entry,) = trail(session, "client.domain_changed")
        assert (entry.client_id, entry.visibility) == (world.SAM.client_id, "public")
        session.get(Client, (world.NOAH.tenant_id, world.NOAH.client_id)).email_domain = "cedar.example"
    for wrong in ("no domain", "-.example", "cedar.example"):
        page = admin.submit(path, "/domain", email_domain=wrong)
        assert (page.status, domain_of(system)) == (422, "bright-dental.example")
        assert page.dom.select_one("[name=email_domain]")["value"] == wrong, "what was typed stays"
    assert admin.submit(path, "/domain", email_domain="").status == 303
    assert domain_of(system) == ""
    assert not visit(world.TECH).get(path).dom.select("form[action$='/domain']")


def test_a_page_takes_as_many_statements_for_thirty_people_as_for_one(visit: Any, system: Any, app: Any) -> None:
    from tests.identity.steps import statements

    def count(number: int) -> int:
        admin.get(f"/msp/clients/{number}")
        with statements(app) as sent:
            admin.get(f"/msp/clients/{number}")
        return len(sent)

    with system():
        few, many = make.a_client("Few"), make.a_client("Many")
        make.a_contact(few.id, "One")
        for each in range(30):
            contact = make.a_contact(many.id, f"Person {each}")
            make.a_member(make.a_user(f"p{each}@many.example"), contact)
        numbers = few.number, many.number
    admin = visit(world.ADMIN)
    assert count(numbers[0]) == count(numbers[1])


def test_who_looks_after_some_clients_finds_no_other(visit: Any, system: Any, change: Any) -> None:
    with system():
        make.put(ClientAssignment(user_id=world.TECH.id, client_id=world.client_id("Bright Dental")))
    change(StaffProfile, StaffProfile.user_id == world.TECH.id, sees_assigned_only=True)
    tech = visit(world.TECH)
    assert names(tech.get("/msp/clients")) == ["Bright Dental"]
    assert tech.get("/msp/clients/10001").status == 200
    assert face_of(tech.get("/msp/clients/900101")) == face_of(tech.get("/msp/clients/424242"))
    assert tech.get("/msp/clients/900101").status == 404


def test_what_is_no_cursor_shows_the_first_page(visit: Any) -> None:
    tech = visit(world.TECH)
    for word in ("x", "YQ", "%00", "b|", "💥"):
        assert names(tech.get("/msp/clients", query_string={"page": word}))[0] == "Bright Dental"


def test_former_clients_stay_readable(visit: Any, change: Any) -> None:
    change(Client, Client.number == 10001, is_active=False)
    page = visit(world.ADMIN).get("/msp/clients/10001")
    assert page.status == 200
    assert not page.dom.select("form[action$='/portal']")
