"""The queue kept to one client, and the ways there: from the client's page and from a ticket."""

import pytest
from sqlalchemy import delete, select

from portal.clients.models import Client, Contact
from portal.identity.models import ClientAssignment, Role, RolePermission, StaffProfile
from tests import factories as make
from tests.isolation.rig import CANARIES
from tests.world import CEDAR_NUMBER, DELTA_NUMBER, NOAH, OUR_NUMBER, SAM, TECH


@pytest.fixture
def numbers(system):
    """The numbers of the clients by name."""
    with system() as session:
        ours = {each.name.split()[0]: each.number for each in session.scalars(select(Client)).all()}
    with system("summit") as session:
        theirs = {each.name.split()[0]: each.number for each in session.scalars(select(Client)).all()}
    return ours | theirs


def shown(page):
    return {cell.get_text(strip=True).removeprefix("#") for cell in page.dom.select("#queue tbody td:first-child")}


def counts(page):
    return [each.get_text(strip=True) for each in page.dom.select("#queue .tabs a")]


def test_the_queue_is_kept_to_one_client_with_its_counts(visit, system, numbers):
    with system() as session:
        sam = session.get(Contact, (SAM.tenant_id, SAM.contact_id))
        noah = session.get(Contact, (NOAH.tenant_id, NOAH.contact_id))
        make.a_ticket(sam, "Over", category="resolved", phase="done", turn=None)
        make.a_ticket(noah, "Hers", category="open")
    tech = visit(TECH)
    whole = tech.get("/msp/tickets")
    assert shown(whole) > {str(OUR_NUMBER), str(CEDAR_NUMBER)}
    path = f"/msp/tickets?client={numbers['Bright']}"
    page = tech.get(path)
    assert shown(page) == {str(OUR_NUMBER)}
    assert "Only tickets of Bright Dental." in page
    assert counts(page)[0] == "All open1"
    done = tech.get(page.dom.select(".tabs a")[-1]["href"])
    assert "Over" in done
    assert "Hers" not in done
    assert "Only tickets of Bright Dental." in done, "the tabs keep to the client"
    part = tech.get(path, part=True)
    assert str(part.dom.select_one("#queue")) == str(page.dom.select_one("#queue"))
    everybody = page.dom.find("a", string="Show those of all clients")["href"]
    assert str(CEDAR_NUMBER) in shown(tech.get(everybody))


def test_pages_further_back_keep_to_the_client(visit, system, numbers):
    with system() as session:
        noah = session.get(Contact, (NOAH.tenant_id, NOAH.contact_id))
        sam = session.get(Contact, (SAM.tenant_id, SAM.contact_id))
        for number in range(30):
            make.a_ticket(noah, f"Hers {number}", category="open")
            make.a_ticket(sam, f"His {number}", category="open")
    tech = visit(TECH)
    first = tech.get(f"/msp/tickets?client={numbers['Cedar']}")
    older = tech.get(first.dom.select_one("a[rel=next]")["href"])
    assert len(shown(first) | shown(older)) == 31
    assert "His" not in first
    assert "His" not in older


@pytest.mark.parametrize("wish", ["0", "999999999", "x", "", "-1", "1 OR 1=1", "9" * 40])
def test_a_client_that_is_not_there_is_a_404(visit, wish):
    assert visit(TECH).get("/msp/tickets", query_string={"client": wish}).status == 404


def test_another_tenants_client_is_not_there(visit, numbers):
    page = visit(TECH).get(f"/msp/tickets?client={numbers['Delta']}")
    assert page.status == 404
    assert str(DELTA_NUMBER) not in page
    assert not [word for word in CANARIES if word in page]


def test_nor_is_one_that_a_colleague_does_not_look_after(visit, system, numbers):
    with system() as session:
        profile = session.scalars(select(StaffProfile).where(StaffProfile.user_id == TECH.id)).one()
        profile.sees_assigned_only = True
        session.add(ClientAssignment(user_id=TECH.id, client_id=SAM.client_id))
    tech = visit(TECH)
    assert tech.get(f"/msp/tickets?client={numbers['Cedar']}").status == 404
    assert shown(tech.get(f"/msp/tickets?client={numbers['Bright']}")) == {str(OUR_NUMBER)}


def test_ways_lead_there_from_the_clients_page_and_from_a_ticket(visit, numbers):
    tech = visit(TECH)
    page = tech.get(f"/msp/clients/{numbers['Bright']}")
    ways = {each.get_text(strip=True): each["href"] for each in page.dom.select("[aria-labelledby=tickets-title] a")}
    assert ways["All open1"] == f"/msp/tickets?view=open&client={numbers['Bright']}"
    assert shown(tech.get(ways["All open1"])) == {str(OUR_NUMBER)}
    assert not page.dom.select("[aria-labelledby=tickets-title] [aria-current]")


def test_without_the_right_to_tickets_the_clients_page_names_none(visit, system, numbers):
    with system() as session:
        role = session.scalars(select(Role).where(Role.key == "technician")).one()
        session.execute(
            delete(RolePermission)
            .where(RolePermission.role_id == role.id, RolePermission.permission == "ticket:read")
            .execution_options(synchronize_session=False)
        )
    page = visit(TECH).get(f"/msp/clients/{numbers['Bright']}")
    assert page.status == 200
    assert not page.dom.select("[aria-labelledby=tickets-title]")
