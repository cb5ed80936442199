"""The list, the form and the ticket as a client sees them."""

import uuid

import pytest
from sqlalchemy import select

from portal.clients.models import Contact
from portal.tickets.models import Comment, Ticket, TicketPerson
from tests import factories as make
from tests.world import CEDAR_NUMBER, DANA, DELTA_NUMBER, FIN, OUR_NUMBER, SAM, TECH

NOWHERE = "00000000-0000-4000-8000-00000000dead"
NEW = {"subject": "No sound", "description": "My **headset** is *mute*."}


def tickets_of(system, subject):
    with system() as session:
        return session.scalars(select(Ticket).where(Ticket.subject == subject)).all()


def test_the_list_is_a_page_and_a_part(visit):
    sam = visit(SAM)

    whole, part = sam.get("/tickets"), sam.get("/tickets", part=True)

    assert whole.status == part.status == 200
    assert whole.is_whole
    assert not part.is_whole
    assert part.dom.select_one("#tickets .list a")["href"] == f"/tickets/{OUR_NUMBER}"
    assert str(whole.dom.select_one("#tickets")) == str(part.dom.select_one("#tickets"))


def test_tabs_count_what_they_show(visit, system):
    with system() as session:
        sam = session.get(Contact, (SAM.tenant_id, SAM.contact_id))
        for number in range(3):
            make.a_ticket(sam, f"Done {number}", category="resolved", phase="done", turn=None)
        make.a_ticket(sam, "Asked back", category="open", phase="waiting_on_client", turn="client")

    tabs = {
        tab.contents[0].strip(): tab.select_one(".count").get_text()
        for tab in visit(SAM).get("/tickets").dom.select(".tabs a")
    }

    assert tabs == {"Waiting for you": "1", "With us": "1", "Done": "3"}


def test_the_list_begins_where_something_waits(visit, system):
    sam = visit(SAM)
    assert (
        sam.get("/tickets")
        .dom.select_one("[aria-current=page][href*=state]")
        .get_text(strip=True)
        .startswith("With us")
    )

    with system() as session:
        contact = session.get(Contact, (SAM.tenant_id, SAM.contact_id))
        make.a_ticket(contact, "Asked back", category="open", phase="waiting_on_client", turn="client")

    shown = sam.get("/tickets")
    assert shown.dom.select_one(".tabs [aria-current]").get_text(strip=True).startswith("Waiting for you")
    assert "Asked back" in shown


def test_pages_of_the_list_join_without_gap_or_repeat(visit, system):
    with system() as session:
        sam = session.get(Contact, (SAM.tenant_id, SAM.contact_id))
        for number in range(60):
            make.a_ticket(sam, f"Page {number:02}", category="resolved", phase="done", turn=None)
    sam = visit(SAM)

    page, seen = sam.get("/tickets?state=done"), []
    while True:
        seen += [link.get_text(strip=True) for link in page.dom.select(".item__name a")]
        older = page.dom.select_one(".pager a[rel=next]")
        if older is None:
            break
        page = sam.get(older["href"])

    assert seen == [f"Page {number:02}" for number in reversed(range(60))]
    back = sam.get(page.dom.select_one(".pager a[rel=prev]")["href"])
    assert [link.get_text(strip=True) for link in back.dom.select(".item__name a")] == seen[25:50]


@pytest.mark.parametrize("query", ["state=nonsense", "page=!!!", "page=YWFh", "state=done&page=", "state=%00"])
def test_an_odd_address_shows_the_list(visit, query):
    assert visit(SAM).get(f"/tickets?{query}").status == 200


def test_a_ticket_is_opened_in_one_form(visit, system):
    sam = visit(SAM)

    sent = sam.submit("/tickets/new", "/tickets/new", **NEW)
    page = sam.follow(sent)

    assert page.status == 200
    assert page.dom.h1.get_text() == "No sound"
    assert "<strong>headset</strong>" in page
    (ticket,) = tickets_of(system, "No sound")
    assert (ticket.phase, ticket.turn, ticket.version, ticket.public_version) == ("with_us", "us", 1, 1)
    assert ticket.requester_contact_id == ticket.opened_by_contact_id == SAM.contact_id
    with system() as session:
        people = session.scalars(select(TicketPerson).where(TicketPerson.ticket_id == ticket.id)).all()
    assert [(person.contact_id, person.part) for person in people] == [(SAM.contact_id, "requester")]


def test_with_htmx_a_new_ticket_leads_to_its_page(visit):
    sent = visit(SAM).submit("/tickets/new", "/tickets/new", part=True, **NEW)

    assert sent.status == 204
    assert sent.headers["HX-Redirect"].startswith("/tickets/")


@pytest.mark.parametrize("part", [False, True])
def test_a_refused_form_keeps_what_was_typed(visit, system, part):
    sam = visit(SAM)
    shown = sam.get("/tickets/new").form("/tickets/new")

    refused = sam.post("/tickets/new", shown | {"subject": " ", "description": "It <b>hums</b>."}, part=part)

    assert refused.status == 422
    assert refused.is_whole is not part
    again = refused.form("/tickets/new")
    assert again["description"].strip() == "It <b>hums</b>."
    assert again["priority"] == shown["priority"]
    assert again["submission_key"] == shown["submission_key"]
    assert refused.dom.select_one(".summary a")["href"] == "#subject"
    assert (
        refused.dom.select_one("#subject")["aria-describedby"].split()[-1]
        == refused.dom.select_one("#subject-error")["id"]
    )
    assert not tickets_of(system, "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "x" * 151),
        ("description", "x" * 20_001),
        ("priority", NOWHERE),
        ("priority", "1"),
        ("board", NOWHERE),
        ("site", NOWHERE),
    ],
)
def test_what_was_not_offered_is_refused(visit, system, field, value):
    sam = visit(SAM)
    shown = sam.get("/tickets/new").form("/tickets/new")

    refused = sam.post("/tickets/new", {**shown, **NEW, field: value})

    assert refused.status == 422
    assert not tickets_of(system, "No sound")


def test_a_neighbours_site_is_none_of_the_choices(visit, system):
    with system() as session:
        cedar = session.scalars(select(Contact).where(Contact.name == "Noah CANARY")).one()
        foreign = make.a_site(cedar.client_id, "Annex CANARY").id
    sam = visit(SAM)
    shown = sam.get("/tickets/new")

    refused = sam.post("/tickets/new", shown.form("/tickets/new") | NEW | {"site": str(foreign)})

    assert refused.status == 422
    assert "CANARY" not in refused
    assert not tickets_of(system, "No sound")


def test_fields_that_nobody_offers_change_nothing(visit, system):
    sam = visit(SAM)
    extra = {
        "number": "1", "client_id": str(uuid.uuid4()), "tenant_id": str(uuid.uuid4()), "status_id": str(uuid.uuid4()),
        "assignee_user_id": str(TECH.id), "phase": "done", "visibility": "internal",
        "requester_contact_id": str(DANA.contact_id),
    }  # fmt: skip

    sam.submit("/tickets/new", "/tickets/new", **NEW, **extra)

    (ticket,) = tickets_of(system, "No sound")
    assert ticket.number != 1
    assert (ticket.client_id, ticket.tenant_id) == (SAM.client_id, SAM.tenant_id)
    assert (ticket.assignee_user_id, ticket.phase, ticket.requester_contact_id) == (None, "with_us", SAM.contact_id)


def test_a_choice_is_asked_only_where_there_is_one(visit, system):
    sam = visit(SAM)
    assert not sam.get("/tickets/new").dom.select("select")

    with system():
        make.a_site(SAM.client_id, "Second floor")

    shown = sam.get("/tickets/new")
    assert [option.get_text() for option in shown.dom.select("#site option")] == [
        "No particular place", "Head office", "Second floor",
    ]  # fmt: skip


def test_the_page_tells_where_it_stands(visit, system):
    page = visit(SAM).get(f"/tickets/{OUR_NUMBER}")

    assert "Received" in page.dom.select_one("#ticket-head").get_text()
    assert "SECRETNOTE" not in page
    assert "SECRETFILE" not in page
    letters = page.dom.select("#talk .letter")
    assert [letter.select_one("b").get_text() for letter in letters] == ["Sam Bright", "Priya Nair"]
    assert "you" in letters[0].select_one(".letter__head").get_text()
    assert "Harbor IT" in letters[1].select_one(".letter__head").get_text()


@pytest.mark.parametrize(
    ("category", "phase", "badge", "soon"),
    [
        ("new", "with_us", "Received", True),
        ("open", "with_us", "With us", False),
        ("waiting", "waiting_on_client", "Waiting for you", False),
    ],
)
def test_nobody_is_promised_for_what_is_answered_already(visit, system, category, phase, badge, soon):
    with system() as session:
        sam = session.get(Contact, (SAM.tenant_id, SAM.contact_id))
        turn = "client" if phase == "waiting_on_client" else "us"
        number = make.a_ticket(sam, "Begun by nobody", category=category, phase=phase, turn=turn).number
    reader = visit(SAM)

    head = reader.get(f"/tickets/{number}").dom.select_one("#ticket-head").get_text()
    assert badge in head
    assert ("Somebody will take it on soon" in head) is soon
    state = "waiting" if phase == "waiting_on_client" else "with-us"
    row = reader.get(f"/tickets?state={state}").dom.select_one(f'.list li:has(a[href$="/{number}"])')
    assert badge in row.get_text()


@pytest.mark.parametrize("number", [CEDAR_NUMBER, DELTA_NUMBER, 424242])
@pytest.mark.parametrize("path", ["", "/updates?seen=0"])
def test_foreign_and_absent_tickets_answer_alike(visit, number, path):
    page = visit(DANA).get(f"/tickets/{number}{path}")

    assert page.status == 404
    assert "CANARY" not in page


@pytest.mark.parametrize("person", [FIN, DANA, SAM])
def test_who_sees_the_ticket_of_a_colleague(visit, person):
    expected = {FIN: 404, DANA: 200, SAM: 200}[person]

    assert visit(person).get(f"/tickets/{OUR_NUMBER}").status == expected


def test_markdown_can_not_bring_markup(visit, system):
    bad = (
        '<img src=x onerror=alert(1)> [x](javascript:alert(1)) <form action="/x"><b hx-get="/x" hx-trigger=load>hi</b>'
    )
    sam = visit(SAM)

    page = sam.follow(sam.submit("/tickets/new", "/tickets/new", subject="<script>alert(1)</script>", description=bad))

    text = page.dom.select_one(".letter__text")
    assert text.has_attr("hx-ignore")
    assert not text.select("img, form, script, b")
    assert not [tag for tag in text.select("*") if any(name.startswith(("hx-", "on")) for name in tag.attrs)]
    assert not text.select("a[href^=javascript]")
    assert page.dom.h1.get_text() == "<script>alert(1)</script>"
    with system() as session:
        assert session.scalars(select(Comment).where(Comment.body.contains("onerror"))).one().body == bad


def test_a_long_conversation_comes_in_parts(visit, system):
    with system() as session:
        sam = session.get(Contact, (SAM.tenant_id, SAM.contact_id))
        ticket = make.a_ticket(sam, "Long", number=7001)
        for number in range(2, 151):
            make.a_comment(ticket, f"letter {number}", author=sam)
    sam = visit(SAM)

    page = sam.get("/tickets/7001")
    earlier = sam.get(page.dom.select_one("a[href*=before]")["href"])

    assert len(page.dom.select(".letter")) == 100
    assert "letter 150" in page
    assert len(earlier.dom.select(".letter")) == 50
    assert not earlier.dom.select("a[href*=before]")
