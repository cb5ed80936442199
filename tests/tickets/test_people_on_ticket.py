"""Who takes part in a ticket: named by the staff, told of what is written, seen on both faces."""

import uuid

import pytest
from sqlalchemy import select

from portal.clients.models import Contact
from portal.tickets.models import Ticket, TicketChange, TicketPerson
from tests import factories as make
from tests.identity.steps import trail
from tests.world import DANA, NOAH, READER, SAM, TECH


@pytest.fixture
def number(system):
    """A ticket of Dana's, which Sam, who sees what he takes part in, doesn't see."""
    with system() as session:
        return make.a_ticket(session.get(Contact, (DANA.tenant_id, DANA.contact_id)), "The door is stuck").number


def parts(system, number):
    with system() as session:
        rows = session.execute(
            select(TicketPerson.contact_id, TicketPerson.part)
            .join(Ticket, Ticket.id == TicketPerson.ticket_id)
            .where(Ticket.number == number)
        )
        return {row.contact_id: row.part for row in rows}


def lines(system, number):
    with system() as session:
        rows = select(TicketChange.kind).join(Ticket, Ticket.id == TicketChange.ticket_id)
        return list(session.scalars(rows.where(Ticket.number == number).order_by(TicketChange.version)))


def press(visitor, number, contact_id, act="", part="affected"):
    token = visitor.get("/msp/tickets").dom.select_one("input[name=csrf_token]")["value"]
    fields = {"csrf_token": token, "choice": str(contact_id), "part": part}
    return visitor.post(f"/msp/tickets/{number}/people{act}", fields)


def test_somebody_is_named_as_affected_sees_the_ticket_and_is_taken_off_again(visit, system, number):
    tech, sam = visit(TECH), visit(SAM)
    assert sam.get(f"/tickets/{number}").status == 404

    page = tech.get(f"/msp/tickets/{number}").dom
    page = tech.get(page.find("a", string="Change who takes part")["href"])
    button = page.dom.find("button", attrs={"aria-label": "Name Sam Bright as affected"})
    fields = {field["name"]: field["value"] for field in button.find_parent("form").select("input")}
    page = tech.follow(tech.post(button.find_parent("form")["action"], fields))

    assert "Sam Bright takes part now." in page
    assert parts(system, number)[SAM.contact_id] == "affected"
    seen = sam.get(f"/tickets/{number}")
    assert seen.status == 200
    assert "Priya Nair named Sam Bright as affected" in seen
    assert "affected" in seen.dom.find("h2", string="Who takes part").find_parent("section").get_text()

    assert press(tech, number, SAM.contact_id, "/removal").status == 303
    assert press(tech, number, SAM.contact_id, "/removal").status == 303
    assert sam.get(f"/tickets/{number}").status == 404
    assert lines(system, number) == ["affected", "left"]
    with system() as session:
        assert [entry.client_id for entry in trail(session, "ticket.person_named")] == [DANA.client_id]
        assert len(trail(session, "ticket.person_taken_off")) == 1


def test_a_follower_becomes_affected_and_twice_is_once(visit, system, number):
    tech = visit(TECH)
    for part in ("follower", "follower", "affected", "affected"):
        press(tech, number, SAM.contact_id, part=part)
    assert parts(system, number)[SAM.contact_id] == "affected"
    assert lines(system, number) == ["follows", "affected"]


def test_whoever_asked_stays_as_that(visit, system, number):
    tech = visit(TECH)
    for act in ("", "/removal"):
        assert "asked for this ticket" in tech.follow(press(tech, number, DANA.contact_id, act))
    assert parts(system, number) == {DANA.contact_id: "requester"}


def test_nobody_of_another_client_is_named_or_found(visit, system, number):
    tech = visit(TECH)
    for contact_id in (NOAH.contact_id, uuid.uuid4(), "nonsense", ""):
        assert press(tech, number, contact_id).status == 404
    assert press(tech, number, SAM.contact_id, part="requester").status == 404
    assert "CANARY" not in tech.get(f"/msp/tickets/{number}/people?q=a")
    assert parts(system, number) == {DANA.contact_id: "requester"}


def test_the_search_takes_words_as_they_are(visit, system, number):
    with system() as session:
        client_id = session.get(Contact, (SAM.tenant_id, SAM.contact_id)).client_id
        for at in range(22):
            make.a_contact(client_id, f"Person {at:02}")
        make.a_contact(client_id, "Cara 100%", email="cara@brightdental.example")
        make.a_contact(client_id, "Gone", is_active=False)
    tech = visit(TECH)

    def found(words):
        page = tech.get(f"/msp/tickets/{number}/people?q={words}").dom
        rows = page.select("section[aria-labelledby=others-title] li .item__name")
        return [row.get_text(strip=True) for row in rows]

    assert [name for name in found("100%25") if "Cara" in name]
    assert len(found("100%25")) == len(found("CARA@")) == 1
    assert found("_") == found("Gone") == found("zzz") == []
    assert len(found("person")) == 20
    assert "type a part of the name" in tech.get(f"/msp/tickets/{number}/people")


def test_who_may_not_change_tickets_is_offered_nothing(visit, number):
    reader = visit(READER)
    assert reader.get(f"/msp/tickets/{number}").dom.find("a", string="Change who takes part") is None
    assert reader.get(f"/msp/tickets/{number}/people").status in {403, 404}
    assert press(reader, number, SAM.contact_id).status == 403
