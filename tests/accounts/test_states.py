"""Suspended, locked, open: at once, by whom it may be, and in the trail."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.clients.models import Client, Contact
from portal.identity.services.account_states import set_client_access, set_contact_access, set_state
from portal.notifications import readers
from tests.accounts.steps import LinkTo, System, Visit, as_person, opened, user_of
from tests.identity.steps import is_in, sign_in, trail
from tests.world import ADMIN, DANA, SAM, TECH


@pytest.mark.parametrize(("state", "reason"), [("suspended", "staff"), ("locked", "staff"), ("locked", "risk")])
def test_sessions_end_at_once(app: Flask, visit: Visit, system: System, state: Any, reason: Any) -> None:
    sam = visit(SAM)
    with as_person(app, ADMIN) as session:
        set_state(user_of(session, SAM), state, reason, by=session.info["viewer"])
    assert not is_in(sam, "client")
    assert sign_in(visit(), SAM).status == 422
    with system() as session:
        [entry] = trail(session, "user.state_changed")
        assert (entry.visibility, entry.client_id, entry.user_id) == ("public", SAM.client_id, ADMIN.id)
        assert entry.facts["facts"]["new"] == {"state": state, "reason": reason}
    with as_person(app, ADMIN) as session:
        set_state(user_of(session, SAM), "active", by=session.info["viewer"])
    assert sign_in(visit(), SAM).status == 303


def test_a_lock_of_a_rule_is_lifted_by_the_mailbox(app: Flask, visit: Visit, link_to: LinkTo) -> None:
    with as_person(app, ADMIN) as session:
        set_state(user_of(session, SAM), "locked", "risk")
    path = link_to(SAM.email)
    stranger = visit()
    assert SAM.email in opened(stranger, path)
    assert sign_in(visit(), SAM).status == 422, "looking opens nothing"
    assert stranger.submit("/auth/unlock", "/unlock").status == 303
    assert sign_in(visit(), SAM).status == 303
    assert opened(visit(), path).status == 410


@pytest.mark.parametrize(("state", "reason"), [("suspended", "staff"), ("locked", "staff")])
def test_what_the_staff_decided_no_mailbox_lifts(
    app: Flask, visit: Visit, link_to: LinkTo, state: Any, reason: Any
) -> None:
    with as_person(app, ADMIN) as session:
        set_state(user_of(session, SAM), "locked", "risk")
    path = link_to(SAM.email)
    with as_person(app, ADMIN) as session:
        set_state(user_of(session, SAM), state, reason, by=session.info["viewer"])
    assert opened(visit(), path).status == 410


def test_nobody_is_locked_by_wrong_passwords(visit: Visit, system: System) -> None:
    for _ in range(12):
        sign_in(visit(), SAM, "not-the-password")
    with system() as session:
        assert user_of(session, SAM).state == "active"


@pytest.mark.parametrize(("state", "reason"), [("active", "staff"), ("locked", "directory"), ("suspended", "risk")])
def test_a_state_without_its_reason_is_none(app: Flask, state: Any, reason: Any) -> None:
    with as_person(app, ADMIN) as session, pytest.raises(ValueError, match="no account is"):
        set_state(user_of(session, SAM), state, reason)


def test_nobody_switches_the_own_account(app: Flask) -> None:
    with as_person(app, ADMIN) as session, pytest.raises(PermissionError):
        set_state(user_of(session, ADMIN), "suspended", "staff", by=session.info["viewer"])


def test_a_contacts_access_ends_its_sessions_at_once(app: Flask, visit: Visit, system: System) -> None:
    sam, dana = visit(SAM), visit(DANA)
    with as_person(app, ADMIN) as session:
        contact = session.execute(select(Contact).where(Contact.id == SAM.contact_id)).scalar_one()
        set_contact_access(contact, is_on=False)
    assert not is_in(sam, "client")
    assert is_in(dana, "client")
    assert sign_in(visit(), SAM).status == 422
    with as_person(app, ADMIN) as session:
        contact = session.execute(select(Contact).where(Contact.id == SAM.contact_id)).scalar_one()
        set_contact_access(contact, is_on=True)
    assert not is_in(sam, "client"), "the former session is over"
    assert sign_in(visit(), SAM).status == 303
    with system() as session:
        assert len(trail(session, "portal_access.changed")) == 2


@pytest.mark.parametrize("model", [Contact, Client])
def test_without_access_somebody_is_written_to_as_a_contact(system: System, model: Any) -> None:
    """Only the portal is shut: answers still reach them by mail, with the reach of those who have no login."""
    with system() as session:
        session.execute(update(model).values(portal_access=False))
        [reader] = readers.contacts([SAM.contact_id])
        assert (reader.email, reader.scope.user_id, reader.scope.ticket_scope) == (SAM.email, None, "taking_part")


def test_a_clients_access_ends_everybodys(app: Flask, visit: Visit) -> None:
    sam, dana, tech = visit(SAM), visit(DANA), visit(TECH)
    with as_person(app, ADMIN) as session:
        client = session.execute(select(Client).where(Client.id == SAM.client_id)).scalar_one()
        set_client_access(client, is_on=False)
    assert [is_in(sam, "client"), is_in(dana, "client"), is_in(tech, "msp")] == [False, False, True]
