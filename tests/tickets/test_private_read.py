"""Private tickets and the staff: whoever gives tickets out sees them all, and the client reads who opened one."""

import datetime as dt

import pytest
from sqlalchemy import select

from portal.notifications.models import OutgoingMail
from portal.tickets import sealed
from portal.tickets.models import Ticket
from tests import jobs
from tests.identity.steps import trail
from tests.tickets.test_files import attachments, photo, process, send
from tests.world import ADMIN, DANA, SAM, TECH

READ = "ticket.private_read"
WORDS = "Read a private ticket without being named on it"


@pytest.fixture
def ticket(visit, system):
    """Sam's private ticket with a photo: its number, its page in the console, its file."""
    typed = {"subject": "My pay", "description": "It is wrong.", "private": "y"}
    sent = send(visit(SAM), "/tickets/new", "/tickets/new", typed, [photo()])
    process(system)
    row = max(attachments(system), key=lambda each: each.created_at)
    page = f"/msp{sent.headers['Location']}"
    return int(page.rpartition("/")[2]), page, f"{page}/files/{row.id}"


def test_every_way_of_reading_it_is_told_once_a_day(visit, system, ticket):
    _number, page, file = ticket
    admin = visit(ADMIN)
    for path in (page, page, f"{page}/updates?seen=0", file, f"{file}/thumbnail"):
        assert admin.get(path, part="updates" in path).status == 200
    with system() as session:
        [entry] = trail(session, READ)
        assert (entry.user_id, entry.client_id, entry.visibility) == (ADMIN.id, SAM.client_id, "public")


@pytest.mark.parametrize("way", ["", "/updates?seen=0", "file", "thumbnail"])
def test_the_first_look_counts_whatever_it_is(visit, system, ticket, way):
    _number, page, file = ticket
    path = {"file": file, "thumbnail": f"{file}/thumbnail"}.get(way, f"{page}{way}")
    visit(ADMIN).get(path)
    with system() as session:
        assert len(trail(session, READ)) == 1


def test_so_does_a_change(visit, system, ticket):
    number, page, _file = ticket
    admin = visit(ADMIN)
    form = admin.get("/msp/tickets").dom.select_one("input[name=csrf_token]")["value"]
    admin.post(f"{page}/assignment", {"csrf_token": form, "choice": str(TECH.id)})
    with system() as session:
        assert session.execute(select(Ticket.assignee_user_id).where(Ticket.number == number)).scalar_one() == TECH.id
        assert len(trail(session, READ)) == 1


def test_the_next_day_is_told_anew(visit, system, ticket, monkeypatch):
    _number, page, _file = ticket
    admin = visit(ADMIN)
    admin.get(page)
    monkeypatch.setattr(sealed, "ONCE_IN", dt.timedelta())
    admin.get(page)
    with system() as session:
        assert len(trail(session, READ)) == 2


def test_who_is_named_on_it_leaves_no_line(visit, system, ticket, statements):
    _number, page, file = ticket
    visit(ADMIN).submit(page, "/assignment", choice=str(TECH.id))
    with system() as session:
        before = len(trail(session, READ))
    tech = visit(TECH)
    with statements() as sent:
        assert tech.get(page).status == 200
    assert not any("audit_entries" in each for each in sent)
    tech.get(file)
    visit(SAM).get(page.removeprefix("/msp"))
    with system() as session:
        assert len(trail(session, READ)) == before


def test_a_ticket_that_is_not_private_costs_nothing(visit, system, statements):
    with system() as session:
        number = session.execute(select(Ticket.number).where(~Ticket.is_private)).scalars().first()
    admin = visit(ADMIN)
    with statements() as sent:
        assert admin.get(f"/msp/tickets/{number}").status == 200
    assert not any("audit" in each for each in sent)


def test_the_clients_admin_reads_who_it_was(visit, ticket):
    number, page, _file = ticket
    visit(ADMIN).get(page)
    dana = visit(DANA)
    activity = dana.get("/account/activity")
    [line] = [each for each in activity.dom.select("li, tr") if WORDS in each.get_text() and not each.select("li, tr")]
    assert ADMIN.name in line.get_text()
    assert "My pay" not in activity
    assert dana.get(f"/tickets/{number}").status == 404


def test_their_mail_carries_nothing_of_it(app, system, ticket):
    """A mailbox leaves no trace of who reads it."""
    jobs.work_off(app)
    with system() as session:
        sent = select(OutgoingMail).where(OutgoingMail.template == "ticket_arrived")
        mails = session.execute(sent).scalars().all()
        assert mails
        receipt = select(OutgoingMail).where(OutgoingMail.template == "ticket_opened")
        assert "It is wrong." in session.execute(receipt).scalars().first().text
        for mail in mails:
            assert "It is wrong." not in mail.text + mail.html
            assert "This ticket is private" in mail.text
