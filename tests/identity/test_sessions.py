"""Sessions: how they begin, what ends them, and that an ended one is dead at once."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal.clients.models import Client, Contact
from portal.core import clock
from portal.identity.models import LoginSession, Membership, User
from portal.identity.services import sessions
from portal.identity.services.people import set_password
from portal.tenants.models import Tenant
from tests import world
from tests.identity.steps import (
    COOKIE,
    SETTINGS,
    SIGN_IN,
    System,
    Visit,
    hashed,
    is_in,
    sessions_of,
    sign_in,
    token_of,
    trail,
    with_token,
)

SAM, TECH = world.SAM, world.TECH
BOTH = pytest.mark.parametrize("person", [SAM, TECH], ids=lambda each: each.side)


@BOTH
def test_the_database_holds_the_tokens_hash_alone(visit: Visit, system: System, person: world.Person) -> None:
    somebody = visit()
    somebody.http.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 Firefox/140.0\x1b[31m" + "x" * 500
    sign_in(somebody, person)
    token = token_of(somebody, person.side)
    assert token is not None
    assert len(token) == 43
    with system() as session:
        (row,) = sessions_of(session, person)
        assert row.token_hash == hashed(token)
        assert (row.side, row.address) == (person.side, "127.0.0.1")
        assert row.agent.startswith("Mozilla/5.0 Firefox/140.0")
        assert row.agent.isprintable()
        assert len(row.agent) == 300
        assert token not in str({name: getattr(row, name) for name in row.__table__.columns.keys()})  # noqa: SIM118
        assert row.expires_at - row.created_at == sessions.LIFE["client" if person.side == "client" else "msp"]


@BOTH
def test_a_token_from_before_signing_in_is_worthless(visit: Visit, person: world.Person) -> None:
    """Fixation: somebody put a token of their choice into the browser."""
    victim = with_token(visit(), person.side, "a" * 43)
    sign_in(victim, person)
    assert token_of(victim, person.side) != "a" * 43
    assert not is_in(with_token(visit(), person.side, "a" * 43), person.side)


def test_a_planted_session_is_replaced_and_learns_nothing(visit: Visit, system: System) -> None:
    """Fixation with a session that works: the attacker's own, put into the victim's browser."""
    attacker = visit()
    sign_in(attacker, world.NOAH)
    planted = token_of(attacker, "client")
    assert planted is not None
    victim = visit()
    form = victim.get(SIGN_IN["client"]).form("/signin")
    with_token(victim, "client", planted)
    victim.post(SIGN_IN["client"], form | {"email": SAM.email, "password": world.PASSWORD})
    assert token_of(victim, "client") != planted
    assert "Sam Bright" in victim.get("/settings")
    assert "Sam Bright" not in attacker.get("/settings")
    with system() as session:
        (row,) = sessions_of(session, world.NOAH)
        assert row.token_hash == hashed(planted)


@BOTH
def test_signing_in_again_ends_the_session_before(visit: Visit, system: System, person: world.Person) -> None:
    somebody = visit()
    form = somebody.get(SIGN_IN[person.side]).form("/signin") | {"email": person.email, "password": world.PASSWORD}
    somebody.post(SIGN_IN[person.side], form)
    first = token_of(somebody, person.side)
    somebody.post(SIGN_IN[person.side], form)
    assert token_of(somebody, person.side) != first
    assert first is not None
    assert not is_in(with_token(visit(), person.side, first), person.side)
    with system() as session:
        assert len(sessions_of(session, person)) == 1
        assert trail(session, "session.ended")[-1].facts["facts"]["reason"] == "replaced"


def test_ten_at_most_and_the_one_unused_for_longest_goes(visit: Visit, system: System) -> None:
    browsers = [visit() for _ in range(12)]
    for browser in browsers:
        sign_in(browser, SAM)
    assert [is_in(browser, "client") for browser in browsers] == [False] * 2 + [True] * 10
    with system() as session:
        assert len(sessions_of(session, SAM)) == 10
        reasons = [entry.facts["facts"]["reason"] for entry in trail(session, "session.ended")]
        assert reasons == ["limit", "limit"]


def test_ten_at_most_for_those_who_sign_in_at_once(visit: Visit, system: System) -> None:
    for _ in range(8):
        sign_in(visit(), SAM)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: sign_in(visit(), SAM).status, range(8)))
    assert statuses == [303] * 8
    with system() as session:
        assert len(sessions_of(session, SAM)) == 10


def test_ended_ones_take_nobodys_place(visit: Visit, system: System) -> None:
    browsers = [visit() for _ in range(10)]
    for browser in browsers:
        sign_in(browser, SAM)
    with system() as session:
        (oldest, *_) = sessions_of(session, SAM)
        for row in sessions_of(session, SAM)[5:]:
            row.expires_at = clock.now()
        kept = oldest.id
    sign_in(visit(), SAM)
    with system() as session:
        rows = sessions_of(session, SAM)
        assert len(rows) == 6
        assert kept in {row.id for row in rows}


@pytest.mark.parametrize(
    ("person", "hours", "alive"),
    [(SAM, 14 * 24 - 1, True), (SAM, 14 * 24 + 1, False), (TECH, 11, True), (TECH, 13, False)],
)
def test_an_unused_session_ends(visit: Visit, system: System, person: world.Person, hours: int, *, alive: bool) -> None:
    somebody = visit()
    sign_in(somebody, person)
    with system() as session:
        session.execute(update(LoginSession).values(last_used_at=clock.now() - dt.timedelta(hours=hours)))
    assert is_in(somebody, person.side) is alive


@BOTH
def test_a_session_ends_however_much_it_is_used(visit: Visit, system: System, person: world.Person) -> None:
    somebody = visit()
    sign_in(somebody, person)
    assert is_in(somebody, person.side)
    with system() as session:
        session.execute(update(LoginSession).values(expires_at=clock.now()))
    answer = somebody.get(SETTINGS[person.side])
    assert answer.headers["Location"].startswith(SIGN_IN[person.side])


def test_last_use_is_written_every_five_minutes_at_most(visit: Visit, system: System) -> None:
    somebody = visit()
    sign_in(somebody, SAM)
    for ago, is_written in ((dt.timedelta(minutes=4), False), (dt.timedelta(minutes=6), True)):
        set_to = clock.now() - ago
        with system() as session:
            session.execute(update(LoginSession).values(last_used_at=set_to))
        assert is_in(somebody, "client")
        with system() as session:
            (row,) = sessions_of(session, SAM)
            assert (row.last_used_at > set_to) is is_written


@pytest.mark.parametrize(
    "change",
    [
        update(User).where(User.id == SAM.id).values(state="suspended"),
        update(User).where(User.id == SAM.id).values(state="locked"),
        update(Membership).where(Membership.id == SAM.membership_id).values(is_active=False),
        update(Contact).where(Contact.id == SAM.contact_id).values(is_active=False),
        update(Client).where(Client.id == SAM.client_id).values(is_active=False),
    ],
    ids=["user suspended", "user locked", "membership off", "contact off", "client off"],
)
def test_access_taken_away_is_gone_on_the_next_request(visit: Visit, system: System, change: Any) -> None:
    somebody, other = visit(), visit()
    sign_in(somebody, SAM)
    sign_in(other, world.NOAH)
    with system() as session:
        session.execute(change)
    assert not is_in(somebody, "client")
    assert is_in(other, "client")


def test_a_suspended_colleague_is_out_on_the_next_request(visit: Visit, system: System) -> None:
    somebody = visit()
    sign_in(somebody, TECH)
    with system() as session:
        session.execute(update(User).where(User.id == TECH.id).values(state="suspended"))
    assert not is_in(somebody, "msp")


def test_a_suspended_tenant_answers_like_no_tenant(visit: Visit, system: System) -> None:
    somebody = visit()
    sign_in(somebody, SAM)
    with system() as session:
        session.execute(update(Tenant).where(Tenant.slug == "harbor").values(state="suspended"))
    for path in ("/settings", SIGN_IN["client"]):
        page = somebody.get(path)
        assert page.status == 404
        assert "Harbor" not in page


def test_a_new_password_ends_every_session(visit: Visit, system: System) -> None:
    browsers = [visit(), visit()]
    for browser in browsers:
        sign_in(browser, SAM)
    with system() as session:
        set_password(session.get(User, (SAM.tenant_id, SAM.id)), "wholly different words")
    assert [is_in(browser, "client") for browser in browsers] == [False, False]
    assert sign_in(visit(), SAM).status == 422
    assert sign_in(visit(), SAM, "wholly different words").status == 303


def test_a_session_is_of_its_tenants_host_alone(visit: Visit) -> None:
    somebody = visit()
    sign_in(somebody, SAM)
    token = token_of(somebody, "client")
    assert token is not None
    elsewhere = with_token(visit(host="summit"), "client", token)
    answer = elsewhere.get("/settings")
    assert answer.status == 303
    assert "Sam" not in elsewhere.get(SIGN_IN["client"])


@pytest.mark.parametrize(("person", "path"), [(SAM, "/msp/settings"), (TECH, "/settings")])
def test_the_other_side_does_not_exist(visit: Visit, person: world.Person, path: str) -> None:
    somebody = visit()
    sign_in(somebody, person)
    other = "msp" if person.side == "client" else "client"
    answer = somebody.get(path)
    assert answer.status == 404
    assert person.name not in answer
    assert somebody.post(f"{path}/sessions/ending").status in {403, 404}
    assert somebody.get(f"{path}-of-nobody").status == 404
    token = token_of(somebody, person.side)
    assert token is not None
    somebody.http.delete_cookie(COOKIE[person.side], domain=somebody.host)
    assert not is_in(with_token(somebody, other, token), other), "nor does its token open it under the other name"


@pytest.mark.parametrize("token", ["", "x", "a" * 129, "a" * 4000, "null", "%00", "' OR 1=1 --"])
def test_a_cookie_of_anything_else_is_nobody(visit: Visit, token: str) -> None:
    answer = with_token(visit(), "client", token).get("/settings")
    assert answer.status == 303


def test_what_time_has_ended_is_removed(app: Flask, visit: Visit, system: System) -> None:
    old, young = visit(), visit()
    for browser, person in ((old, SAM), (young, world.FIN)):
        sign_in(browser, person)
    with system() as session:
        mine = LoginSession.user_id == SAM.id
        session.execute(update(LoginSession).where(mine).values(last_used_at=clock.now() - dt.timedelta(days=15)))
    with system() as session:
        sessions.remove_ended_sessions(clock.now())
        assert sessions_of(session, SAM) == []
        assert len(sessions_of(session, world.FIN)) == 1
    assert is_in(young, "client")
    assert "identity.clean_up" in {duty.name for duty in _duties()}


def _duties() -> list[Any]:
    from portal.core.events.schedule import duties

    return duties()
