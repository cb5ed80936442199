"""The queue and the ticket as the staff work them."""

import uuid

import pytest
from sqlalchemy import select

from portal.clients.models import Contact
from portal.identity.models import StaffProfile
from portal.tickets.models import Priority, Status
from tests import factories as make
from tests.tickets.test_talking import DESK, PAGE, events
from tests.world import ADMIN, CEDAR_NUMBER, DANA, DELTA_NUMBER, OUR_NUMBER, SAM, SUMMIT_TECH, TECH


def status_id(system, category, tenant="harbor"):
    with system(tenant) as session:
        return str(session.scalars(select(Status.id).where(Status.category == category)).one())


def priority_id(system, name, tenant="harbor"):
    with system(tenant) as session:
        return str(session.scalars(select(Priority.id).where(Priority.name == name)).one())


def choose(visitor, act, choice, **more):
    token = visitor.get(DESK).dom.select_one("input[name=csrf_token]")["value"]
    return visitor.post(f"{DESK}/{act}", {"csrf_token": token, "choice": choice}, **more)


def subjects(page):
    return [link.get_text(strip=True) for link in page.dom.select("#queue th a")]


def test_the_console_begins_with_the_queue(visit):
    answer = visit(TECH).get("/msp")

    assert answer.status == 303
    assert answer.headers["Location"] == "/msp/tickets"


def test_the_queue_is_a_page_and_a_part(visit):
    tech = visit(TECH)

    whole, part = tech.get("/msp/tickets"), tech.get("/msp/tickets", part=True)

    assert whole.status == part.status == 200
    assert whole.is_whole
    assert not part.is_whole
    assert str(whole.dom.select_one("#queue")) == str(part.dom.select_one("#queue"))


def test_each_view_shows_its_tickets_and_counts_them(visit, system):
    with system() as session:
        sam = session.get(Contact, (SAM.tenant_id, SAM.contact_id))
        usual = {"category": "open"}
        make.a_ticket(sam, "Mine", assignee_user_id=TECH.id, **usual)
        make.a_ticket(sam, "Hers", assignee_user_id=ADMIN.id, **usual)
        make.a_ticket(sam, "Asked", assignee_user_id=TECH.id, phase="waiting_on_client", turn="client", **usual)
        make.a_ticket(sam, "Over", assignee_user_id=TECH.id, category="resolved", phase="done", turn=None)
    tech = visit(TECH)
    both = {"The VPN is slow", "The VPN is slow CANARY"}
    expected = {
        "open": both | {"Mine", "Hers", "Asked"},
        "mine": {"Mine", "Asked"},
        "unassigned": both,
        "waiting": {"Asked"},
        "done": {"Over"},
    }

    for view, shown in expected.items():
        page = tech.get(f"/msp/tickets?view={view}")
        assert set(subjects(page)) == shown, view
        assert page.dom.select_one(".tabs [aria-current] .count").get_text() == str(len(shown))
        assert page.dom.select_one(".tabs [aria-current]")["href"].endswith(view)


def test_counts_stop_at_a_thousand(visit, system):
    with system() as session:
        sam = session.get(Contact, (SAM.tenant_id, SAM.contact_id))
        ticket = make.a_ticket(sam)
        columns = {column.key: getattr(ticket, column.key) for column in type(ticket).__table__.columns}
        session.add_all(
            type(ticket)(**(columns | {"id": uuid.uuid4(), "number": 20_000 + place, "submission_key": None}))
            for place in range(1000)
        )

    assert visit(TECH).get("/msp/tickets").dom.select_one(".tabs [aria-current] .count").get_text() == "999+"
    assert "999+" in visit(DANA).get("/tickets").dom.select_one(".tabs").get_text()


def test_the_ticket_shows_notes_as_notes(visit):
    page = visit(TECH).get(DESK)

    (note,) = page.dom.select(".letter--note")
    assert "SECRETNOTE" in note.get_text()
    assert "Internal note" in note.get_text()
    assert [form["action"] for form in page.dom.select("form.answer")] == [f"{DESK}/replies", f"{DESK}/notes"]


def test_taking_it_on_and_giving_it_away(visit, look, system):
    tech, sam = visit(TECH), visit(SAM)

    tech.submit(DESK, "/assignment")
    assert look().ticket.assignee_user_id == TECH.id
    assert "Priya Nair took this on" in tech.get(DESK)
    assert "Priya Nair is on it" in sam.get(PAGE).dom.select_one("#ticket-head").get_text()

    choose(tech, "assignment", str(ADMIN.id))
    choose(tech, "assignment", str(ADMIN.id))
    assert "Priya Nair gave it to Ada Quay" in tech.get(DESK)
    choose(tech, "assignment", "")
    assert look().ticket.assignee_user_id is None
    assert look().kinds == ["assigned"] * 3
    assert [event.payload["new_user_id"] for event in events(system, "ticket.assigned")] == [
        str(TECH.id), str(ADMIN.id), None,
    ]  # fmt: skip


@pytest.mark.parametrize("somebody", [SUMMIT_TECH.id, SAM.id, uuid.UUID(int=7), "nonsense"])
def test_a_ticket_is_given_to_colleagues_only(visit, look, somebody):
    assert choose(visit(TECH), "assignment", str(somebody)).status == 404
    assert look().ticket.assignee_user_id is None


def test_a_colleague_who_left_is_given_nothing(visit, look, system):
    with system() as session:
        session.scalars(select(StaffProfile).where(StaffProfile.user_id == ADMIN.id)).one().is_active = False
    tech = visit(TECH)

    assert choose(tech, "assignment", str(ADMIN.id)).status == 404
    assert look().ticket.assignee_user_id is None
    assert "Ada Quay" not in tech.get(DESK).dom.select_one("#pick-assignment").get_text()


def test_statuses_move_the_ticket_and_tell_both_sides(visit, look, system):
    tech, sam = visit(TECH), visit(SAM)

    choose(tech, "status", status_id(system, "waiting"))
    assert (look().ticket.phase, look().ticket.turn) == ("waiting_on_client", "client")
    assert "changed the status from New to Waiting for client" in tech.get(DESK)
    assert "Priya Nair is waiting for you" in sam.get(PAGE)

    choose(tech, "status", status_id(system, "closed"))
    seen = look()
    assert (seen.ticket.phase, seen.ticket.turn) == ("done", None)
    assert seen.ticket.closed_at is not None
    assert seen.ticket.resolved_at is not None
    assert [len(events(system, f"ticket.{kind}")) for kind in ("status_changed", "resolved")] == [2, 1]


def test_a_status_that_may_not_follow_is_refused_in_words(visit, look, system):
    tech = visit(TECH)
    choose(tech, "status", status_id(system, "open"))

    answer = choose(tech, "status", status_id(system, "new"), part=True)

    assert answer.status == 200
    assert "It can't go from “In progress” to “New”." in answer.dom.get_text()
    assert look().kinds == ["begun"]
    offered = [option.get_text() for option in tech.get(DESK).dom.select("#pick-status option")]
    assert offered == ["In progress", "Waiting for client", "Resolved", "Closed"]


def test_another_status_of_one_kind_is_the_staffs_business(visit, look, system):
    tech, sam = visit(TECH), visit(SAM)
    with system() as session:
        board = session.scalars(select(Status)).first().board_id
        session.add(Status(board_id=board, name="On the road", category="open", position=9))
    choose(tech, "status", status_id_named(system, "In progress"))
    before = sam.get(PAGE).dom.select_one("#seen")["value"]

    choose(tech, "status", status_id_named(system, "On the road"))

    assert "On the road" in tech.get(DESK)
    page = sam.get(PAGE)
    assert page.dom.select_one("#seen")["value"] == before
    assert "On the road" not in page
    assert look().kinds == ["begun", "status"]


def status_id_named(system, name):
    with system() as session:
        return str(session.scalars(select(Status.id).where(Status.name == name)).one())


@pytest.mark.parametrize("act", ["status", "priority"])
def test_a_neighbours_facts_are_none_of_ours(visit, look, system, act):
    foreign = status_id(system, "open", "summit") if act == "status" else priority_id(system, "High", "summit")
    before = look().ticket.version

    for choice in (foreign, "", "nonsense", str(uuid.UUID(int=7))):
        assert choose(visit(TECH), act, choice).status == 404
    assert look().ticket.version == before


def test_a_status_of_another_board_is_refused(visit, look, system):
    from portal.tickets.models import Board

    with system():
        board = make.put(Board(name="Projects", position=2))
        foreign = str(make.put(Status(board_id=board.id, name="Planned", category="open", position=1)).id)

    assert choose(visit(TECH), "status", foreign).status == 404
    assert look().kinds == []


def test_urgency_is_told_in_the_words_of_each_side(visit, look, system):
    tech, sam = visit(TECH), visit(SAM)

    choose(tech, "priority", priority_id(system, "High"))

    assert "changed the priority from Normal to High" in tech.get(DESK)
    page = sam.get(PAGE)
    assert "changed how urgent it is" in page
    assert "I can't work" in page.dom.select_one(".ticket__side").get_text()


@pytest.mark.parametrize("act", ["assignment", "status", "priority", "resolution", "reopening", "replies", "notes"])
def test_no_console_acts_on_another_tenants_ticket(visit, act):
    tech = visit(TECH)
    token = tech.get(DESK).dom.select_one("input[name=csrf_token]")["value"]

    assert tech.post(f"/msp/tickets/{DELTA_NUMBER}/{act}", {"csrf_token": token, "body": "x"}).status == 404


def test_the_client_context_is_the_clients_own(visit, system):
    with system() as session:
        sam = session.get(Contact, (SAM.tenant_id, SAM.contact_id))
        for number in range(7):
            make.a_ticket(sam, f"Another {number}")

    page = visit(TECH).get(DESK)

    beside = page.dom.select_one("aside[aria-label=Client]").get_text()
    assert "Bright Dental" in beside
    assert [f"Another {number}" in beside for number in range(7)] == [False, False, True, True, True, True, True]
    assert "CANARY" not in page
    assert str(CEDAR_NUMBER) not in page


def test_a_refused_note_comes_back_as_a_note(visit):
    tech = visit(TECH)

    refused = tech.submit(DESK, "/notes", body=" ")

    assert refused.status == 422
    assert refused.dom.select_one(".kinds [value=internal]").has_attr("checked")
    assert "Write something first." in refused.dom.select_one("#answer-note").get_text()
    assert "Write something first." not in refused.dom.select_one("#answer-reply").get_text()


def test_with_htmx_an_act_brings_news_for_the_whole_page(visit):
    tech = visit(TECH)

    news = tech.submit(DESK, "/assignment", part=True, seen="3")

    assert news.status == 200
    assert {part["hx-target"] for part in news.dom.select("hx-partial")} == {"#talk", "#ticket-head", "#ticket-facts"}
    assert "took this on" in news.dom.select_one("hx-partial[hx-target='#talk']").get_text()
    assert news.dom.select_one("#pick-assignment option[selected]").get_text() == "Priya Nair"


def test_numbers_of_ours_and_of_nobody(visit):
    tech = visit(TECH)

    assert tech.get(f"/msp/tickets/{OUR_NUMBER}").status == 200
    assert tech.get(f"/msp/tickets/{CEDAR_NUMBER}").status == 200
    assert tech.get(f"/msp/tickets/{DELTA_NUMBER}").status == 404
    assert tech.get("/msp/tickets/99999999999999999999").status == 404
