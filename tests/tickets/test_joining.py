"""Tickets from before somebody had a login: theirs, once the mailbox is proven."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.core.events.outbox import publish
from portal.identity.events import MailboxProven
from portal.identity.models import Membership, User
from portal.tickets.models import Ticket, TicketPerson
from portal.tickets.services.joining import join_tickets
from tests import factories as make
from tests import jobs, world
from tests.world import DANA, NOAH, SAM


@pytest.fixture
def proven(system: Any) -> None:
    """Sam's mailbox is proven; he sees his own tickets only."""
    with system() as session:
        session.execute(update(User).where(User.id == SAM.id).values(verified_at=world.OPENED))
        session.execute(update(Membership).where(Membership.id == SAM.membership_id).values(ticket_scope="own"))


def test_what_the_address_reported_becomes_the_persons_own(app: Flask, visit: Any, system: Any, proven: None) -> None:
    with system():
        twin = make.a_contact(SAM.client_id, "S. Bright (mail)", SAM.email)
        own, other = make.a_ticket(twin, "From a mail").number, make.a_ticket(twin, "Affects me").id
        dana = make.db.session.get(make.Contact, (DANA.tenant_id, DANA.contact_id))
        affected = make.a_ticket(dana, "Dana's, with the twin")
        make.a_person_on(affected, twin, "affected")
        affected_id = affected.id
        publish(MailboxProven(user_id=SAM.id))
    sam = visit(SAM)
    assert sam.get(f"/tickets/{own}").status == 404
    jobs.work_off(app)
    assert sam.get(f"/tickets/{own}").status == 200
    assert "From a mail" in sam.get("/tickets")
    with system() as session:
        parts = dict(
            session.execute(
                select(TicketPerson.ticket_id, TicketPerson.part).where(TicketPerson.contact_id == SAM.contact_id)
            ).all()
        )
        assert parts[other] == "requester"
        assert parts[affected_id] == "affected"
        assert session.execute(select(Ticket.requester_contact_id).where(Ticket.id == affected_id)).scalar_one() == (
            DANA.contact_id
        )


def test_a_second_run_changes_nothing(system: Any, proven: None) -> None:
    with system():
        make.a_ticket(make.a_contact(SAM.client_id, "Twin", SAM.email), "Once")
    with system() as session:
        assert join_tickets(SAM.id) == 1
        count = session.execute(select(func.count()).select_from(TicketPerson)).scalar_one()
    with system() as session:
        assert join_tickets(SAM.id) == 0
        assert session.execute(select(func.count()).select_from(TicketPerson)).scalar_one() == count


def test_only_a_proven_mailbox_of_an_active_account_joins(system: Any) -> None:
    with system() as session:
        make.a_ticket(make.a_contact(SAM.client_id, "Twin", SAM.email), "Mine?")
        session.execute(update(User).where(User.id == SAM.id).values(verified_at=None))
        assert join_tickets(SAM.id) == 0
        session.execute(update(User).where(User.id == SAM.id).values(verified_at=world.OPENED, state="locked"))
        assert join_tickets(SAM.id) == 0


def test_other_clients_and_other_peoples_contacts_stay_apart(system: Any, proven: None) -> None:
    with system() as session:
        make.a_ticket(make.a_contact(NOAH.client_id, "Sam at Cedar", SAM.email), "Cedar's")
        session.execute(update(make.Contact).where(make.Contact.id == DANA.contact_id).values(email_key=SAM.email))
        assert join_tickets(SAM.id) == 0
        make.a_ticket(make.a_contact(SAM.client_id, "Nobody's", ""), "Without an address")
        assert join_tickets(SAM.id) == 0
