"""Access codes: handed to a contact, good once, for whoever knows the client's number and proves a mailbox."""

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from portal.clients.models import Client, Contact
from portal.core import clock
from portal.identity.models import AccessCode, MailToken, Membership, MembershipRole, Role, User
from portal.identity.services import access_codes
from portal.identity.services.access_codes import ALPHABET, HasLogin
from portal.notifications.models import OutgoingMail
from tests import factories as make
from tests import jobs, world
from tests.accounts.steps import NEW, LinkTo, System, Visit, as_person, opened
from tests.identity.steps import is_in, sign_in, statements, trail
from tests.identity.test_same_answer import _plain as _answered
from tests.pages import Page, Visitor
from tests.world import ADMIN, NOAH, SAM

LINK = "/auth/link-account"
BEA = world.Person("bea@brightdental.example", "harbor", "client", "User", "Bea Contact", "Bright Dental")


@pytest.fixture
def code(app: Flask, system: System) -> str:
    """A code for Bea, a contact of Bright Dental (10001)."""
    with system():
        contact_id = make.a_contact(BEA.client_id, BEA.name, "", phone="+49 30 777-123").id
    with as_person(app, ADMIN) as session:
        contact = session.execute(select(Contact).where(Contact.id == contact_id)).scalar_one()
        return access_codes.issue_access_code(contact, by=session.info["viewer"])


def link(who: Visitor, code: str, *, address: str = "127.0.0.1", **more: Any) -> Page:
    """Fill in the form."""
    fields = {"number": "10001", "code": code, "name": BEA.name, "email": BEA.email, "password": NEW}
    data = who.get(LINK).form("/link-account") | fields | more
    return who.post(LINK, data, environ_overrides={"REMOTE_ADDR": address})


def test_a_contact_gets_an_account(visit: Visit, link_to: LinkTo, system: System, code: str) -> None:
    stranger = visit()
    done = link(stranger, code)
    assert done.status == 303
    page = stranger.follow(done)
    assert "on its way" in page
    assert "forgot-password" not in page, "the code is used up: there is no other address to try"
    assert sign_in(visit(), BEA, NEW).status == 422, "not before the mailbox is proven"
    path = link_to(BEA.email)
    assert "password" in opened(stranger, path).text
    assert stranger.submit("/auth/verify-email", "/verify-email", password="not-the-password").status == 422
    assert stranger.submit("/auth/verify-email", "/verify-email", password=NEW).status == 303
    assert sign_in(stranger, BEA, NEW).status == 303
    assert is_in(stranger, "client")
    with system() as session:
        user = session.execute(select(User).where(User.email_key == BEA.email)).scalar_one()
        seat = session.execute(select(Membership).where(Membership.user_id == user.id)).scalar_one()
        name = session.execute(select(Contact.name).where(Contact.id == seat.contact_id)).scalar_one()
        assert (name, seat.client_id, user.state) == (BEA.name, BEA.client_id, "active")
        roles = select(Role.key).join(MembershipRole, MembershipRole.role_id == Role.id)
        keys = session.execute(roles.where(MembershipRole.membership_id == seat.id)).scalars().all()
        assert keys == ["user"]
        [entry] = trail(session, "access_code.used")
        assert entry.client_id == BEA.client_id


@pytest.mark.parametrize("number", ["10001", "+49 30 777-123", "4930777123"])
@pytest.mark.parametrize(
    "typed", [str, str.lower, lambda code: code.replace("-", " "), lambda code: code.replace("-", "")]
)
def test_it_may_be_typed_in_several_ways(visit: Visit, code: str, number: str, typed: Any) -> None:
    assert link(visit(), typed(code), number=number).status == 303


def _plain(page: Page) -> tuple[int, str]:
    return page.status, re.sub(r'value="[^"]*"', "", page.text)


def test_every_failure_is_the_same(app: Flask, visit: Visit, system: System, code: str) -> None:
    wrong = {
        "code": {"code": "ABCD-EFGH-JK23"},
        "no code": {"code": "hello"},
        "number": {"number": "10002"},
        "another client's number": {"number": "900101"},
        "no number": {"number": "none"},
        "taken address and wrong code": {"email": SAM.email, "code": "ABCD-EFGH-JK23"},
    }
    seen, sent = {}, {}
    for number, (name, fields) in enumerate(wrong.items()):
        stranger = visit()
        with statements(app) as sql:
            seen[name] = _plain(link(stranger, **({"code": code, "address": f"192.0.2.{number}"} | fields)))
        sent[name] = tuple(sql)
        assert seen[name][0] == 422
        assert jobs.work_off(app) == []
    assert len(set(seen.values())) == 1
    assert len(set(sent.values())) == 1
    assert sum("door.redeem_access_code" in each for each in sent["number"]) == 1
    with system() as session:
        for change in (
            update(AccessCode).values(used_at=clock.now()),
            update(AccessCode).values(used_at=None, revoked_at=clock.now()),
            update(AccessCode).values(revoked_at=None, expires_at=clock.now()),
        ):
            session.execute(change)
            session.commit()
            assert _plain(link(visit(), code, address="192.0.2.77")) == seen["code"]
        assert session.execute(select(User).where(User.email_key == BEA.email)).first() is None


def test_a_good_code_does_not_tell_which_addresses_are_known(
    app: Flask, visit: Visit, system: System, code: str
) -> None:
    """The same page after the same statements, the code used up, one mail to the address: what it says differs."""
    seen, sent, mailed = {}, {}, {}
    for email in (BEA.email, NOAH.email, SAM.email):
        stranger = visit()
        with statements(app) as sql:
            done = link(stranger, code, email=email)
        seen[email] = (_answered(done, email), _answered(stranger.follow(done), email))
        sent[email] = list(sql)
        assert link(stranger, code, email="other@brightdental.example").status == 422, "used up"
        mailed[email] = [handler for handler, _ in jobs.work_off(app) if "tell_of_linking" in handler]
        with system() as session:
            mails = session.execute(select(OutgoingMail.template).where(OutgoingMail.recipient == email))
            mailed[email] += list(mails.scalars())
            session.execute(delete(MembershipRole).where(MembershipRole.membership_id.in_(_beas_seat())))
            session.execute(delete(MailToken))
            session.execute(delete(Membership).where(Membership.id.in_(_beas_seat())))
            session.execute(update(AccessCode).values(used_at=None))
    assert seen[BEA.email][0][0] == 303
    assert seen[BEA.email] == seen[NOAH.email] == seen[SAM.email]
    assert sent[BEA.email] == sent[NOAH.email] == sent[SAM.email]
    assert [each[-1] for each in mailed.values()] == ["verification", "invitation", "account_there"]
    assert len({len(each) for each in mailed.values()}) == 1


def _beas_seat() -> Any:
    return select(Membership.id).join(Contact, Contact.id == Membership.contact_id).where(Contact.name == BEA.name)


def test_whoever_has_a_login_takes_the_seat_like_an_invitation(
    visit: Visit, link_to: LinkTo, system: System, code: str
) -> None:
    """With the login they have: the password that was typed with the code is nobody's."""
    link(visit(), code, email=NOAH.email.upper())
    stranger = visit()
    assert sign_in(stranger, NOAH, NEW).status == 422
    with system() as session:
        seat = session.execute(select(Membership).where(Membership.id.in_(_beas_seat()))).scalar_one()
        assert (seat.user_id, seat.client_id, seat.is_active) == (NOAH.id, BEA.client_id, False)
    path = link_to(NOAH.email)
    assert opened(stranger, path).status == 200
    assert stranger.submit("/auth/invitation", "/auth/invitation").status == 303
    assert sign_in(stranger, NOAH).status == 303
    with system() as session:
        seat = session.execute(select(Membership).where(Membership.id.in_(_beas_seat()))).scalar_one()
        assert seat.is_active


@pytest.mark.parametrize("state", ["suspended", "locked"])
def test_who_is_shut_out_hears_nothing(visit: Visit, work: Any, system: System, code: str, state: str) -> None:
    with system() as session:
        session.execute(update(User).where(User.id == NOAH.id).values(state=state, state_reason="staff"))
    assert link(visit(), code, email=NOAH.email).status == 303
    assert NOAH.email not in work()


@pytest.mark.parametrize("model", [Client, Contact])
def test_switched_off_it_opens_nothing(visit: Visit, system: System, code: str, model: Any) -> None:
    with system() as session:
        session.execute(update(model).values(portal_access=False))
    assert link(visit(), code).status == 422


def test_it_works_once(visit: Visit, code: str) -> None:
    assert link(visit(), code).status == 303
    assert link(visit(), code, email="other@brightdental.example").status == 422


def test_a_failed_try_does_not_use_it_up(visit: Visit, code: str) -> None:
    assert link(visit(), code, number="10002").status == 422
    assert link(visit(), code, password="password1234").status == 422
    assert link(visit(), code).status == 303


def test_tries_are_counted_by_client_and_by_address(visit: Visit, code: str) -> None:
    for number in range(10):
        assert link(visit(), "ABCD-EFGH-JK23", address=f"192.0.2.{number}").status == 422
    assert link(visit(), code, address="192.0.2.99").status == 429
    for number in range(20):
        link(visit(), "ABCD-EFGH-JK23", number=f"2000{number}", address="198.51.100.1")
    assert link(visit(), code, number="4930777123", address="198.51.100.1").status == 429
    assert link(visit(), code, number="4930777123", address="198.51.100.2").status == 303


def test_whoever_owns_the_mailbox_does_not_finish_what_another_began(
    visit: Visit, link_to: LinkTo, system: System, code: str
) -> None:
    """Somebody with a code types another's address: without the password the link does nothing."""
    link(visit(), code, email="victim@elsewhere.example")
    victim = visit()
    opened(victim, link_to("victim@elsewhere.example"))
    assert victim.submit("/auth/verify-email", "/verify-email").status == 422
    with system() as session:
        state = session.execute(select(User.state).where(User.email_key == "victim@elsewhere.example")).scalar_one()
        assert state == "pending"


def test_a_lost_mail_can_be_had_again(visit: Visit, work: Any, link_to: LinkTo, code: str) -> None:
    """A forgotten password proves the mailbox as well as the first link would have."""
    from tests.accounts.steps import ask, choose

    link(visit(), code)
    work()
    ask(visit(), BEA.email)
    stranger = visit()
    opened(stranger, link_to(BEA.email))
    choose(stranger, "a-password-never-used-before")
    assert sign_in(visit(), BEA, "a-password-never-used-before").status == 303


class TestIssuing:
    """What the staff hands out."""

    def test_it_is_long_enough_and_kept_as_a_hash(self, system: System, code: str) -> None:
        assert re.fullmatch(rf"([{ALPHABET}]{{4}}-){{2}}[{ALPHABET}]{{4}}", code)
        assert not set("01IO") & set(ALPHABET)
        with system() as session:
            row = session.execute(select(AccessCode)).scalar_one()
            assert code.replace("-", "") not in str(vars(row))
            assert row.expires_at - row.created_at == dt.timedelta(days=14)
            assert row.by_user_id == ADMIN.id

    def test_a_new_one_ends_the_last(self, app: Flask, visit: Visit, code: str) -> None:
        with as_person(app, ADMIN) as session:
            contact = session.execute(select(Contact).where(Contact.name == BEA.name)).scalar_one()
            newer = access_codes.issue_access_code(contact, by=session.info["viewer"])
        assert link(visit(), code).status == 422
        assert link(visit(), newer).status == 303

    def test_whoever_has_a_login_needs_none(self, app: Flask) -> None:
        with as_person(app, ADMIN) as session:
            contact = session.execute(select(Contact).where(Contact.id == SAM.contact_id)).scalar_one()
            with pytest.raises(HasLogin):
                access_codes.issue_access_code(contact, by=session.info["viewer"])
