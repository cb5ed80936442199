"""Signing in by a link from a mail and by number: where the tenant allows it, and telling strangers nothing."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from portal.clients.models import Client, Contact
from portal.core import clock
from portal.core.events.models import OutboxEvent
from portal.identity import passwords
from portal.identity.models import AccessSettings, Password, Throttle, User
from portal.identity.services import mail_tokens
from tests import factories as make
from tests import world
from tests.identity.factors import MFA, code, has_app, prove, user
from tests.identity.steps import SIGN_IN, WRONG, System, Visit, is_in, statements, token_of, trail, try_in
from tests.identity.test_same_answer import _plain, verifications  # noqa: F401  # a fixture
from tests.pages import Page

ASK = "/auth/client-portal/link"
USE = "/auth/client-portal/link/use"


@pytest.fixture
def allowed(system: System) -> None:
    """The tenant offers both."""
    with system() as session:
        session.execute(update(AccessSettings).values(link_sign_in=True, number_sign_in=True))


def _link(system: System, person: world.Person) -> str:
    with system() as session:
        return mail_tokens.issue(user(session, person), "sign_in", email=person.email)


class TestByLink:
    def test_it_is_offered_only_where_it_is_allowed(self, visit: Visit) -> None:
        assert ASK not in visit().get(SIGN_IN["client"]).text
        for path in (ASK, f"{ASK}/sent", USE):
            assert visit().get(path).status == 404

    @pytest.mark.usefixtures("allowed")
    def test_known_and_unknown_are_answered_alike(self, app: Flask, visit: Visit, system: System) -> None:
        assert ASK in visit().get(SIGN_IN["client"]).text
        seen, sent = [], []
        for email in (world.SAM.email, "nobody@brightdental.example", world.TECH.email):
            who = visit()
            data = who.get(ASK).form("/link") | {"email": email}
            with statements(app) as sql:
                seen.append(_plain(who.post(ASK, data), email))
            sent.append(list(sql))
        assert seen[0] == seen[1] == seen[2]
        assert sent[0] == sent[1] == sent[2]
        with system() as session:
            kinds = session.execute(select(OutboxEvent.payload).where(OutboxEvent.kind == "person.link_asked"))
            asked = [payload["user_id"] for payload in kinds.scalars()]
            assert sorted(asked, key=str) == sorted([str(world.SAM.id), None, None], key=str)

    @pytest.mark.usefixtures("allowed")
    def test_it_signs_in_once(self, visit: Visit, system: System) -> None:
        token = _link(system, world.SAM)
        who = visit()
        page = who.follow(who.get(f"/auth/t/sign_in/{token}"))
        assert token not in page
        assert token_of(who, "client") is None, "opening it does nothing"
        assert who.get(USE).status == 200
        assert who.submit(USE, "/link/use").status == 303
        assert is_in(who, "client")
        again = visit()
        page = again.follow(again.get(f"/auth/t/sign_in/{token}"))
        assert again.post(USE, page.form("/link/use") if page.dom.select("form") else {}).status in {403, 410}
        assert token_of(again, "client") is None

    @pytest.mark.usefixtures("allowed")
    def test_the_second_factor_is_asked_all_the_same(self, visit: Visit, system: System) -> None:
        has_app(system, world.SAM)
        who = visit()
        who.follow(who.get(f"/auth/t/sign_in/{_link(system, world.SAM)}"))
        assert who.submit(USE, "/link/use").headers["Location"] == MFA
        assert token_of(who, "client") is None
        assert prove(who, code()).status == 303
        assert is_in(who, "client")

    @pytest.mark.usefixtures("allowed")
    def test_asking_is_throttled_for_both_alike(self, visit: Visit) -> None:
        for number, email in enumerate((world.SAM.email, "nobody@brightdental.example")):
            answers = []
            for _ in range(7):
                who = visit()
                data = who.get(ASK).form("/link") | {"email": email}
                answers.append(who.post(ASK, data, environ_overrides={"REMOTE_ADDR": f"192.0.2.{number}"}).status)
            assert answers == [303] * 5 + [429] * 2

    @pytest.mark.usefixtures("allowed")
    def test_strangers_do_not_use_up_the_links_of_a_browser_that_is_known(self, visit: Visit) -> None:
        owner = visit()
        try_in(owner, "client", world.SAM.email, world.PASSWORD)
        owner.submit("/settings", "/auth/signout")
        strangers = [visit().submit(ASK, "/link", email=world.SAM.email).status for _ in range(6)]
        assert strangers == [303] * 5 + [429]
        assert [owner.submit(ASK, "/link", email=world.SAM.email).status for _ in range(6)] == [303] * 5 + [429]


class TestByNumber:
    @pytest.fixture(autouse=True)
    def _phones(self, system: System, allowed: None) -> None:  # noqa: ARG002  # first the tenant allows it
        with system() as session:
            session.execute(update(Contact).where(Contact.id == world.SAM.contact_id).values(phone="+49 30 555 17"))

    def _try(self, visit: Visit, typed: str, password: str = world.PASSWORD) -> Page:
        return try_in(visit(), "client", typed, password)

    @pytest.mark.parametrize("typed", ["+49 30 555 17", "49-30-55517", "(49) 30.555 17"])
    def test_a_phone_number_stands_for_the_address(self, visit: Visit, typed: str) -> None:
        who = visit()
        assert try_in(who, "client", typed, world.PASSWORD).status == 303
        assert is_in(who, "client")

    def test_it_does_not_where_it_is_not_allowed(self, visit: Visit, system: System) -> None:
        with system() as session:
            session.execute(update(AccessSettings).values(number_sign_in=False))
        answer = self._try(visit, "+49 30 555 17")
        assert answer.status == 422
        assert "Write the address in full" in answer

    def test_staff_sign_in_with_their_address_alone(self, visit: Visit) -> None:
        assert "Write the address in full" in try_in(visit(), "msp", "+49 30 555 17", world.PASSWORD)

    def test_the_second_factor_is_asked(self, visit: Visit, system: System) -> None:
        has_app(system, world.SAM)
        assert self._try(visit, "+49 30 555 17").headers["Location"] == MFA

    def test_one_number_of_several_is_settled_by_the_password(self, visit: Visit, system: System) -> None:
        with system() as session:
            session.execute(update(Contact).where(Contact.id == world.DANA.contact_id).values(phone="+493055517"))
        ambiguous = self._try(visit, "+49 30 555 17")
        assert ambiguous.status == 422
        assert "belongs to several people" in ambiguous
        wrong = self._try(visit, "+49 30 555 17", WRONG)
        assert "several" not in wrong.text, "only a right password learns that"
        with system() as session:
            own = passwords.hash_password("a password of Dana alone")
            session.execute(update(Password).where(Password.user_id == world.DANA.id).values(hash=own))
        who = visit()
        assert try_in(who, "client", "+49 30 555 17", "a password of Dana alone").status == 303
        assert "dana" in who.get("/settings").text.lower()

    def test_another_name_for_an_account_brings_no_more_tries(self, visit: Visit, system: System) -> None:
        """By mail and by number together: ten, and what is over is answered like a wrong password."""
        for number in range(10):
            assert try_in(visit(), "client", "493055517", WRONG, address=f"198.51.100.{number}").status == 422
        assert try_in(visit(), "client", world.SAM.email, world.PASSWORD).status == 429
        with system() as session:
            session.execute(delete(Throttle))
        for number in range(10):
            assert try_in(visit(), "client", world.SAM.email, WRONG, address=f"198.51.100.{number}").status == 422
        assert self._try(visit, "493055517").status == 422, "even the right one"

    def test_the_owner_gets_in_by_number_where_it_has_been_before(self, visit: Visit) -> None:
        owner = visit()
        assert try_in(owner, "client", world.SAM.email, world.PASSWORD).status == 303
        owner.submit("/settings", "/auth/signout")
        for number in range(10):
            try_in(visit(), "client", "493055517", WRONG, address=f"198.51.100.{number}")
        assert self._try(visit, "493055517").status == 429
        assert try_in(owner, "client", "493055517", world.PASSWORD).status == 303
        owner.submit("/settings", "/auth/signout")
        tries = [try_in(owner, "client", "493055517", WRONG).status for _ in range(11)]
        assert tries == [422] * 10 + [429]

    def test_right_ones_are_not_held_against_those_who_share_the_number(self, visit: Visit, system: System) -> None:
        with system() as session:
            session.execute(update(Contact).where(Contact.id == world.DANA.contact_id).values(phone="+493055517"))
            own = passwords.hash_password("a password of Dana alone")
            session.execute(update(Password).where(Password.user_id == world.DANA.id).values(hash=own))
        assert [self._try(visit, "493055517").status for _ in range(11)] == [303] * 11
        assert try_in(visit(), "client", world.DANA.email, "a password of Dana alone").status == 303

    def test_whoever_takes_the_number_later_pushes_nobody_out(self, visit: Visit, system: System) -> None:
        with system() as session:
            session.execute(update(User).where(User.id == world.SAM.id).values(verified_at=clock.now()))
            for number in range(4):
                user = make.a_user(f"late{number}@brightdental.example", id=uuid.UUID(int=number + 1))
                user.verified_at = clock.now() + dt.timedelta(minutes=1)
                contact = make.a_contact(world.SAM.client_id, f"Late {number}")
                contact.phone = "+49 30 555 17"
                make.a_member(user, contact)
        assert self._try(visit, "493055517").status == 303

    def test_every_refusal_is_the_same(
        self,
        app: Flask,
        visit: Visit,
        system: System,
        verifications: list[str],  # noqa: F811  # pytest's way
    ) -> None:
        with system() as session:
            number = session.execute(select(Client.number).where(Client.id == world.SAM.client_id)).scalar_one()
        seen: dict[str, Any] = {}
        for name, typed in {
            "unknown": "000 000 000", "one": "+49 30 555 17", "several": str(number), "of others": "900001",
        }.items():  # fmt: skip
            who = visit()
            data = who.get(SIGN_IN["client"]).form("/signin") | {"email": typed, "password": WRONG}
            verifications.clear()
            with statements(app) as sql:
                answer = who.post(SIGN_IN["client"], data)
            seen[name] = (_plain(answer, typed), list(sql), len(verifications))
        assert seen["unknown"][2] == 3
        for name, each in seen.items():
            assert each == seen["unknown"], name

    def test_the_trail_has_no_number(self, visit: Visit, system: System) -> None:
        self._try(visit, "+49 30 555 17", WRONG)
        with system() as session:
            (entry,) = trail(session, "sign_in.failed")
            assert not re.search("55517|555 17", str(entry.facts))
