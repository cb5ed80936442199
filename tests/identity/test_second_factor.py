"""The second proof: asked of whoever has one, on both sides, before anything else opens."""

import datetime as dt
import re

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from portal.core import clock
from portal.core.tenancy import doors
from portal.identity import throttle
from portal.identity.models import LoginSession, Password, RecoveryCode, Throttle, Totp, User
from portal.identity.services import mail_tokens, totp
from tests import world
from tests.identity import factors
from tests.identity.factors import ENROLMENT, MFA, SECRET, code, halfway, has_app, prove, role_wants_it
from tests.identity.steps import SIGN_IN, System, Visit, is_in, sessions_of, sign_in, token_of, trail, try_in

BOTH = pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)


@BOTH
def test_after_the_password_comes_the_code(visit: Visit, system: System, person: world.Person) -> None:
    has_app(system, person)
    who = visit()
    page = halfway(who, person)
    assert page.status == 200
    assert token_of(who, person.side) is None
    answer = prove(who, code())
    assert (answer.status, answer.headers["Location"]) == (303, "/msp" if person.side == "msp" else "/")
    assert is_in(who, person.side)
    assert who.http.get_cookie("halfway", domain=who.host) is None
    with system() as session:
        last = trail(session, "sign_in.succeeded")[-1]
        assert (last.facts["facts"]["factor"], last.visibility) == ("app", "public")
        assert last.client_id == (person.client_id if person.side == "client" else None)


@BOTH
def test_the_password_alone_opens_nothing(app: Flask, visit: Visit, system: System, person: world.Person) -> None:
    has_app(system, person)
    who, stranger = visit(), visit()
    halfway(who, person)
    for rule in app.url_map.iter_rules():
        face = app.view_functions[rule.endpoint].__allows__.face
        if face not in {"client", "staff"} or rule.arguments:
            continue
        for method in rule.methods & {"GET", "POST"}:
            mine, theirs = who.open(method, rule.rule), stranger.open(method, rule.rule)
            assert mine.status == theirs.status, rule.rule
            assert mine.headers.get("Location") == theirs.headers.get("Location"), rule.rule
    with system() as session:
        assert sessions_of(session, person) == []


def test_where_one_was_going_is_kept(visit: Visit, system: System) -> None:
    has_app(system, world.SAM)
    who = visit()
    answer = sign_in(who, world.SAM, next="/tickets?all=1")
    who.follow(answer)
    assert prove(who, code()).headers["Location"] == "/tickets?all=1"


@BOTH
def test_a_wrong_code_says_so_and_no_more(visit: Visit, system: System, person: world.Person) -> None:
    has_app(system, person)
    who = visit()
    halfway(who, person)
    for wrong in ("000000", "12", "ABCDEF", code(steps=5), "١٢٣٤٥٦"):
        answer = prove(who, wrong)
        assert answer.status == 422, wrong
        assert "right, or it was used before" in answer
    assert token_of(who, person.side) is None


@pytest.mark.parametrize(("steps", "is_good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_either_side_counts(visit: Visit, system: System, steps: int, *, is_good: bool) -> None:
    has_app(system, world.SAM)
    at = clock.now()
    step = int(at.timestamp()) // totp.STEP + steps
    typed = factors.pyotp.TOTP(SECRET).generate_otp(step)
    assert (totp.matching_step(SECRET, typed, at) == step) is is_good


def test_a_code_works_once_and_an_older_one_not_after_it(visit: Visit, system: System) -> None:
    has_app(system, world.SAM)
    newest, older = code(steps=1), code()
    first = visit()
    halfway(first, world.SAM)
    assert prove(first, newest).status == 303
    for typed in (newest, older, code(steps=-1)):
        again = visit()
        halfway(again, world.SAM)
        assert prove(again, typed).status == 422


def test_guesses_are_held_to_five_in_five_minutes(visit: Visit, system: System) -> None:
    has_app(system, world.SAM)
    has_app(system, world.DANA)
    answers = []
    for number in range(8):
        who = visit()  # a fresh sign-in from elsewhere each time
        try_in(who, "client", world.SAM.email, world.PASSWORD, address=f"192.0.2.{number}")
        answers.append(prove(who, "000000").status)
    assert answers == [422] * 5 + [429] * 3
    who = visit()
    halfway(who, world.SAM)
    assert prove(who, code()).status == 429, "the limit is there before the code is looked at"
    other = visit()
    halfway(other, world.DANA)
    assert prove(other, code()).status == 303, "others are not held up"


def test_recovery_codes_are_in_the_same_budget(visit: Visit, system: System) -> None:
    first, *_others = has_app(system, world.SAM)
    who = visit()
    halfway(who, world.SAM)
    for _ in range(5):
        prove(who, "000000")
    assert who.submit(MFA, "/recovery", recovery=first).status == 429


def test_whoever_has_the_password_does_not_hold_the_owner_out(visit: Visit, system: System) -> None:
    """A browser that came in before has tries of its own, also for its fresh proofs."""
    first, *_others = has_app(system, world.SAM)
    owner, fin = visit(), visit()
    halfway(owner, world.SAM)
    assert owner.submit(MFA, "/recovery", recovery=first).status == 303
    sign_in(fin, world.FIN)
    for number in range(6):
        thief = visit()
        try_in(thief, "client", world.SAM.email, world.PASSWORD, address=f"192.0.2.{number}")
        assert prove(thief, "000000").status == (422 if number < 5 else 429)
    fin.submit("/settings", "/auth/signout")
    halfway(fin, world.SAM)
    assert prove(fin, code()).status == 429, "known to another account it is a stranger"
    assert owner.submit(factors.CONFIRM["client"], "/confirm", code=code()).status == 303
    owner.submit("/settings", "/auth/signout")
    halfway(owner, world.SAM)
    assert [prove(owner, "000000").status for _ in range(6)] == [422] * 5 + [429], "it has a limit too"


def test_a_proven_mailbox_brings_no_more_guesses_at_the_second_step(visit: Visit, system: System) -> None:
    """Or whoever reads the owner's mail would have new ones with each reset."""
    has_app(system, world.SAM)
    for _ in range(5):
        thief = visit()
        halfway(thief, world.SAM)
        prove(thief, "000000")
    with system() as session:
        token = mail_tokens.issue(factors.user(session, world.SAM), "password_reset", email=world.SAM.email)
    thief = visit()
    thief.follow(thief.get(f"/auth/t/password_reset/{token}"))
    page = "/auth/password-reset/set-new-password"
    assert thief.submit(page, "/set-new-password", password="a password of the thief").status == 303
    assert sign_in(thief, world.SAM, "a password of the thief").headers["Location"] == MFA
    assert prove(thief, code()).status == 429


@pytest.mark.parametrize(
    ("limits", "span", "most"),
    [
        (throttle.PER_SECOND_FACTOR, dt.timedelta(minutes=5), 5),
        (throttle.PER_SECOND_FACTOR, dt.timedelta(hours=1), 10),
        (throttle.PER_SECOND_FACTOR, dt.timedelta(days=1), 40),
        (throttle.PER_SECOND_FACTOR_KNOWN, dt.timedelta(days=1), 10),
    ],
)
def test_the_budget_of_a_day(system: System, limits: throttle.Limits, span: dt.timedelta, most: int) -> None:
    """A guess every ten seconds for so long: no more than this are looked at, 50 a day with those of known browsers.

    Strangers' come back within six hours, however they were used up.
    """
    start = clock.now()
    evaluated, longest = 0, 0.0
    with system():
        at = start
        while at < start + span:
            wait, _ = doors.throttle("k", limits=limits, at=at)
            evaluated, longest = evaluated + (wait == 0), max(longest, wait)
            at += dt.timedelta(seconds=max(10, wait))
    assert evaluated == most
    assert longest <= limits[-1][1].total_seconds()
    assert throttle.PER_SECOND_FACTOR[-1][1] == dt.timedelta(hours=6)


def test_a_recovery_code_opens_once(visit: Visit, system: System) -> None:
    first, second, *_rest = has_app(system, world.SAM)
    for typed, status in ((first, 303), (first, 422), (second.upper().replace("-", " "), 303)):
        who = visit()
        halfway(who, world.SAM)
        assert who.submit(MFA, "/recovery", recovery=typed).status == status
    with system() as session:
        rows = session.execute(select(RecoveryCode)).scalars().all()
        assert sum(row.used_at is not None for row in rows) == 2
        assert not any(first in row.code_hash for row in rows)


def test_a_cookie_alone_of_before_is_worth_nothing(visit: Visit, system: System) -> None:
    """Whoever is halfway in is out again when the password, the state or the membership changes."""
    has_app(system, world.SAM)
    changes = (
        update(User).where(User.id == world.SAM.id).values(state="suspended"),
        delete(Password).where(Password.user_id == world.SAM.id),
    )
    for change in changes:
        who = visit()
        page = halfway(who, world.SAM)
        with system() as session:
            session.execute(change)
        answer = who.post(MFA, page.form(MFA) | {"code": code()})
        assert answer.headers["Location"] == SIGN_IN["client"]
        assert token_of(who, "client") is None
        with system() as session:
            session.execute(update(User).where(User.id == world.SAM.id).values(state="active"))


def test_nobody_comes_here_without_the_first_proof(visit: Visit) -> None:
    for path in (MFA, ENROLMENT):
        assert visit().get(path).headers["Location"] == SIGN_IN["client"]
        forged = visit()
        forged.http.set_cookie("halfway", "forged", domain=forged.host)
        assert forged.get(path).headers["Location"] == SIGN_IN["client"]


def test_it_is_of_nobody_even_where_the_other_side_is_signed_in(visit: Visit, system: System) -> None:
    """A colleague who has a client's session in the same browser gets through the form all the same."""
    has_app(system, world.TECH)
    who = visit(world.SAM)
    answer = sign_in(who, world.TECH)
    who.follow(answer)
    assert prove(who, code()).status == 303
    assert is_in(who, "msp")


@BOTH
def test_a_role_leads_to_enrolment_and_nowhere_else(visit: Visit, system: System, person: world.Person) -> None:
    role_wants_it(system, person.role)
    who = visit()
    answer = sign_in(who, person)
    page = who.follow(who.follow(answer))
    assert "Set up a second step" in page
    assert page.dom.select_one("svg.qr")
    assert not is_in(who, person.side)
    key = page.dom.select_one("code.key").get_text().replace(" ", "")
    wrong = who.post(ENROLMENT, page.form(ENROLMENT) | {"code": "000000"})
    assert wrong.status == 422
    assert wrong.dom.select_one("code.key").get_text().replace(" ", "") == key, "the key stays"
    done = who.post(ENROLMENT, wrong.form(ENROLMENT) | {"code": code(key)})
    shown = [item.get_text() for item in done.dom.select(".codes li")]
    assert len(set(shown)) == 10
    assert all(re.fullmatch(r"([0-9a-z]{4}-){3}[0-9a-z]{4}", each) for each in shown)
    assert is_in(who, person.side)
    assert who.get(ENROLMENT).status == 303, "and never again"
    with system() as session:
        row = session.execute(select(Totp)).scalar_one()
        assert key not in row.secret_sealed
        assert trail(session, "second_factor.added")[0].visibility == "public"
    again = visit()
    halfway(again, person)
    assert prove(again, code(key)).status == 422, "the code that set it up is spent"


def test_who_has_one_can_not_enrol_another_with_the_password_alone(visit: Visit, system: System) -> None:
    role_wants_it(system, "User")
    who = visit()
    sign_in(who, world.SAM)
    page = who.get(ENROLMENT)
    has_app(system, world.SAM)
    key = page.dom.select_one("code.key").get_text().replace(" ", "")
    answer = who.post(ENROLMENT, page.form(ENROLMENT) | {"code": code(key)})
    assert answer.headers["Location"] == MFA
    with system() as session:
        assert session.execute(select(Totp)).scalar_one().secret == SECRET


def test_a_key_of_somebody_else_is_no_setup(visit: Visit, system: System) -> None:
    role_wants_it(system, "User")
    sam, noah = visit(), visit()
    sign_in(sam, world.SAM)
    sign_in(noah, world.NOAH)
    page, others = sam.get(ENROLMENT), noah.get(ENROLMENT)
    key = others.dom.select_one("code.key").get_text().replace(" ", "")
    data = page.form(ENROLMENT) | {"setup": others.form(ENROLMENT)["setup"], "code": code(key)}
    assert sam.post(ENROLMENT, data).status == 422


def test_a_session_from_before_ends_with_the_second_proof(visit: Visit, system: System) -> None:
    """Fixation: whatever token the browser brought is worthless afterwards."""
    who = visit(world.SAM)
    before = token_of(who, "client")
    has_app(system, world.SAM)
    page = visit()
    page.http.set_cookie("session", before, domain=page.host)
    sign_page = page.open("GET", SIGN_IN["msp"])  # another page of the gate, for its form's token
    assert sign_page.status == 200
    fresh = visit()
    halfway(fresh, world.SAM)
    fresh.http.set_cookie("session", before, domain=fresh.host)
    prove(fresh, code())
    assert token_of(fresh, "client") != before
    with system() as session:
        assert len(sessions_of(session, world.SAM)) == 1
        assert session.execute(select(LoginSession.proved_at)).scalar_one() is not None
        assert session.execute(select(Throttle)).first() is not None
