"""Whoever may not come in learns nothing but that: not whether the account exists, nor what is wrong with it.

How long they wait is measured in `tests/timing`.
"""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update

from portal.clients.models import Client, Contact
from portal.identity import passwords, throttle
from portal.identity.models import Membership, Password, User
from tests import world
from tests.identity.steps import SIGN_IN, WRONG, System, Visit, statements, trail, try_in
from tests.pages import Page

SAM = world.SAM


def _user_becomes(state: str) -> Any:
    return update(User).where(User.id == SAM.id).values(state=state)


def _switched_off(model: Any, row_id: Any) -> Any:
    return update(model).where(model.id == row_id).values(is_active=False)


CASES: dict[str, tuple[str, str, Any]] = {
    "unknown": ("nobody@brightdental.example", world.PASSWORD, None),
    "wrong password": (SAM.email, WRONG, None),
    "staff's own": (world.TECH.email, world.PASSWORD, None),
    "of the other MSP": (world.DELTA_SAM.email, world.PASSWORD, None),
    "suspended": (SAM.email, world.PASSWORD, _user_becomes("suspended")),
    "locked": (SAM.email, world.PASSWORD, _user_becomes("locked")),
    "pending": (SAM.email, world.PASSWORD, _user_becomes("pending")),
    "without password": (SAM.email, world.PASSWORD, delete(Password).where(Password.user_id == SAM.id)),
    "membership off": (SAM.email, world.PASSWORD, _switched_off(Membership, SAM.membership_id)),
    "contact off": (SAM.email, world.PASSWORD, _switched_off(Contact, SAM.contact_id)),
    "client off": (SAM.email, world.PASSWORD, _switched_off(Client, SAM.client_id)),
}


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each Argon2 computation that verifies something."""
    done: list[str] = []
    real = passwords._HASHER

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def verify(self, hashed: str, password: str) -> bool:
            done.append(hashed)
            return real.verify(hashed, password)

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    return done


def _plain(page: Page, email: str) -> tuple[Any, ...]:
    """All that an answer shows, without what differs from request to request."""
    body = re.sub(r'(name="(csrf_token|challenge)" value|data-options)="[^"]+"', "", page.text).replace(email, "EMAIL")
    own = {"X-Request-Id", "Set-Cookie", "Content-Length"}
    headers = {name: value for name, value in page.headers if name not in own}
    cookies = sorted(cookie.partition("=")[0] for cookie in page.headers.getlist("Set-Cookie"))
    return page.status, headers, cookies, body


def test_every_refusal_is_the_same(app: Flask, visit: Visit, system: System, verifications: list[str]) -> None:
    seen: dict[str, tuple[Any, ...]] = {}
    sent: dict[str, list[str]] = {}
    for name, (email, password, change) in CASES.items():
        with system() as session:
            session.execute(delete(throttle.Throttle))
            if change is not None:
                session.execute(change)
        stranger = visit()
        data = stranger.get(SIGN_IN["client"]).form("/signin") | {"email": email, "password": password}
        verifications.clear()
        with statements(app) as sql:
            answer = stranger.post(SIGN_IN["client"], data)
        assert answer.status == 422, name
        assert len(verifications) == 1, name
        seen[name], sent[name] = _plain(answer, email), list(sql)
        with system() as session:
            _repair(session)
    for name in CASES:
        assert seen[name] == seen["unknown"], name
        assert sent[name] == sent["unknown"], name


def _repair(session: Any) -> None:
    """Undo what a case changed, so that one database serves them all."""
    session.execute(_user_becomes("active"))
    for model, row_id in ((Membership, SAM.membership_id), (Contact, SAM.contact_id), (Client, SAM.client_id)):
        session.execute(update(model).where(model.id == row_id).values(is_active=True))
    session.execute(delete(Password).where(Password.user_id == SAM.id))
    hashed = passwords.hash_password(world.PASSWORD)
    session.add(Password(user_id=SAM.id, hash=hashed, changed_at=world.OPENED))


def test_the_trail_alone_knows_the_reason(visit: Visit, system: System) -> None:
    for email, password in (("nobody@brightdental.example", world.PASSWORD), (SAM.email, WRONG)):
        try_in(visit(), "client", email, password)
    with system() as session:
        unknown, wrong = trail(session, "sign_in.failed")
        assert (unknown.facts["facts"]["reason"], unknown.object_id) == ("unknown", None)
        assert (wrong.facts["facts"]["reason"], wrong.object_id) == ("password", SAM.id)
        assert "nobody" not in str(unknown.facts)
        assert WRONG not in str(wrong.facts)


def test_throttled_too_they_look_the_same(visit: Visit) -> None:
    answers = []
    for number, email in enumerate(("nobody@brightdental.example", SAM.email)):
        for _ in range(10):
            assert try_in(visit(), "client", email, WRONG, address=f"192.0.2.{number}").status == 422
        answer = try_in(visit(), "client", email, WRONG, address=f"192.0.2.{number}")
        assert answer.status == 429
        answers.append(_plain(answer, email))
    (status, headers, *rest), (other_status, other_headers, *other_rest) = answers
    assert abs(int(headers.pop("Retry-After")) - int(other_headers.pop("Retry-After"))) <= 30
    assert (status, headers, rest) == (other_status, other_headers, other_rest)


def test_the_measure_would_notice(visit: Visit, monkeypatch: pytest.MonkeyPatch, verifications: list[str]) -> None:
    """Negative control: without the stand-in hash an unknown account costs no verification, and the count sees it."""
    real = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda password, kept: kept is not None and real(password, kept))
    try_in(visit(), "client", "nobody@brightdental.example", WRONG)
    assert verifications == []
