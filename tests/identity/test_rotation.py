"""The session's id changes with what its person may do, by whomever that was changed; the one before is of no use."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from portal.clients.models import Client
from portal.core import clock
from portal.core.tenancy import doors
from portal.core.web import rotation
from portal.identity.models import (
    LoginSession,
    Membership,
    MembershipRole,
    Role,
    RolePermission,
    StaffProfile,
    StaffRole,
)
from portal.identity.services import narrowing, sessions
from portal.tickets.models import Board
from tests import factories as make
from tests import world
from tests.identity.factors import SECURITY, code, has_app, user
from tests.identity.races import Line, at_once, connections
from tests.identity.steps import SETTINGS, SIGN_OUT, System, Visit, is_in, sessions_of, token_of, with_token
from tests.identity.test_security_settings import _passkey_of
from tests.pages import Page, Visitor

__all__ = ["connections"]
SAM, TECH = world.SAM, world.TECH
BOTH = pytest.mark.parametrize("person", [SAM, TECH], ids=lambda each: each.side)


def _add_app(who: Visitor, side: str) -> Page:
    page = who.get(f"{SECURITY[side]}/app")
    key = page.dom.select_one("code.key").get_text().replace(" ", "")
    return who.post(f"{SECURITY[side]}/app", page.form("/app") | {"code": code(key)})


def _remove_passkey(who: Visitor, side: str) -> Page:
    page = who.get(SECURITY[side])
    [path] = [form["action"] for form in page.dom.select("form") if "/passkeys/" in form["action"]]
    return who.post(path, page.form(path))


OWN_ACTS: dict[str, Callable[[Visitor, str], Page]] = {
    "a factor is added": _add_app,
    "a factor is removed": lambda who, side: who.submit(SECURITY[side], "/app/removal"),
    "recovery codes are made": lambda who, side: who.submit(SECURITY[side], "/codes"),
    "a passkey is removed": _remove_passkey,
}


@BOTH
@pytest.mark.parametrize("act", OWN_ACTS)
def test_with_the_own_second_factor(visit: Visit, system: System, person: world.Person, act: str) -> None:
    """At once, and in this browser alone: what is signed in elsewhere stays so."""
    if "passkey" in act:
        _passkey_of(system, person)
    elif "added" not in act:
        has_app(system, person)
    who, elsewhere = visit(person), visit(person)
    before, there = token_of(who, person.side), token_of(elsewhere, person.side)
    answer = OWN_ACTS[act](who, person.side)
    assert answer.status in {200, 303}
    assert before != token_of(who, person.side)
    assert is_in(who, person.side)
    assert not is_in(with_token(visit(), person.side, before or ""), person.side)
    assert is_in(elsewhere, person.side)
    assert token_of(elsewhere, person.side) == there


def _seat(session: Any) -> Membership:
    return session.execute(select(Membership).where(Membership.id == SAM.membership_id)).scalar_one()


def _client(session: Any) -> Client:
    return session.get(Client, (SAM.tenant_id, SAM.client_id))


def _role(session: Any, person: world.Person) -> Role:
    side = "internal" if person.side == "msp" else "client"
    return session.execute(select(Role).where(Role.name == person.role, Role.side == side)).scalar_one()


def _held_to_boards(session: Any) -> None:
    board_id = session.scalars(select(Board.id).where(Board.is_default)).one()
    _seat(session).board_group_id = narrowing.save_board_group(None, "Usual", [board_id]).id


def _at_one_site(session: Any) -> None:
    site = make.a_site(SAM.client_id, "Annex")
    given = select(MembershipRole).where(MembershipRole.membership_id == SAM.membership_id)
    narrowing.limit_role(session.execute(given).scalar_one(), [site.id])


def _with_another_role(session: Any) -> None:
    seat = _seat(session)
    admin = session.execute(select(Role.id).where(Role.side == "client", Role.key == "admin")).scalar_one()
    session.add(MembershipRole(client_id=seat.client_id, user_id=seat.user_id, membership_id=seat.id, role_id=admin))


def _assigned(session: Any) -> None:
    profile = session.execute(select(StaffProfile).where(StaffProfile.user_id == TECH.id)).scalar_one()
    narrowing.hold_to_clients(profile, [SAM.client_id], only=True)


def _less_in_role(person: world.Person) -> Callable[[Any], None]:
    def change(session: Any) -> None:
        held = delete(RolePermission).where(RolePermission.role_id == _role(session, person).id)
        session.execute(held.where(RolePermission.permission == "ticket:resolve"))

    return change


OTHERS_ACTS: dict[str, tuple[world.Person, Callable[[Any], Any]]] = {
    "the role is changed": (SAM, _less_in_role(SAM)),
    "another role": (SAM, _with_another_role),
    "a role at one site": (SAM, _at_one_site),
    "less of the tickets": (SAM, lambda session: setattr(_seat(session), "ticket_scope", "own")),
    "another site": (SAM, lambda session: setattr(_seat(session), "site_id", make.a_site(SAM.client_id, "A").id)),
    "some boards": (SAM, _held_to_boards),
    "denied to the person": (SAM, lambda session: narrowing.deny_person(_seat(session), ["ticket:create"])),
    "denied to the client": (SAM, lambda session: narrowing.deny_client(_client(session), ["ticket:create"])),
    "the colleagues' role is changed": (TECH, _less_in_role(TECH)),
    "a colleague without roles": (TECH, lambda s: s.execute(delete(StaffRole).where(StaffRole.user_id == TECH.id))),
    "a colleague held to a client": (TECH, _assigned),
}  # fmt: skip


@pytest.mark.parametrize("act", OTHERS_ACTS)
def test_when_somebody_else_changes_what_one_may_do(visit: Visit, system: System, act: str) -> None:
    """The next answer brings another; what was on its way with the one before arrives, and then it is worthless."""
    person, change = OTHERS_ACTS[act]
    who, bystander = visit(person), visit(world.FIN if person is not TECH else world.BILLING)
    assert is_in(who, person.side)
    assert is_in(bystander, person.side)
    before, other = token_of(who, person.side), token_of(bystander, person.side)
    assert is_in(who, person.side)
    assert before == token_of(who, person.side), "nothing has changed yet"
    with system() as session:
        change(session)
    assert is_in(who, person.side)
    after = token_of(who, person.side)
    assert before not in {after, None}
    late = with_token(visit(), person.side, before or "")
    assert is_in(late, person.side)
    assert token_of(late, person.side) == before, "it gets no token of its own"
    with system() as session:
        [row] = sessions_of(session, person)
        assert dt.timedelta() < row.former_until - clock.now() <= rotation.GRACE
        row.former_until = clock.now()
    assert not is_in(late, person.side)
    assert is_in(who, person.side)
    assert token_of(who, person.side) == after
    if "role is changed" not in act and "client" not in act:
        assert is_in(bystander, person.side)
        assert token_of(bystander, person.side) == other


def due(visit: Visit, system: System, requests: int) -> tuple[str, list[Any]]:
    """Sam's token, once his seat sees less than it did, and so many browsers that come with it."""
    who = visit(SAM)
    is_in(who, "client")
    token = token_of(who, "client") or ""
    with system() as session:
        _seat(session).ticket_scope = "own"
    return token, [with_token(visit(), "client", token) for _ in range(requests)]


def test_of_many_requests_at_once_one_gets_the_new_id_and_none_is_thrown_out(
    app: Flask,
    visit: Visit,
    system: System,
    connections: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token, browsers = due(visit, system, 8)
    monkeypatch.setattr(doors, "rotate", Line(len(browsers)).before(doors.rotate))
    answers = at_once(lambda number: browsers[number].get("/settings"), len(browsers))
    assert [each.status for each in answers] == [200] * len(browsers)
    assert sum("Set-Cookie" in each.headers for each in answers) == 1
    [winner] = {token_of(each, "client") for each in browsers} - {token}
    assert is_in(with_token(visit(), "client", winner or ""), "client")


def test_without_the_claim_each_would_throw_the_others_out(
    app: Flask,
    visit: Visit,
    system: System,
    connections: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control: a token that is simply written, by whoever comes."""

    def careless(session_id: Any, *, new_hash: str, privileges: str, **_: Any) -> dt.datetime:
        from portal.core.tenancy.scope import system_scope
        from portal.core.tenancy.session import transaction

        with transaction(system_scope(SAM.tenant_id)) as session:
            mine = update(LoginSession).where(LoginSession.id == session_id)
            session.execute(mine.values(token_hash=new_hash, privileges=privileges))
        return clock.now() + dt.timedelta(hours=1)

    _, browsers = due(visit, system, 4)
    monkeypatch.setattr(doors, "rotate", Line(len(browsers)).before(careless))
    at_once(lambda number: browsers[number].get("/settings"), len(browsers))
    assert [is_in(each, "client") for each in browsers].count(True) == 1


def test_a_last_use_long_ago_does_not_stand_in_its_way(visit: Visit, system: System) -> None:
    """The request writes nothing to the row that its own second connection is to change."""
    who = visit(SAM)
    is_in(who, "client")
    before = token_of(who, "client")
    with system() as session:
        _seat(session).ticket_scope = "own"
        long_ago = clock.now() - dt.timedelta(hours=1)
        session.execute(update(LoginSession).where(LoginSession.user_id == SAM.id).values(last_used_at=long_ago))
    assert is_in(who, "client")
    assert token_of(who, "client") != before
    with system() as session:
        assert sessions_of(session, SAM)[0].last_used_at > clock.now() - dt.timedelta(minutes=1)


@BOTH
def test_signing_out_meanwhile_ends_it(visit: Visit, system: System, person: world.Person) -> None:
    who = visit(person)
    form = who.get(SETTINGS[person.side]).form("/signout")
    with system() as session:
        session.execute(delete(RolePermission).where(RolePermission.role_id == _role(session, person).id))
    who.post(SIGN_OUT[person.side], form)
    assert not token_of(who, person.side)
    with system() as session:
        assert sessions_of(session, person) == []


def test_what_caches_may_keep_brings_no_id(visit: Visit, system: System) -> None:
    who = visit(SAM)
    page = who.get("/settings")
    before = token_of(who, "client")
    with system() as session:
        _seat(session).ticket_scope = "own"
    style = next(each["href"] for each in page.dom.select("link[rel=stylesheet]") if "/brand/" in each["href"])
    answer = who.get(style)
    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers
    assert is_in(who, "client")
    assert token_of(who, "client") != before


def test_signing_in_with_an_id_from_before_ends_its_session(visit: Visit, system: System) -> None:
    who = visit(SAM)
    is_in(who, "client")
    before = token_of(who, "client") or ""
    with system() as session:
        _seat(session).ticket_scope = "own"
    is_in(who, "client")
    with system() as session:
        visiting = sessions.Visit(address="", agent="", token_hash=sessions.token_hash(before))
        sessions.start_session(user(session, SAM), "client", SAM.membership_id, visiting)
    assert not is_in(who, "client")
