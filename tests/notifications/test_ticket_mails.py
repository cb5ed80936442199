"""Who hears of what, and what they read: through HTTP, the outbox and the jobs, into the mail folder."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.clients.models import Contact
from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.extensions import db
from portal.identity.models import User
from portal.notifications import readers
from portal.notifications.models import OutgoingMail
from portal.tickets import queries, services
from portal.tickets.models import Comment, Ticket, TicketPerson
from tests import factories as make
from tests import world
from tests.jobs import EmailMessage, words
from tests.world import ADMIN, BILLING, DANA, FIN, NOAH, SAM, TECH

Work = Callable[[], dict[str, list[EmailMessage]]]
System = Callable[..., Any]


def as_staff(person: world.Person) -> Scope:
    return Scope(
        tenant_id=person.tenant_id,
        reach=Reach.STAFF,
        user_id=person.id,
        permissions=frozenset({"ticket:read", "ticket:reply", "ticket:note", "ticket:resolve"}),
    )


def as_client(person: world.Person) -> Scope:
    return Scope(
        tenant_id=person.tenant_id,
        reach=Reach.CLIENT,
        client_id=person.client_id,
        user_id=person.id,
        contact_id=person.contact_id,
        ticket_scope=person.ticket_scope,
        permissions=frozenset({"ticket:read", "ticket:comment", "ticket:create", "ticket:resolve"}),
    )


def scope_of(person: world.Person) -> Scope:
    return as_staff(person) if person.side == "msp" else as_client(person)


@pytest.fixture
def act(app: Flask) -> Callable[..., None]:
    """`act(TECH, services.comment, "We are on it.")`: a verb on ticket 1001, committed."""

    def once(person: world.Person, verb: Callable[..., object], *words: str) -> None:
        scope = scope_of(person)
        with app.app_context(), transaction(scope):
            ticket = db.session.scalars(queries.ticket(scope, world.OUR_NUMBER)).one()
            verb(ticket, *words, by=scope)

    return once


def follow(system: System, *people: world.Person) -> None:
    """Let these take part in ticket 1001."""
    with system("harbor"):
        ticket = db.session.get(Ticket, (world.tenant_id("harbor"), world.ticket_id(world.OUR_NUMBER)))
        for person in people:
            contact = db.session.get(make.Contact, (person.tenant_id, person.contact_id))
            make.a_person_on(ticket, contact)


def test_opening_is_confirmed_and_announced(visit: Callable[..., Any], work: Work) -> None:
    sam = visit(SAM)
    opened = sam.submit("/tickets/new", "/tickets/new", subject="The scanner hums", description="Since **today**.")
    number = sam.follow(opened).dom.h1.get_text() and opened.headers["Location"].rpartition("/")[2]
    mails = work()
    assert set(mails) == {SAM.email, ADMIN.email, TECH.email}, "the requester, and those who give tickets out"
    assert all(len(each) == 1 for each in mails.values())
    [receipt] = mails[SAM.email]
    assert receipt["From"].addresses[0].display_name == "Harbor IT"
    assert receipt["From"].addresses[0].addr_spec == "help@harbor.example"
    assert receipt["Reply-To"].addresses[0].addr_spec == "help@harbor.example"
    assert receipt["Subject"] == f"[#{number}] The scanner hums"
    assert receipt["Auto-Submitted"] == "auto-generated"
    assert receipt["Precedence"] == "bulk"
    text, html = (receipt.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "We have your request, Sam Bright." in text
    assert f"http://harbor.localhost:8000/tickets/{number}\r\n" in text
    assert "Since today." in text
    assert "<strong>today</strong>" in html
    [arrival] = mails[TECH.email]
    assert f"http://harbor.localhost:8000/msp/tickets/{number}" in words(arrival)
    assert "Bright Dental" in words(arrival)


def test_a_reply_goes_to_everybody_on_it_but_its_author(act: Any, work: Work, system: System) -> None:
    follow(system, DANA, FIN)
    act(TECH, services.comment, "Please restart the router.")
    mails = work()
    assert set(mails) == {SAM.email, DANA.email, FIN.email}
    [mail] = mails[DANA.email]
    assert "Please restart the router." in mail.get_body(("plain",)).get_content()
    act(DANA, services.comment, "Did that, no change.")
    mails = work()
    assert set(mails) == {SAM.email, FIN.email, ADMIN.email, TECH.email}, "nobody is on it: all who give tickets out"
    assert "CANARY" not in "".join(words(mail) for each in mails.values() for mail in each)


def test_the_assignee_hears_of_replies_and_the_others_need_not(act: Any, work: Work, system: System) -> None:
    assign(system, TECH)
    act(SAM, services.comment, "Any news?")
    assert set(work()) == {TECH.email}
    act(TECH, services.comment, "Nearly.")
    assert set(work()) == {SAM.email}


def assign(system: System, person: world.Person) -> None:
    with system("harbor"):
        ticket = db.session.get(Ticket, (world.tenant_id("harbor"), world.ticket_id(world.OUR_NUMBER)))
        ticket.assignee_user_id = person.id


def test_a_note_reaches_the_assignee_alone(act: Any, work: Work, system: System) -> None:
    follow(system, DANA, FIN)
    act(TECH, services.add_note, "SECRETNOTE they never patch anything")
    assert work() == {}, "nobody is on it"
    assign(system, ADMIN)
    act(TECH, services.add_note, "SECRETNOTE still")
    mails = work()
    assert set(mails) == {ADMIN.email}
    assert "SECRETNOTE still" in words(mails[ADMIN.email][0])
    act(ADMIN, services.add_note, "SECRETNOTE mine")
    assert work() == {}, "its author"


def test_no_internal_word_is_in_any_mail_of_a_client(act: Any, work: Work, system: System) -> None:
    follow(system, DANA, FIN)
    assign(system, ADMIN)
    act(TECH, services.add_note, "SECRETNOTE one")
    act(TECH, services.comment, "A public answer.")
    act(TECH, services.add_note, "SECRETNOTE two")
    act(TECH, services.resolve)
    mails = work()
    for person in (SAM, DANA, FIN):
        assert len(mails[person.email]) == 2
        assert "SECRET" not in "".join(words(mail) for mail in mails[person.email])
    with system("harbor"):
        rows = db.session.query(OutgoingMail).where(OutgoingMail.client_id.is_not(None)).all()
        assert rows
        assert not [row for row in rows if "SECRET" in row.text + row.html + row.subject]


def test_resolving_tells_who_takes_part(act: Any, work: Work, system: System) -> None:
    follow(system, DANA)
    act(SAM, services.resolve)
    mails = work()
    assert set(mails) == {DANA.email}
    assert "is solved" in words(mails[DANA.email][0])


def name_dana(ticket: Ticket, part: Any, *, by: Scope) -> None:
    services.name_person(ticket, db.session.get(Contact, (DANA.tenant_id, DANA.contact_id)), part, by=by)


@pytest.mark.parametrize(("part", "said"), [("affected", "affected by"), ("follower", "follow #")])
def test_whoever_is_named_on_a_ticket_is_told(act: Any, work: Work, part: str, said: str) -> None:
    act(TECH, name_dana, part)
    mails = work()
    assert set(mails) == {DANA.email}
    assert said in words(mails[DANA.email][0])


def test_whoever_was_taken_off_before_the_mail_went_is_not_told(act: Any, work: Work, system: System) -> None:
    act(TECH, name_dana, "affected")
    with system("harbor"):
        db.session.query(TicketPerson).filter_by(contact_id=DANA.contact_id).delete()
    assert work() == {}


def test_who_may_not_see_the_ticket_gets_no_mail(act: Any, work: Work, system: System) -> None:
    follow(system, DANA, FIN)
    with system("harbor"):
        membership = db.session.get(make.Membership, (FIN.tenant_id, FIN.membership_id))
        membership.ticket_scope = "own"
    act(TECH, services.comment, "Not for everybody.")
    assert set(work()) == {SAM.email, DANA.email}


@pytest.mark.parametrize("state", ["suspended", "locked"])
def test_who_is_shut_out_gets_no_mail(act: Any, work: Work, system: System, state: str) -> None:
    follow(system, DANA, FIN)
    assign(system, ADMIN)
    with system("harbor"):
        db.session.get(User, (DANA.tenant_id, DANA.id)).state = state
        db.session.get(User, (ADMIN.tenant_id, ADMIN.id)).state = state
        db.session.get(make.Contact, (FIN.tenant_id, FIN.contact_id)).is_active = False
    act(TECH, services.comment, "Hello.")
    assert set(work()) == {SAM.email}


def test_a_contact_without_login_is_written_to_under_a_scope_of_their_own(act: Any, work: Work, system: System) -> None:
    with system("harbor"):
        ticket = db.session.get(Ticket, (world.tenant_id("harbor"), world.ticket_id(world.OUR_NUMBER)))
        ursula = make.a_contact(ticket.client_id, "Ursula Ümlaut", "ursula@brightdental.example")
        make.a_person_on(ticket, ursula, "affected")
        stranger = make.a_contact(ticket.client_id, "Not On It", "notonit@brightdental.example")
        [reader] = readers.contacts([ursula.id])
        assert (reader.scope.user_id, reader.scope.contact_id) == (None, ursula.id)
        assert readers.contacts([stranger.id])[0].scope.ticket_scope == "taking_part"
    act(TECH, services.comment, "We come at nine.")
    mails = work()
    assert set(mails) == {SAM.email, "ursula@brightdental.example"}
    assert mails["ursula@brightdental.example"][0]["To"].addresses[0].display_name == "Ursula Ümlaut"


def test_one_mailbox_gets_one_mail(act: Any, work: Work, system: System) -> None:
    with system("harbor"):
        ticket = db.session.get(Ticket, (world.tenant_id("harbor"), world.ticket_id(world.OUR_NUMBER)))
        for name in ("Front Desk", "Reception"):
            make.a_person_on(ticket, make.a_contact(ticket.client_id, name, "Desk@brightdental.example"))
        make.a_person_on(ticket, make.a_contact(ticket.client_id, "Sam's Twin", SAM.email.upper()))
    act(TECH, services.comment, "Once each.")
    mails = work()
    assert sorted(mails) == sorted(["Desk@brightdental.example", SAM.email])
    act(SAM, services.comment, "From me.")
    assert SAM.email.upper() not in work(), "the author's mailbox under another name"


def test_mails_of_a_ticket_are_one_thread_and_every_mail_has_an_id_of_its_own(act: Any, work: Work) -> None:
    act(TECH, services.comment, "One.")
    [first] = work()[SAM.email]
    act(TECH, services.comment, "Two.")
    [second] = work()[SAM.email]
    assert first["References"] == second["References"] == f"<ticket-{world.ticket_id(1001)}@harbor.localhost>"
    assert first["Subject"] == second["Subject"]
    assert first["Message-ID"] != second["Message-ID"]


def test_neighbours_hear_nothing(act: Any, work: Work, system: System) -> None:
    act(TECH, services.comment, "For Bright Dental.")
    work()
    with system("summit"):
        assert db.session.query(OutgoingMail).count() == 0
    with system("harbor"):
        assert {row.recipient for row in db.session.query(OutgoingMail)} == {SAM.email}
        assert NOAH.email not in {row.recipient for row in db.session.query(OutgoingMail)}
        assert BILLING.email not in {row.recipient for row in db.session.query(OutgoingMail)}


def test_names_and_subjects_break_no_header(act: Any, work: Work, system: System) -> None:
    with system("harbor"):
        ticket = db.session.get(Ticket, (world.tenant_id("harbor"), world.ticket_id(world.OUR_NUMBER)))
        ticket.subject = "Help\r\nBcc: thief@evil.example\r\n\r\nbody =?utf-8?q?=0D=0ABcc:_x?="
        db.session.get(make.Contact, (SAM.tenant_id, SAM.contact_id)).name = "Sam\nBcc: thief@evil.example"
        db.session.get(User, (SAM.tenant_id, SAM.id)).name = 'Sam", <thief@evil.example>\r\nBcc: thief@evil.example'
    act(TECH, services.comment, "Hello.")
    [mail] = work()[SAM.email]
    assert mail["Bcc"] is None
    assert [address.addr_spec for address in mail["To"].addresses] == [SAM.email]
    assert mail["Subject"].startswith("[#1001] Help Bcc: thief@evil.example")


def test_what_people_write_runs_nowhere(act: Any, work: Work) -> None:
    act(TECH, services.comment, "<script>alert(1)</script> {{7*7}} {% raw %} ![x](http://evil.example/x.png)")
    [mail] = work()[SAM.email]
    html = mail.get_body(("html",)).get_content()
    assert "<script" not in html
    assert "<img" not in html
    assert "{{7*7}}" in html


def test_a_mail_stays_small_and_a_long_comment_is_cut(act: Any, work: Work) -> None:
    act(TECH, services.comment, "Short.")
    [mail] = work()[SAM.email]
    assert len(mail.as_bytes()) < 8_000
    act(TECH, services.comment, "word " * 15_000)
    [mail] = work()[SAM.email]
    assert len(mail.as_bytes()) < 100_000, "mail programs cut at 102 kB"
    assert "The rest is in the portal." in words(mail)


def test_comments_are_read_as_they_stand_when_the_mail_is_written(act: Any, work: Work, system: System) -> None:
    act(TECH, services.comment, "Old words.")
    with system("harbor"):
        comment = db.session.query(Comment).where(Comment.body == "Old words.").one()
        comment.body = "New words."
    [mail] = work()[SAM.email]
    assert "New words." in words(mail)
