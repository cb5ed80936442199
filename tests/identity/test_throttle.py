"""How many guesses get through: few, exactly counted, and never at the owner's cost."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select, update

from portal.core import clock
from portal.core.tenancy import doors
from portal.identity import passwords, throttle
from portal.identity.models import Throttle
from tests import world
from tests.identity.steps import SIGN_IN, WRONG, System, Visit, sign_in, trail, try_in

THREADS = 8
"""As many as a web process has; the pool is made for them."""


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were really compared; the comparison itself is left out, it would only cost time."""
    seen: list[str] = []

    def verify(password: str, kept: str | None) -> bool:
        seen.append(password)
        return kept is not None and password == world.PASSWORD

    monkeypatch.setattr(passwords, "verify", verify)
    return seen


def _at_once(visit: Visit, tries: int, *, password: str = WRONG) -> list[int]:
    """So many tries on Sam's account from as many browsers and addresses, eight at a time; their statuses."""
    strangers = [visit() for _ in range(tries)]
    forms = [each.get(SIGN_IN["client"]).form("/signin") for each in strangers]

    def once(number: int) -> int:
        data = forms[number] | {"email": world.SAM.email, "password": password}
        address = {"REMOTE_ADDR": f"198.51.100.{number % 250}"}
        return strangers[number].post(SIGN_IN["client"], data, environ_overrides=address).status

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(once, range(tries)))


def test_of_a_hundred_guesses_at_once_ten_are_evaluated(visit: Visit, evaluated: list[str]) -> None:
    statuses = _at_once(visit, 100)
    assert len(evaluated) == 10
    assert sorted(statuses) == [422] * 10 + [429] * 90


def test_without_the_throttle_all_would_be(visit: Visit, evaluated: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(throttle, "count_try", lambda *_args, **_more: throttle.Try((), clock.now()))
    assert _at_once(visit, 30) == [422] * 30
    assert len(evaluated) == 30


def test_counting_and_forgetting_with_the_request_would_not_do(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: counted in the request's own transaction, a rolled back request would cost nothing."""
    from contextlib import nullcontext

    def burst() -> None:
        raise OSError

    monkeypatch.setattr(throttle, "transaction", lambda _scope: nullcontext())
    monkeypatch.setattr(passwords, "verify", lambda *_: burst())
    for _ in range(12):
        assert try_in(visit(), "client", world.SAM.email, WRONG).status == 500
    monkeypatch.undo()
    assert try_in(visit(), "client", world.SAM.email, WRONG).status == 422


def test_a_try_counts_even_if_the_request_breaks(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:

        def burst(*_: Any) -> None:
            raise OSError

        broken.setattr(passwords, "verify", burst)
        for _ in range(10):
            assert try_in(visit(), "client", world.SAM.email, WRONG).status == 500
    assert try_in(visit(), "client", world.SAM.email, world.PASSWORD).status == 429


def test_the_owner_gets_in_where_it_has_been_before(visit: Visit, evaluated: list[str]) -> None:
    """Strangers use up the account's budget; the right password still opens from a known browser."""
    owner = visit()
    assert sign_in(owner, world.SAM).status == 303
    owner.submit("/settings", "/auth/signout")
    _at_once(visit, 40)
    assert try_in(visit(), "client", world.SAM.email, world.PASSWORD).status == 429
    assert sign_in(owner, world.SAM).status == 303
    assert world.PASSWORD in evaluated


def test_a_known_browser_has_a_budget_too(visit: Visit, evaluated: list[str]) -> None:
    owner = visit()
    sign_in(owner, world.SAM)
    owner.submit("/settings", "/auth/signout")
    evaluated.clear()
    statuses = [sign_in(owner, world.SAM, WRONG).status for _ in range(13)]
    assert statuses == [422] * 10 + [429] * 3
    assert len(evaluated) == 10
    assert sign_in(visit(), world.SAM).status == 303, "the strangers' budget is another one"


def test_knowing_one_account_opens_no_budget_of_another(visit: Visit, evaluated: list[str]) -> None:
    fin = visit()
    sign_in(fin, world.FIN)
    fin.submit("/settings", "/auth/signout")
    _at_once(visit, 15)
    assert sign_in(fin, world.SAM).status == 429


def test_a_forged_device_is_nobodys(visit: Visit, evaluated: list[str]) -> None:
    owner = visit()
    sign_in(owner, world.SAM)
    real = owner.http.get_cookie("device", domain=owner.host).value
    _at_once(visit, 15)
    for value in (real[:-2] + "xx", "eyJhIjoxfQ.sig", "", "null", real.split(".")[0]):
        stranger = visit()
        stranger.http.set_cookie("device", value, domain=stranger.host)
        assert sign_in(stranger, world.SAM).status == 429


def test_right_ones_are_not_held_against_anybody(visit: Visit, evaluated: list[str]) -> None:
    """Thirty people behind one address, and one person with thirty browsers: what adds up is what failed."""
    assert [sign_in(visit(), world.SAM).status for _ in range(30)] == [303] * 30
    assert sign_in(visit(), world.SAM, WRONG).status == 422


def test_one_address_tries_so_many_accounts_and_no_more(visit: Visit, evaluated: list[str]) -> None:
    owner = visit()
    sign_in(owner, world.SAM)
    owner.submit("/settings", "/auth/signout")
    evaluated.clear()
    statuses = [try_in(visit(), "client", f"guess{number}@x.example", WRONG).status for number in range(53)]
    assert statuses == [422] * 50 + [429] * 3
    assert len(evaluated) == 50
    assert sign_in(visit(), world.FIN).status == 429
    assert sign_in(visit(), world.FIN, address="203.0.113.9").status == 303
    assert sign_in(owner, world.SAM).status == 303, "a known browser is not held to its neighbours' tries"


def test_refused_tries_prolong_nothing_and_use_up_nothing_else(
    visit: Visit, system: System, evaluated: list[str]
) -> None:
    for _ in range(60):
        try_in(visit(), "client", world.SAM.email, WRONG)
    with system() as session:
        assert sorted(len(tries) for tries in session.execute(select(Throttle.tries)).scalars()) == [10, 10]
        five_minutes = dt.timedelta(minutes=5)
        for row in session.execute(select(Throttle)).scalars():
            row.tries = [at - five_minutes for at in row.tries]
    assert sign_in(visit(), world.SAM).status == 303


def test_the_answer_says_how_long_to_wait(visit: Visit, evaluated: list[str]) -> None:
    for _ in range(10):
        try_in(visit(), "client", world.SAM.email, WRONG)
    page = try_in(visit(), "client", world.SAM.email, WRONG)
    assert page.status == 429
    assert 0 < int(page.headers["Retry-After"]) <= 300
    assert "Wait 5 minutes and try again." in page
    assert page.dom.select_one("#email")["value"] == world.SAM.email


def test_a_tenants_tries_are_its_own(visit: Visit, evaluated: list[str]) -> None:
    for _ in range(10):
        try_in(visit(host="summit"), "client", world.SAM.email, WRONG)
    assert sign_in(visit(), world.SAM).status == 303


def test_the_trail_tells_a_refusal_once_a_minute(visit: Visit, system: System, evaluated: list[str]) -> None:
    for _ in range(25):
        try_in(visit(), "client", world.SAM.email, WRONG)
    with system() as session:
        assert len(trail(session, "sign_in.failed")) == 10
        assert len(trail(session, "sign_in.throttled")) == 1
        session.execute(update(Throttle).values(told_at=clock.now() - dt.timedelta(seconds=61)))
    try_in(visit(), "client", world.SAM.email, WRONG)
    with system() as session:
        assert len(trail(session, "sign_in.throttled")) == 2


def test_keys_tell_nobody_whom_they_count(visit: Visit, system: System) -> None:
    try_in(visit(), "client", world.SAM.email, WRONG)
    with system() as session:
        keys = session.execute(select(Throttle.key)).scalars().all()
    assert len(keys) == 2
    assert all(len(key) == 64 and "sam" not in key and "127" not in key for key in keys)


class TestTheDoor:
    """`door.throttle` and `door.forgive` by themselves."""

    LIMITS = ((3, dt.timedelta(seconds=10)), (5, dt.timedelta(seconds=60)))
    START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def _try(self, second: float, key: str = "k") -> float:
        return doors.throttle(key, limits=self.LIMITS, at=self.START + dt.timedelta(seconds=second))[0]

    def test_no_window_however_placed_holds_more_than_its_limit(self, system: System) -> None:
        with system():
            let_in = [second / 2 for second in range(600) if self._try(second / 2) == 0]
        for limit, window in self.LIMITS:
            for begin in let_in:
                inside = [at for at in let_in if begin <= at < begin + window.total_seconds()]
                assert len(inside) <= limit
        assert len(let_in) == 25, "and as many as the longer window allows"

    def test_the_wait_is_what_it_takes(self, system: System) -> None:
        with system():
            assert [self._try(second) for second in (0, 1, 2)] == [0, 0, 0]
            assert self._try(4) == 6
            assert self._try(9.5) == 0.5
            assert self._try(10) == 0
            assert self._try(11) == 0
            assert self._try(12) == 48, "five in the minute"

    def test_one_try_is_taken_back_and_no_other(self, system: System) -> None:
        with system() as session:
            for second in (0, 1, 2):
                self._try(second)
            doors.forgive("k", at=self.START + dt.timedelta(seconds=1))
            doors.forgive("k", at=self.START + dt.timedelta(seconds=7))
            doors.forgive("another", at=self.START)
            tries = session.execute(select(Throttle.tries)).scalar_one()
            assert tries == [self.START + dt.timedelta(seconds=second) for second in (2, 0)]
            assert self._try(3) == 0
            assert self._try(3.5) == 6.5

    def test_old_counts_are_removed(self, system: System) -> None:
        with system() as session:
            self._try(0, "old")
            self._try(3000, "young")
            throttle.remove_old_counts(self.START + dt.timedelta(days=1, seconds=1))
            assert session.execute(select(Throttle.key)).scalars().all() == ["young"]
            assert session.execute(select(func.count()).select_from(Throttle)).scalar_one() == 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_an_address_stands_for_all_that_one_visitor_has(address: str, network: str) -> None:
    assert throttle.network(address) == network
