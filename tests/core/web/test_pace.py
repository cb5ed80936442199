"""Floods are told to wait, whoever sends little isn't; a Redis that is away holds nobody up. On a Valkey of its own."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis
import structlog
from flask import Flask

from portal.core.tenancy import doors
from portal.core.web import pace
from portal.launcher import valkey
from portal.settings import SettingsError, read
from tests import databases
from tests.identity.steps import token_of
from tests.pages import Visitor
from tests.world import DANA, SAM

Paced = Callable[..., None]
Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[valkey.Server]:
    server = valkey.start(tmp_path_factory.mktemp("pace") / "valkey", durable=False)
    yield server
    server.kill()


@pytest.fixture
def paced(app: Flask, own_valkey: valkey.Server, monkeypatch: pytest.MonkeyPatch) -> Paced:
    """`paced(address=…, session=…)`: so many requests a minute from now on."""
    with redis.Redis.from_url(own_valkey.url) as client:
        client.flushall()
    pace._counter.cache_clear()

    def limit(*, address: int = 0, session: int = 0, url: str = own_valkey.url) -> None:
        now = app.extensions["settings"]
        settings = replace(now, redis_url=url, requests_per_address=address, requests_per_session=session)
        monkeypatch.setitem(app.extensions, "settings", settings)

    return limit


def get(who: Visitor, path: str = "/settings", address: str = "192.0.2.1", **more: Any) -> Any:
    return who.get(path, environ_overrides={"REMOTE_ADDR": address}, **more)


def test_an_address_may_send_so_many_and_is_told_when_to_come_again(visit: Visit, paced: Paced) -> None:
    paced(address=3)
    assert [get(visit(), "/auth/client-portal/signin").status for _ in range(3)] == [200] * 3
    page = get(visit(), "/auth/client-portal/signin")
    assert page.status == 429
    assert 0 < int(page.headers["Retry-After"]) <= 60
    assert "That was a lot in a short time" in page
    assert get(visit(), "/nowhere").status == 429, "what isn't there counts as well"
    assert get(visit(), "/auth/client-portal/signin", address="192.0.2.2").status == 200
    assert "That was a lot" in get(visit(), "/auth/client-portal/signin", part=True)


def test_a_session_may_send_so_many_wherever_it_is(visit: Visit, paced: Paced) -> None:
    sam, dana = visit(SAM), visit(DANA)
    paced(session=2)
    answers = [get(sam, address=f"192.0.2.{number}").status for number in range(4)]
    assert answers == [200, 200, 429, 429]
    assert get(dana).status == 200
    assert get(visit(), "/auth/client-portal/signin").status == 200


def test_made_up_sessions_do_not_get_past_the_addresses_limit(visit: Visit, paced: Paced) -> None:
    paced(address=3, session=2)
    answers = []
    for number in range(5):
        who = visit()
        who.http.set_cookie("session", f"{number}" * 43, domain=who.host)
        answers.append(get(who).status)
    assert answers == [303] * 3 + [429] * 2


def test_it_ends_with_its_minute_and_refusals_prolong_nothing(
    visit: Visit, paced: Paced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "SECONDS", 1)
    paced(address=1)
    assert get(visit(), "/auth/client-portal/signin").status == 200
    began = time.monotonic()
    while get(visit(), "/auth/client-portal/signin").status == 429:
        assert time.monotonic() - began < 10
        time.sleep(0.1)
    assert time.monotonic() - began < 5


def test_what_machines_ask_is_not_counted(visit: Visit, paced: Paced) -> None:
    paced(address=1)
    assert [get(visit(), "/healthz").status for _ in range(5)] == [200] * 5


def test_many_at_once_are_counted_exactly(visit: Visit, paced: Paced) -> None:
    paced(address=10)
    visitors = [visit() for _ in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda who: get(who, "/auth/client-portal/signin").status, visitors))
    assert sorted(answers) == [200] * 10 + [429] * 30


def test_it_is_one_round_trip_before_the_database_is_asked(
    app: Flask, visit: Visit, paced: Paced, own_valkey: valkey.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = visit(SAM)
    paced(address=5, session=2)
    get(sam)  # the script is known from here on
    with redis.Redis.from_url(own_valkey.url) as client:
        before = client.info("commandstats")
        get(sam)
        after = client.info("commandstats")
        keys = b" ".join(client.scan_iter("*"))
    calls = {name: after[name]["calls"] - before.get(name, {"calls": 0})["calls"] for name in after}
    assert calls["cmdstat_evalsha"] == 1
    assert calls.get("cmdstat_eval", 0) == calls.get("cmdstat_script|load", 0) == 0
    assert b"192.0.2" not in keys
    assert (token_of(sam, "client") or "").encode() not in keys
    asked: list[str] = []
    monkeypatch.setattr(doors, "enter", lambda **_: asked.append("the database"))
    assert get(sam).status == 429
    assert asked == []


def test_without_redis_everybody_is_let_in_and_the_log_says_it_once(
    visit: Visit, paced: Paced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = valkey.start(tmp_path / "valkey", durable=False)
    paced(address=1, url=server.url)
    assert get(visit(), "/auth/client-portal/signin").status == 200
    assert get(visit(), "/auth/client-portal/signin").status == 429
    server.kill()
    monkeypatch.setattr(pace, "PAUSE", 0.0)
    with structlog.testing.capture_logs() as told:
        answers = [get(visit(), "/auth/client-portal/signin").status for _ in range(5)]
    assert answers == [200] * 5
    assert [each["event"] for each in told if "counted" in each["event"]] == ["requests not counted"]
    server.restart()
    try:
        assert get(visit(), "/auth/client-portal/signin").status == 200
        assert get(visit(), "/auth/client-portal/signin").status == 429
    finally:
        server.kill()


def test_a_redis_that_is_silent_is_not_asked_at_every_request(
    visit: Visit, paced: Paced, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where packets are dropped, each try costs its patience."""
    tries: list[float] = []

    def silent(*_: Any, **__: Any) -> None:
        tries.append(time.monotonic())
        raise redis.TimeoutError

    paced(address=1)
    counter = pace._counter(f"{read_url(visit)}")
    monkeypatch.setattr(counter, "_hit", silent)
    assert [get(visit(), "/auth/client-portal/signin").status for _ in range(5)] == [200] * 5
    assert len(tries) == 1


def read_url(visit: Visit) -> str:
    """The address of the Valkey that counts at the moment."""
    url: str = visit().app.extensions["settings"].redis_url
    return url


def test_the_numbers_are_settings(admin_url: str) -> None:
    environ = databases.environment(databases.Database(admin_url, "none"), "redis://localhost:1/0", "var")
    usual = read(environ)
    assert (usual.requests_per_address, usual.requests_per_session) == (0, 0)
    set_ = read(environ | {"REQUESTS_PER_ADDRESS": "50", "REQUESTS_PER_SESSION": "7"})
    assert (set_.requests_per_address, set_.requests_per_session) == (50, 7)
    for wrong in ("-1", "many", "1e3"):
        with pytest.raises(SettingsError, match="REQUESTS_PER_SESSION"):
            read(environ | {"REQUESTS_PER_SESSION": wrong})
