"""Twenty at once with one link or one code: one wins. And a way that would not notice, as the control."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.clients.models import Contact
from portal.identity.models import MailToken, Membership, User
from portal.identity.services import access_codes, invitations, mail_tokens
from portal.identity.services.invitations import Invitee
from portal.identity.services.mail_tokens import TokenSpent
from tests import factories as make
from tests.accounts.steps import RESET, LinkTo, System, Visit, as_person, ask, client_role, opened
from tests.identity.steps import trail
from tests.pages import Visitor
from tests.world import ADMIN, SAM

MANY = 20


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """What each of twenty threads got, all let go at the same moment."""
    gate, results = threading.Barrier(MANY), [None] * MANY

    def run(number: int) -> None:
        gate.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def posts(visit: Visit, path: str, action: str, **fields: Any) -> list[tuple[Visitor, dict[str, Any]]]:
    """Twenty browsers with the link opened and the form filled in."""
    ready = []
    for number in range(MANY):
        who = visit()
        shown = opened(who, path)
        ready.append((who, shown.form(action) | {k: v.format(number) for k, v in fields.items()}))
    return ready


def test_a_reset_link_is_used_once(visit: Visit, link_to: LinkTo, system: System) -> None:
    ask(visit(), SAM.email)
    ready = posts(visit, link_to(SAM.email), "/set-new-password", password="a-long-password-number-{}")
    statuses = at_once(lambda number: ready[number][0].post(RESET, ready[number][1]).status)
    assert sorted(statuses) == [303] + [410] * (MANY - 1)
    with system() as session:
        assert len(trail(session, "password.reset")) - len(trail(session, "password.reset_asked")) == 1


def test_an_invitation_is_used_once(app: Flask, visit: Visit, link_to: LinkTo, system: System) -> None:
    with as_person(app, ADMIN) as session:
        who = Invitee(client_id=SAM.client_id, name="Ana", email="ana@brightdental.example")
        invitations.invite_client_person(session.info["viewer"], who, roles=[client_role(session)])
    path = link_to("ana@brightdental.example")
    ready = posts(visit, path, "/invitation", password="a-long-password-number-{}")
    statuses = at_once(lambda number: ready[number][0].post("/auth/invitation", ready[number][1]).status)
    assert sorted(statuses) == [303] + [410] * (MANY - 1)
    with system() as session:
        assert len(trail(session, "invitation.accepted")) == 1


def test_an_access_code_is_used_once(app: Flask, visit: Visit, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = "portal.identity.services.access_codes.count_linking"  # a transaction beside each; the pool has no twenty
    monkeypatch.setattr(counted, lambda *_, **__: None)
    with system():
        contact_id = make.a_contact(SAM.client_id, "Bea").id
    with as_person(app, ADMIN) as session:
        contact = session.execute(select(Contact).where(Contact.id == contact_id)).scalar_one()
        code = access_codes.issue_access_code(contact, by=session.info["viewer"])
    ready = []
    for number in range(MANY):
        who = visit()
        data = who.get("/auth/link-account").form("/link-account") | {
            "number": "10001", "code": code, "name": "Bea", "email": f"bea{number}@brightdental.example",
            "password": "a-long-password-of-beas-friend",
        }  # fmt: skip
        ready.append((who, data))

    def link(number: int) -> int:
        who, data = ready[number]
        more = {"REMOTE_ADDR": f"192.0.2.{number}"}
        return who.post("/auth/link-account", data, environ_overrides=more).status

    assert sorted(at_once(link)) == [303] + [422] * (MANY - 1)
    with system() as session:
        assert (
            session.execute(
                select(func.count()).select_from(Membership).where(Membership.contact_id == contact_id)
            ).scalar_one()
            == 1
        )
        made = select(func.count()).select_from(User).where(User.email_key.startswith("bea"))
        assert session.execute(made).scalar_one() == 1


def _looked_first(purpose: Any, token: str) -> MailToken:
    """How it must not be done: look, then write down that it is used."""
    _user, row = mail_tokens.read(purpose, token)
    row.used_at = mail_tokens.at_of(purpose)
    return row


def test_the_race_would_be_noticed(
    visit: Visit, link_to: LinkTo, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: with a look and a write instead of one UPDATE, several win."""
    ask(visit(), SAM.email)
    ready = posts(visit, link_to(SAM.email), "/set-new-password", password="a-long-password-number-{}")
    everybody_looked = threading.Barrier(2, timeout=5)

    def slow(purpose: Any, token: str) -> MailToken:
        row = _looked_first(purpose, token)
        try:
            everybody_looked.wait()
        except threading.BrokenBarrierError as error:
            raise TokenSpent from error
        return row

    monkeypatch.setattr(mail_tokens, "redeem", slow)
    statuses = at_once(lambda number: ready[number][0].post(RESET, ready[number][1]).status)
    assert statuses.count(303) > 1
