"""A form sent twice, or twenty times at once, makes one ticket."""

import threading
import uuid

from sqlalchemy import func, select

from portal.core.audit import AuditEntry
from portal.core.events.models import OutboxEvent
from portal.core.tenancy.numbers import Counter
from portal.tickets.models import Comment, Ticket
from tests.world import DANA, NOAH, SAM


def filled(visitor):
    return visitor.get("/tickets/new").form("/tickets/new") | {"subject": "Once", "description": "Only once."}


def made(system):
    with system() as session:
        tickets = session.scalars(select(Ticket).where(Ticket.subject == "Once")).all()
        comments = session.scalars(select(Comment).where(Comment.body == "Only once.")).all()
        told = session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "ticket.opened")).all()
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "ticket.opened")).all()
    return len(tickets), len(comments), len(told), len(noted)


def test_a_double_tap_is_one_ticket_and_both_lead_to_it(visit, system):
    sam = visit(SAM)
    form = filled(sam)

    first, second = sam.post("/tickets/new", form), sam.post("/tickets/new", form)

    assert first.status == second.status == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert made(system) == (1, 1, 1, 1)


def test_twenty_at_once_are_one_ticket(app, visit, system):
    sam = visit(SAM)
    form = filled(sam)
    with system() as session:
        before = session.scalars(select(Counter.upcoming).where(Counter.kind == "ticket")).one()
    cookies = sam.http.get_cookie("session", domain=sam.host).value
    start, answers = threading.Barrier(20), []

    def send():
        from tests.pages import Visitor

        one = Visitor(app, sam.host)
        one.http.set_cookie("session", cookies, domain=sam.host)
        start.wait()
        answer = one.post("/tickets/new", form)
        answers.append((answer.status, answer.headers.get("Location")))

    threads = [threading.Thread(target=send) for _ in range(20)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]

    assert len(set(answers)) == 1, answers
    assert answers[0][0] == 303
    assert made(system) == (1, 1, 1, 1)
    with system() as session:
        assert session.scalars(select(Counter.upcoming).where(Counter.kind == "ticket")).one() == before + 1


def test_two_forms_are_two_tickets(visit, system):
    sam = visit(SAM)

    for form in (filled(sam), filled(sam)):
        sam.post("/tickets/new", form)

    assert made(system)[0] == 2


def test_a_form_without_a_key_makes_a_ticket_each_time(visit, system):
    sam = visit(SAM)
    form = filled(sam)

    for key in ("", "nonsense"):
        assert sam.post("/tickets/new", form | {"submission_key": key}).status == 303

    assert made(system)[0] == 2


def test_somebody_elses_key_opens_nothing_and_tells_nothing(visit, system):
    sam = visit(SAM)
    form = filled(sam)
    sam.post("/tickets/new", form)

    for stranger in (visit(DANA), visit(NOAH)):
        own = filled(stranger) | {"submission_key": form["submission_key"]}
        refused = stranger.post("/tickets/new", own)
        assert refused.status == 422
        again = refused.form("/tickets/new")
        assert again["submission_key"] != form["submission_key"]
        assert uuid.UUID(again["submission_key"])
        assert again["description"].strip() == "Only once."

    assert made(system)[0] == 1
    with system() as session:
        assert session.scalar(select(func.count()).select_from(Comment).where(Comment.body == "Only once.")) == 1
