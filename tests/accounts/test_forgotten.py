"""A forgotten password: the same for everybody who asks, and one link for the owner alone."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.core.events.models import OutboxEvent
from portal.core.signing import sign
from portal.identity.models import LoginSession, MailToken, User
from portal.identity.services import mail_tokens, people
from portal.notifications.models import OutgoingMail
from tests import jobs, world
from tests.accounts.steps import FORGOT, NEW, RESET, LinkTo, System, Visit, ask, choose, opened, user_of
from tests.identity.steps import SETTINGS, SIGN_OUT, WRONG, is_in, sign_in, statements, trail, try_in
from tests.identity.test_same_answer import _plain
from tests.world import DANA, SAM, TECH

BOTH = pytest.mark.parametrize("person", [SAM, TECH], ids=lambda each: each.side)
NOBODY = "nobody@brightdental.example"


@BOTH
def test_somebody_who_forgot_gets_back_in(visit: Visit, link_to: LinkTo, system: System, person: world.Person) -> None:
    elsewhere = visit(person)
    stranger = visit()
    asked = ask(stranger, person.email, person.side)
    assert asked.status == 303
    told = stranger.follow(asked)
    assert "on its way" in told
    assert person.email not in told
    page = opened(stranger, link_to(person.email))
    assert f"/brand/{person.side}/" in page
    assert person.email in page
    done = choose(stranger)
    assert done.status == 303
    assert not is_in(stranger, person.side), "a reset signs nobody in"
    assert not is_in(elsewhere, person.side), "every session has ended"
    assert "changed" in stranger.follow(done)
    assert sign_in(visit(), person, world.PASSWORD).status == 422
    assert sign_in(visit(), person, NEW).status == 303
    with system() as session:
        assert trail(session, "password.reset_asked")
        assert [each.object_id for each in trail(session, "password.reset")][-1] == person.id


def _held_out(visit: Visit, email: str, side: str = "client") -> None:
    """Strangers use the account's tries up."""
    for number in range(10):
        assert try_in(visit(), side, email, WRONG, address=f"198.51.100.{number}").status == 422
    assert try_in(visit(), side, email, WRONG).status == 429


@BOTH
def test_strangers_do_not_hold_out_whoever_has_just_proven_the_mailbox(
    visit: Visit, link_to: LinkTo, system: System, person: world.Person
) -> None:
    """The browser of the reset has tries of its own, and is still a new one to the owner and the trail."""
    owner = visit()
    ask(owner, person.email, person.side)
    opened(owner, link_to(person.email))
    _held_out(visit, person.email, person.side)
    choose(owner)
    assert sign_in(visit(), person, NEW).status == 429
    assert [sign_in(owner, person, WRONG).status for _ in range(9)] == [422] * 9
    assert sign_in(owner, person, NEW).status == 303
    with system() as session:
        assert trail(session, "sign_in.succeeded")[-1].facts["facts"]["new_device"] == 1


def test_of_another_account_it_has_none(visit: Visit, link_to: LinkTo) -> None:
    owner = visit()
    ask(owner, SAM.email)
    opened(owner, link_to(SAM.email))
    choose(owner)
    _held_out(visit, DANA.email)
    assert sign_in(owner, DANA).status == 429


def test_the_owner_is_told(visit: Visit, link_to: LinkTo, work: Any) -> None:
    stranger = visit()
    ask(stranger, SAM.email)
    opened(stranger, link_to(SAM.email))
    choose(stranger)
    [told] = work()[SAM.email]
    assert "was changed" in told["Subject"]
    assert "/auth/t/" not in jobs.words(told)


def _answer(page: Any) -> tuple[Any, ...]:
    own = {"Set-Cookie", "X-Request-Id", "Date", "Server-Timing"}
    headers = {name: value for name, value in page.headers.items() if name not in own}
    return page.status, headers, sorted(each.partition("=")[0] for each in page.headers.getlist("Set-Cookie"))


def test_known_and_unknown_are_the_same(app: Flask, visit: Visit, system: System) -> None:
    """Words, status, statements and jobs."""
    seen = []
    for number, email in enumerate((SAM.email, NOBODY, TECH.email, world.DELTA_SAM.email)):
        stranger = visit()
        data = stranger.get(FORGOT["client"]).form("/forgot-password") | {"email": email}
        with statements(app) as sent:
            page = stranger.post(FORGOT["client"], data, environ_overrides={"REMOTE_ADDR": f"192.0.2.{number}"})
        seen.append((_answer(page), list(sent)))
        outcomes = jobs.work_off(app)
        seen[-1] += ([handler for handler, _ in outcomes if "link" in handler],)
    assert seen[0] == seen[1] == seen[2] == seen[3]
    with system() as session:
        assert session.execute(select(func.count()).select_from(OutboxEvent)).scalar_one() >= 4
        assert session.execute(select(OutgoingMail.recipient)).scalars().all() == [SAM.email]


@BOTH
def test_five_a_day_those_that_were_right_too(visit: Visit, work: Any, person: world.Person) -> None:
    for number in range(5):
        assert ask(visit(), person.email, person.side, address=f"192.0.2.{number}").status == 303
    assert ask(visit(), person.email.upper(), person.side, address="192.0.2.9").status == 429
    assert len(work()[person.email]) <= 5
    for number in range(5):
        assert ask(visit(), NOBODY, person.side, address=f"198.51.100.{number}").status == 303
    assert ask(visit(), NOBODY, person.side, address="198.51.100.9").status == 429


@BOTH
def test_strangers_do_not_use_up_the_mails_of_a_browser_that_is_known(
    visit: Visit, system: System, person: world.Person
) -> None:
    """Not by the account's name and not by their number behind one address; it has five of its own."""
    owner = visit()
    assert sign_in(owner, person).status == 303
    owner.submit(SETTINGS[person.side], SIGN_OUT[person.side])
    for number in range(20):
        ask(visit(), person.email if number < 5 else f"n{number}@brightdental.example", person.side)
    assert ask(visit(), person.email, person.side).status == 429
    assert [ask(owner, person.email, person.side).status for _ in range(6)] == [303] * 5 + [429]
    assert ask(owner, NOBODY, person.side).status == 429, "to another account it is a stranger"
    with system() as session:
        asked = session.execute(select(OutboxEvent.payload).where(OutboxEvent.kind == "person.link_asked")).scalars()
        assert [each["user_id"] for each in asked].count(str(person.id)) == 10


def test_what_a_known_browser_is_told_is_what_a_stranger_is_told(visit: Visit) -> None:
    """Of an account that is gone meanwhile as well: the browser's cookie says where it counts, and nothing else."""
    owner, stranger = visit(), visit()
    sign_in(owner, SAM)
    owner.submit("/settings", "/auth/signout")
    plain = [_plain(ask(who, SAM.email), SAM.email) for who in (owner, stranger)]
    assert plain[0] == plain[1]
    for _ in range(4):
        ask(owner, SAM.email)
        ask(stranger, SAM.email)
    late = [_plain(ask(who, SAM.email), SAM.email) for who in (owner, stranger)]
    for _status, headers, *_rest in late:
        assert 86000 < int(headers.pop("Retry-After")) <= 86400
    assert late[0] == late[1]
    assert late[0][0] == 429


def test_an_address_can_ask_for_so_many(visit: Visit) -> None:
    answers = [ask(visit(), f"n{number}@brightdental.example", address="192.0.2.1").status for number in range(21)]
    assert answers == [303] * 20 + [429]
    assert ask(visit(), "another@brightdental.example", address="192.0.2.2").status == 303


class TestTheLink:
    """What a link of a mail is good for."""

    @pytest.fixture
    def link(self, visit: Visit, link_to: LinkTo) -> str:
        ask(visit(), SAM.email)
        return link_to(SAM.email)

    def test_leads_to_an_address_without_the_token(self, visit: Visit, link: str) -> None:
        stranger = visit()
        page = stranger.get(link)
        assert (page.status, page.headers["Location"]) == (303, RESET)
        [cookie] = [each for each in page.headers.getlist("Set-Cookie") if each.startswith("link=")]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Max-Age=3600" in cookie
        token = link.rpartition("/")[2]
        assert token not in stranger.follow(page)

    def test_is_not_used_up_by_looking(self, visit: Visit, link: str) -> None:
        for _ in range(3):
            assert opened(visit(), link).status == 200
        stranger = visit()
        opened(stranger, link)
        assert choose(stranger).status == 303

    def test_is_not_used_up_by_a_weak_password(self, visit: Visit, link: str) -> None:
        stranger = visit()
        opened(stranger, link)
        assert choose(stranger, "password1234").status == 422
        assert choose(stranger, "").status == 422
        assert choose(stranger).status == 303

    def test_works_once(self, visit: Visit, link: str) -> None:
        first, second = visit(), visit()
        opened(first, link)
        opened(second, link)
        data = second.get(RESET).form("/set-new-password") | {"password": "another-good-password"}
        assert choose(first).status == 303
        assert second.post(RESET, data).status == 410
        assert opened(second, link).status == 410
        assert sign_in(visit(), SAM, NEW).status == 303

    @pytest.mark.parametrize("change", ["password", "newer", "sign-in", "time", "suspended", "staff's lock"])
    def test_is_dead_after(self, visit: Visit, system: System, link_to: LinkTo, link: str, change: str) -> None:
        stranger = visit()
        opened(stranger, link)
        with system() as session:
            user = user_of(session, SAM)
            if change == "password":
                people.set_password(user, "something-else-altogether")
            elif change == "time":
                at = mail_tokens.at_of("password_reset")
                session.execute(update(MailToken).values(created_at=at, expires_at=at))
            elif change == "suspended":
                user.state, user.state_reason = "suspended", "staff"
            elif change == "staff's lock":
                user.state, user.state_reason = "locked", "staff"
        if change == "newer":
            ask(visit(), SAM.email)
            link_to(SAM.email)
        elif change == "sign-in":
            assert sign_in(visit(), SAM).status == 303
        assert stranger.get(RESET).status == 410
        assert stranger.post(RESET, {"password": NEW} | _csrf(stranger)).status == 410

    def test_is_of_no_use_for_anything_else_or_elsewhere(self, visit: Visit, link: str) -> None:
        token = link.rpartition("/")[2]
        for purpose in ("invitation", "verification", "unlocking"):
            assert opened(visit(), f"/auth/t/{purpose}/{token}").status == 410
        assert opened(visit(host="summit"), link).status == 410
        assert opened(visit(), link[:-1]).status == 410
        assert visit().get(f"/auth/t/{'x' * 30}/{token}").status == 404
        assert opened(visit(), f"/auth/t/password_reset/{'a' * 5000}").status == 410

    def test_opens_where_somebody_is_signed_in_as_well(self, visit: Visit, link: str) -> None:
        noah = visit(world.NOAH)
        page = opened(noah, link)
        assert page.status == 200
        assert SAM.email in page
        assert choose(noah).status == 303
        assert is_in(noah, "client"), "the other one stays signed in"

    def test_lifts_a_lock_of_a_rule(self, visit: Visit, system: System, link: str) -> None:
        with system() as session:
            user = user_of(session, SAM)
            user.state, user.state_reason = "locked", "risk"
        stranger = visit()
        opened(stranger, link)
        choose(stranger)
        assert sign_in(visit(), SAM, NEW).status == 303

    def test_is_kept_as_a_hash_alone(self, system: System, link: str) -> None:
        token = link.rpartition("/")[2]
        with system() as session:
            row = session.execute(select(MailToken)).scalar_one()
            assert token not in str(vars(row))
            events = session.execute(select(OutboxEvent.payload)).scalars().all()
            assert token not in str(events)


def _csrf(who: Any) -> dict[str, str]:
    return {"csrf_token": who.get(FORGOT["client"]).form("/forgot-password")["csrf_token"]}


def test_a_cookie_of_another_make_is_nothing(visit: Visit, app: Flask) -> None:
    stranger = visit()
    with app.app_context():
        import datetime as dt

        forged = sign("another purpose", ["password_reset", "t", "client"], dt.timedelta(hours=1))
    for value in (forged, "", "x.y.z"):
        stranger.http.set_cookie("link", value, domain=stranger.host)
        assert stranger.get(RESET).status == 410


FORGED_HOSTS: list[dict[str, str]] = [
    {"X-Forwarded-Host": "evil.example"},
    {"Forwarded": "host=evil.example"},
    {"X-Host": "evil.example"},
    {"X-Original-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "444"},
]


@pytest.mark.parametrize("headers", FORGED_HOSTS, ids=lambda each: next(iter(each)))
def test_no_header_chooses_the_host_of_the_link(visit: Visit, link_to: LinkTo, headers: dict[str, str]) -> None:
    assert ask(visit(), SAM.email, headers=headers).status == 303
    assert link_to(SAM.email).startswith("/auth/t/password_reset/")


@pytest.mark.parametrize(
    "host", ["evil.example", "good@evil.example", "harbor.localhost.evil.example", "harbor.localhost@evil.example"]
)
def test_a_foreign_host_gets_no_mail(visit: Visit, work: Any, host: str) -> None:
    stranger = visit()
    data = stranger.get(FORGOT["client"]).form("/forgot-password") | {"email": SAM.email}
    page = stranger.post(FORGOT["client"], data, headers={"Host": host})
    assert page.status in {400, 403, 404}
    assert work() == {}


POLLUTED: list[dict[str, Any]] = [
    {"email": [SAM.email, "x@evil.example"]},
    {"email[]": [SAM.email, "x@evil.example"]},
    {"email": f"{SAM.email},x@evil.example"},
    {"email": f"{SAM.email} x@evil.example"},
    {"email": f"{SAM.email}\r\nBcc: x@evil.example"},
    {"email": f"{SAM.email}%0d%0aBcc:x@evil.example"},
    {"email": f'["{SAM.email}", "x@evil.example"]'},
    {"email": f"<{SAM.email}>"},
    {"email": ""},
]


@pytest.mark.parametrize("fields", POLLUTED, ids=str)
def test_several_recipients_are_none(visit: Visit, work: Any, fields: dict[str, Any]) -> None:
    stranger = visit()
    csrf = {"csrf_token": stranger.get(FORGOT["client"]).form("/forgot-password")["csrf_token"]}
    assert stranger.post(FORGOT["client"], csrf | fields).status == 422
    assert work() == {}


def test_a_json_body_is_no_form(visit: Visit, work: Any) -> None:
    stranger = visit()
    token = stranger.get(FORGOT["client"]).form("/forgot-password")["csrf_token"]
    page = stranger.open(
        "POST", FORGOT["client"], json={"email": [SAM.email, "x@evil.example"]}, headers={"X-CSRF-Token": token}
    )
    assert page.status == 422
    assert work() == {}


@pytest.mark.parametrize("typed", [SAM.email.upper(), f" {SAM.email} ", "\uff53\uff41\uff4d@brightdental.example"])
def test_another_spelling_reaches_the_stored_address(visit: Visit, work: Any, typed: str) -> None:
    assert ask(visit(), typed).status == 303
    assert list(work()) == [SAM.email]


def test_a_lookalike_is_somebody_else(visit: Visit, work: Any) -> None:
    assert ask(visit(), "s\u0430m@brightdental.example").status == 303  # a Cyrillic letter
    assert work() == {}


def test_a_second_factor_is_still_asked_for(visit: Visit, link_to: LinkTo, system: System) -> None:
    from portal.core import clock
    from portal.identity.models import Totp

    with system() as session:
        now = clock.now()
        session.add(Totp(user_id=SAM.id, secret="JBSWY3DPEHPK3PXP", created_at=now, confirmed_at=now))
    stranger = visit()
    ask(stranger, SAM.email)
    opened(stranger, link_to(SAM.email))
    choose(stranger)
    page = sign_in(stranger, SAM, NEW)
    assert page.status == 303
    assert page.headers["Location"] == "/auth/mfa"
    assert not is_in(stranger, "client")


def test_whoever_changes_the_password_in_the_settings_goes_on_here_alone(
    visit: Visit, system: System, work: Any
) -> None:
    here, elsewhere = visit(SAM), visit(SAM)
    assert here.submit("/settings/password", "/settings/password", password="password1234").status == 422
    assert here.submit("/settings/password", "/settings/password", password=NEW).status == 303
    assert is_in(here, "client")
    assert not is_in(elsewhere, "client")
    assert [each["Subject"] for each in work()[SAM.email]] == ["Your password for Harbor IT was changed"]
    with system() as session:
        rows = session.execute(select(LoginSession).where(LoginSession.user_id == SAM.id)).scalars().all()
        assert len(rows) == 1
        assert session.execute(select(User.state).where(User.id == SAM.id)).scalar_one() == "active"
