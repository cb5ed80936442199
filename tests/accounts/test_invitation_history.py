"""What happened to an invitation, as the staff and the client's Admins read it."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.core import clock
from portal.identity.models import MailToken, Membership, User
from portal.identity.services import invitation_history, invitations
from portal.people.services import members
from tests import factories as make
from tests.accounts.steps import NEW, LinkTo, System, Visit, as_person, opened
from tests.accounts.test_invitations import ANA, INVITATION, invite
from tests.identity.steps import statements
from tests.pages import Page
from tests.world import ADMIN, DANA, NOAH, OLIVIA, SAM, Person


def seat_of(session: Any, seat_id: Any) -> Membership:
    found: Membership = session.execute(select(Membership).where(Membership.id == seat_id)).scalar_one()
    return found


def told(app: Flask, by: Person, seat_id: Any) -> list[tuple[str, str]]:
    """What happened and who did it, oldest first, as this person reads it."""
    with as_person(app, by) as session:
        return [(each.what, each.by) for each in invitation_history.of(seat_of(session, seat_id))][::-1]


def later(system: System, **time: Any) -> None:
    """Let time pass for what was sent so far: each link moves back by it."""
    by = dt.timedelta(**time)
    with system() as session:
        moved = {"created_at": MailToken.created_at - by, "expires_at": MailToken.expires_at - by}
        session.execute(update(MailToken).values(**moved))


def resend(app: Flask, by: Person, seat_id: Any) -> None:
    with as_person(app, by) as session:
        invitations.resend(seat_of(session, seat_id))


def page_of(visit: Visit, by: Person, system: System, seat_id: Any) -> Page:
    """The page about the person."""
    with system() as session:
        contact_id = seat_of(session, seat_id).contact_id
    path = f"/account/users/{contact_id}" if by.side == "client" else f"/msp/clients/10001/people/{contact_id}"
    return visit(by).get(path)


def lines(page: Page) -> list[str]:
    found = page.dom.select("section[aria-labelledby=invitations-title] li")
    return [" ".join(each.get_text(" ").split()) for each in found]


def test_everything_that_happened_is_told_with_who_did_it(
    app: Flask, visit: Visit, link_to: LinkTo, system: System
) -> None:
    seat_id = invite(app, ADMIN)
    later(system, days=4)
    resend(app, DANA, seat_id)
    later(system, days=1)
    with as_person(app, DANA) as session:
        invitations.revoke(seat_of(session, seat_id))
    resend(app, ADMIN, seat_id)
    later(system, hours=1)
    resend(app, ADMIN, seat_id)
    stranger = visit()
    opened(stranger, link_to(ANA.email))
    stranger.submit(INVITATION, "/invitation", password=NEW)
    happened = [
        ("sent", "Ada Quay"), ("expired", ""), ("sent_again", "Dana Bright"), ("revoked", "Dana Bright"),
        ("sent_again", "Ada Quay"), ("sent_again", "Ada Quay"), ("accepted", ""),
    ]  # fmt: skip
    assert told(app, ADMIN, seat_id) == happened
    assert told(app, DANA, seat_id) == happened
    for reader in (ADMIN, DANA):
        shown = lines(page_of(visit, reader, system, seat_id))
        assert len(shown) == 7
        assert shown[0].startswith("Accepted")
        assert shown[3].startswith("Withdrawn")
        assert "by Dana Bright" in shown[3]
        assert shown[5].startswith("Expired")
        assert shown[6].startswith(f"Sent to {ANA.email}")
        assert "by Ada Quay" in shown[6]
        assert not any("good until" in each for each in shown)


def test_an_open_one_says_until_when_and_a_late_one_that_it_is(app: Flask, visit: Visit, system: System) -> None:
    seat_id = invite(app, DANA)
    [sent] = lines(page_of(visit, DANA, system, seat_id))
    assert "good until" in sent
    later(system, hours=73)
    shown = lines(page_of(visit, DANA, system, seat_id))
    assert shown[0].startswith("Expired")
    assert "good until" not in shown[1]


def test_what_ended_with_the_access_names_who_took_it_away(app: Flask, system: System) -> None:
    seat_id = invite(app, ADMIN)
    with as_person(app, DANA) as session:
        members.close_seat(seat_of(session, seat_id), by=session.info["viewer"])
    assert told(app, ADMIN, seat_id) == [("sent", "Ada Quay"), ("revoked", "Dana Bright")]


def test_a_link_that_died_with_something_else_says_so(app: Flask, system: System) -> None:
    seat_id = invite(app, ADMIN)
    with system() as session:
        session.execute(update(MailToken).values(revoked_at=clock.now()))
    assert told(app, ADMIN, seat_id) == [("sent", "Ada Quay"), ("ended", "")]


def test_nobody_reads_of_another_clients(app: Flask, visit: Visit, system: System) -> None:
    """Noah comes in at Cedar; what Bright Dental sent him stands on no page of Cedar's."""
    seat_id = invite(app, DANA, NOAH.email)
    assert told(app, DANA, seat_id) == [("sent", "Dana Bright")]
    assert lines(visit(OLIVIA).get(f"/account/users/{NOAH.contact_id}")) == []
    assert lines(visit(DANA).get(f"/account/users/{SAM.contact_id}")) == [], "who was never invited has no list"
    with as_person(app, OLIVIA) as session:
        assert session.execute(select(Membership).where(Membership.id == seat_id)).first() is None


def test_whom_the_reader_does_not_know_stays_unnamed(app: Flask, system: System) -> None:
    """Somebody of another client who sent it (while looking after both) is nobody to this one."""
    seat_id = invite(app, ADMIN)
    with system() as session:
        session.execute(update(MailToken).values(by_user_id=NOAH.id))
    assert told(app, DANA, seat_id) == [("sent", "")]


def test_who_looks_after_several_companies_is_named_once(app: Flask, system: System) -> None:
    with system() as session:
        dana = session.execute(select(User).where(User.id == DANA.id)).scalar_one()
        make.a_member(dana, make.a_contact(NOAH.client_id, "Dana elsewhere"))
    seat_id = invite(app, DANA)
    assert told(app, ADMIN, seat_id) == [("sent", "Dana Bright")]


def test_a_colleagues_invitations_are_told_too(app: Flask, visit: Visit, system: System) -> None:
    admin = visit(ADMIN)
    role = admin.get("/admin/users/invitation").dom.select_one("input[name=roles]")["value"]
    fields = {"name": "Nia New", "email": "nia@harbor.example", "roles": role}
    assert admin.submit("/admin/users/invitation", "/invitation", **fields).status == 303
    with system() as session:
        path = f"/admin/users/{session.execute(select(User.id).where(User.name == 'Nia New')).scalar_one()}"
    admin.submit(path, "/invitation")
    admin.submit(path, "/withdrawal")
    shown = lines(admin.get(path))
    assert [each.split(" ")[0] for each in shown] == ["Withdrawn", "Sent", "Sent"]
    assert all("by Ada Quay" in each for each in shown)


@pytest.mark.parametrize("by", [ADMIN, DANA], ids=["staff", "client's Admin"])
def test_many_cost_no_more_statements_than_one(app: Flask, visit: Visit, system: System, by: Person) -> None:
    def count(seat_id: Any) -> int:
        with system() as session:
            contact_id = seat_of(session, seat_id).contact_id
        path = f"/account/users/{contact_id}" if by.side == "client" else f"/msp/clients/10001/people/{contact_id}"
        who.get(path)
        with statements(app) as sent:
            who.get(path)
        return len(sent)

    who = visit(by)
    few, many = invite(app, ADMIN), invite(app, DANA, "bea@brightdental.example")
    for _ in range(8):
        later(system, minutes=20)
        resend(app, DANA, many)
    assert count(few) == count(many)
