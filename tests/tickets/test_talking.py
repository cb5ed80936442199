"""Client and staff write to one another; the ticket moves as the rules say."""

import datetime as dt
import threading

import pytest
from sqlalchemy import select, update

from portal.core.events.models import OutboxEvent
from portal.tickets.models import Status, Ticket, TicketPerson
from tests.world import ADMIN, BILLING, CEDAR_NUMBER, DANA, DELTA_NUMBER, FIN, OUR_NUMBER, READER, SAM, TECH

PAGE, DESK = f"/tickets/{OUR_NUMBER}", f"/msp/tickets/{OUR_NUMBER}"


def events(system, kind):
    with system() as session:
        return session.scalars(select(OutboxEvent).where(OutboxEvent.kind == kind)).all()


def say(visitor, words, **more):
    return visitor.submit(PAGE, "/comments", body=words, **more)


def reply(visitor, words, box="replies", **more):
    return visitor.submit(DESK, f"/{box}", body=words, **more)


def test_a_conversation_moves_the_turn(visit, look):
    sam, tech = visit(SAM), visit(TECH)
    assert (look().ticket.turn, look().ticket.phase) == ("us", "with_us")

    reply(tech, "Which router?")
    asked = look()
    assert (asked.ticket.turn, asked.ticket.phase) == ("client", "waiting_on_client")
    assert "Waiting for you" in sam.get(PAGE).dom.select_one("#ticket-head").get_text()

    say(sam, "The grey one.")
    answered = look()
    assert (answered.ticket.turn, answered.ticket.phase) == ("us", "with_us")
    assert answered.bodies[-2:] == ["Which router?", "The grey one."]


def test_the_first_reply_begins_the_work_without_saying_so(visit, look, system):
    reply(visit(TECH), "On it.")

    seen = look()
    with system() as session:
        assert session.get(Status, (seen.ticket.tenant_id, seen.ticket.status_id)).category == "open"
    assert seen.kinds == []
    assert [event.payload["cause"] for event in events(system, "ticket.status_changed")] == ["reply"]


def test_a_reply_is_answered_with_a_page_or_with_its_parts(visit):
    sam = visit(SAM)

    without = say(sam, "One")
    seen = sam.get(PAGE).dom.select_one("#seen")["value"]
    with_htmx = say(sam, "Two", part=True, seen=seen)

    assert without.status == 303
    assert without.headers["Location"].startswith(PAGE)
    assert with_htmx.status == 200
    assert not with_htmx.is_whole
    assert [each.get_text(strip=True) for each in with_htmx.dom.select(".letter__text")] == ["Two"]
    assert with_htmx.dom.select_one("#answer textarea").get_text().strip() == ""
    assert {part["hx-target"] for part in with_htmx.dom.select("hx-partial")} == {
        "#ticket-poll",
        "#talk",
        "#ticket-head",
    }
    assert len(with_htmx.text) < 9000


@pytest.mark.parametrize("part", [False, True])
def test_an_empty_reply_is_refused(visit, look, part):
    refused = say(visit(SAM), "  \n ", part=part)

    assert refused.status == 422
    assert refused.is_whole is not part
    assert "Write something first." in refused
    assert len(look().comments) == 3


def test_a_note_leaves_no_trace_for_the_client(visit, look, statements):
    sam, tech = visit(SAM), visit(TECH)
    page_before, list_before, before = sam.get(PAGE), sam.get("/tickets"), look()

    sent = reply(tech, "SECRET they never paid", box="notes")
    assert sent.status == 303

    after = look()
    assert after.ticket.version == before.ticket.version + 1
    assert after.ticket.touched_at > before.ticket.touched_at
    for column in ("public_version", "updated_at", "phase", "turn", "status_id"):
        assert getattr(after.ticket, column) == getattr(before.ticket, column)
    seen = before.ticket.public_version
    assert sam.get(f"{PAGE}/updates?seen={seen}", part=True).status == 204
    assert without_tokens(sam.get(PAGE)) == without_tokens(page_before)
    assert without_tokens(sam.get("/tickets")) == without_tokens(list_before)
    assert "SECRET they never paid" in tech.get(DESK)
    assert "SECRET" not in sam.get(f"{PAGE}/updates?seen=0", part=True)


def without_tokens(page):
    for field in page.dom.select("input[type=hidden]"):
        if field["name"] in {"csrf_token", "submission_key"}:
            field["value"] = ""
    return str(page.dom)


def test_the_same_form_twice_is_one_comment(visit, look):
    sam = visit(SAM)
    form = sam.get(PAGE).form("/comments") | {"body": "Once"}

    first, second = sam.post(f"{PAGE}/comments", form), sam.post(f"{PAGE}/comments", form)

    assert first.status == second.status == 303
    assert look().bodies.count("Once") == 1


def test_a_spent_key_on_another_ticket_makes_nothing(visit, look, system):
    from portal.clients.models import Contact
    from tests import factories as make

    with system() as session:
        make.a_ticket(session.get(Contact, (SAM.tenant_id, SAM.contact_id)), "Other", number=7001)
    sam = visit(SAM)
    form = sam.get(PAGE).form("/comments") | {"body": "Once"}
    sam.post(f"{PAGE}/comments", form)

    refused = sam.post("/tickets/7001/comments", form)

    assert refused.status == 422
    assert refused.form("/comments")["submission_key"] != form["submission_key"]
    assert look(7001).bodies == ["It smells."]


def test_replies_at_the_same_moment_are_all_kept_in_order(app, visit, look):
    people = [visit(person) for person in (SAM, DANA, TECH, ADMIN)]
    paths = [PAGE, PAGE, DESK, DESK]
    boxes = ["comments", "comments", "replies", "notes"]
    forms = [who.get(path).form(f"/{box}") for who, path, box in zip(people, paths, boxes, strict=True)]
    start, answers = threading.Barrier(4), []

    def send(place):
        start.wait()
        form = forms[place] | {"body": f"letter {place}"}
        answers.append(people[place].post(f"{paths[place]}/{boxes[place]}", form).status)

    threads = [threading.Thread(target=send, args=(place,)) for place in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert answers == [303] * 4
    assert sorted(look().bodies)[-4:] == [f"letter {place}" for place in range(4)]


def test_solved_and_not_solved_after_all(visit, look, system):
    sam = visit(SAM)

    assert sam.submit(PAGE, "/resolution").status == 303
    done = look()
    assert (done.ticket.phase, done.ticket.turn, done.kinds) == ("done", None, ["resolved"])
    assert done.ticket.resolved_at is not None
    page = sam.get(PAGE)
    assert "You marked it as solved" in page
    assert not page.dom.select_one("#ticket-poll").has_attr("hx-get")

    assert sam.submit(PAGE, "/reopening").status == 303
    again = look()
    assert (again.ticket.phase, again.ticket.turn, again.kinds) == ("with_us", "us", ["resolved", "reopened"])
    assert again.ticket.resolved_at is None
    assert [len(events(system, f"ticket.{kind}")) for kind in ("resolved", "reopened")] == [1, 1]


def test_pressing_solved_twice_is_once(visit, look):
    sam = visit(SAM)
    form = sam.get(PAGE).form("/resolution")

    answers = [sam.post(f"{PAGE}/resolution", form).status for _ in range(2)]

    assert answers == [303, 303]
    assert look().kinds == ["resolved"]


def test_with_htmx_solving_brings_news_and_ends_the_polling(visit):
    sam = visit(SAM)

    news = sam.submit(PAGE, "/resolution", part=True, seen="2")

    assert news.status == 200
    assert not news.dom.select_one("#ticket-poll").has_attr("hx-get")
    assert "You marked it as solved" in news.dom.select_one("hx-partial[hx-target='#talk']").get_text()
    assert news.dom.select_one("#ticket-head form")["action"].endswith("/reopening")


def test_a_reply_to_a_solved_ticket_opens_it_again(visit, look, system):
    sam = visit(SAM)
    sam.submit(PAGE, "/resolution")

    say(sam, "It is back!")

    seen = look()
    assert (seen.ticket.phase, seen.kinds) == ("with_us", ["resolved", "reopened"])
    assert [event.payload["reopened"] for event in events(system, "ticket.commented")] == [True]


def test_thanks_of_the_staff_do_not_open_a_solved_ticket(visit, look):
    visit(SAM).submit(PAGE, "/resolution")

    reply(visit(TECH), "Glad it works.")

    assert look().ticket.phase == "done"


def test_long_after_closing_a_client_starts_anew(visit, look, system):
    with system() as session:
        closed = session.scalars(select(Status).where(Status.category == "closed")).one()
        long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=31)
        session.execute(
            update(Ticket)
            .where(Ticket.number == OUR_NUMBER)
            .values(status_id=closed.id, phase="done", turn=None, closed_at=long_ago, resolved_at=long_ago)
        )
    sam = visit(SAM)
    page = sam.get(PAGE)
    token = {"csrf_token": sam.get("/tickets/new").form("/tickets/new")["csrf_token"]}

    late = sam.post(f"{PAGE}/comments", token | {"body": "Hello?"})
    pressed = sam.post(f"{PAGE}/reopening", token)

    assert not page.dom.select("#answer, form[action$=reopening]")
    assert page.dom.select_one("#ticket-head a")["href"] == "/tickets/new"
    assert late.status == pressed.status == 303
    assert "closed a while ago" in sam.follow(late)
    assert look().ticket.phase == "done"
    assert len(look().comments) == 3


def test_a_colleague_who_writes_takes_part_from_then_on(visit, system):
    say(visit(DANA), "I have it as well.")

    with system() as session:
        ticket = session.scalars(select(Ticket).where(Ticket.number == OUR_NUMBER)).one()
        people = session.scalars(select(TicketPerson).where(TicketPerson.ticket_id == ticket.id)).all()
    assert {(person.contact_id, person.part) for person in people} == {
        (SAM.contact_id, "requester"), (DANA.contact_id, "follower"),
    }  # fmt: skip


@pytest.mark.parametrize("act", ["comments", "resolution", "reopening"])
@pytest.mark.parametrize("number", [CEDAR_NUMBER, DELTA_NUMBER])
def test_nobody_acts_on_a_foreign_ticket(visit, system, act, number):
    dana = visit(DANA)
    token = dana.get("/tickets/new").form("/tickets/new")["csrf_token"]

    answer = dana.post(f"/tickets/{number}/{act}", {"csrf_token": token, "body": "Hello"})

    assert answer.status == 404
    assert not events(system, "ticket.commented")


def test_nobody_acts_on_a_colleagues_ticket_they_do_not_see(visit, look):
    fin = visit(FIN)
    token = fin.get("/tickets/new").form("/tickets/new")["csrf_token"]

    assert fin.post(f"{PAGE}/comments", {"csrf_token": token, "body": "Hello"}).status == 404
    assert len(look().comments) == 3


@pytest.mark.parametrize(
    ("person", "acts"),
    [
        (READER, set()),
        (BILLING, {"notes"}),
        (TECH, {"replies", "notes", "resolution", "assignment", "status", "priority"}),
    ],
)
def test_the_console_offers_and_allows_what_the_role_may(visit, person, acts):
    everything = {"replies", "notes", "resolution", "reopening", "assignment", "status", "priority"}
    visitor = visit(person)
    page = visitor.get(DESK)

    offered = {form["action"].rsplit("/", 1)[1] for form in page.dom.select("main form")}
    token = page.dom.select_one("input[name=csrf_token]")["value"]
    refused = {act for act in everything if visitor.post(f"{DESK}/{act}", {"csrf_token": token}).status == 403}

    assert offered == acts
    assert refused == everything - acts - ({"reopening"} if person is TECH else set())
