"""Log lines: one an event, JSON, with ids, without secrets, impossible to forge."""

import io
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
import structlog
from flask import Flask, abort
from hypothesis import given
from hypothesis import strategies as st

from portal.core import logs, redact

if TYPE_CHECKING:
    from portal.settings import Settings

log = structlog.get_logger("portal.test")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    root = logging.getLogger()
    level = root.level
    logs.configure(cast("Settings", SimpleNamespace(log_level="INFO", is_production=False)))
    yield written
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()
    root.setLevel(level)
    for one in [one for one in root.handlers if one.name == "portal-json"]:
        root.removeHandler(one)


def events(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_ours_and_the_libraries_lines_look_alike(lines: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(request_id="r-1", tenant_id="t-1")
    log.info("ticket opened", number=1042)
    logging.getLogger("some.library").warning("slow: %s", "dns", extra={"host": "db"})
    ours, theirs = events(lines)
    assert (ours["event"], ours["number"], ours["logger"], ours["level"]) == (
        "ticket opened", 1042, "portal.test", "info",
    )  # fmt: skip
    assert (theirs["event"], theirs["host"], theirs["level"]) == ("slow: dns", "db", "warning")
    for line in (ours, theirs):
        assert line["request_id"] == "r-1"
        assert line["tenant_id"] == "t-1"
        assert line["at"].endswith("Z")


def test_below_the_level_is_silent(lines: io.StringIO) -> None:
    log.debug("chatter")
    logging.getLogger("some.library").debug("chatter")
    assert events(lines) == []


def test_configuring_twice_writes_once(lines: io.StringIO) -> None:
    logs.configure(cast("Settings", SimpleNamespace(log_level="INFO", is_production=False)))
    assert [one.name for one in logging.getLogger().handlers].count("portal-json") == 1


def test_a_text_cannot_forge_a_line(lines: io.StringIO) -> None:
    evil = 'x\r\n{"event": "signed in"}\x1b[2J\x00\u2028\u202e\x85'
    log.info("subject", subject=evil, **{"field\nname": "x"})
    logging.getLogger("x").info(evil)
    written = lines.getvalue()
    assert written.isascii()
    assert written.count("\n") == 2
    assert not any(ord(c) < 32 for c in written.replace("\n", ""))
    assert events(lines)[0]["subject"] == evil


@pytest.mark.parametrize(
    "name",
    ["password", "new_password", "Passwd", "csrf_token", "token", "Authorization", "Cookie", "Set-Cookie", "api_key",
     "apikey", "client_secret", "SECRET_KEYS", "ENCRYPTION_KEYS", "totp", "otp_code", "recovery_codes", "tax_id",
     "stripe_signature", "sentry_dsn", "private_key", "session_token"],
)  # fmt: skip
def test_secret_fields_are_hidden_at_any_depth(lines: io.StringIO, name: str) -> None:
    log.info("x", **{name: "hunter2-hunter2"})
    log.info("x", request={"headers": [{name: "hunter2-hunter2"}]})
    logging.getLogger("x").info("x", extra={name: ("hunter2-hunter2",)})
    assert "hunter2" not in lines.getvalue()
    assert len(events(lines)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "connect to postgresql://portal_app:hunter2-hunter2@db/portal failed",
        "smtp://user:hunter2-hunter2@mail:587",
        "redis://:hunter2-hunter2@cache/0",
        "Authorization: Bearer hunter2-hunter2",
        "authorization: basic aHVudGVyMi1odW50ZXIy0",
        "GET /x?token=hunter2-hunter2&page=2",
        "GET /x?a=1&access_token=hunter2-hunter2",
        "Cookie: __Host-session=hunter2-hunter2; theme=dark",
        "cookie 'msp=hunter2-hunter2'",
        '{"password": "hunter2-hunter2"}',
        "{'csrf_token': 'hunter2-hunter2'}",
        "password=hunter2-hunter2",
        "sk_live_hunter2hunter2",
        "sk_test_hunter2hunter2",
        "whsec_hunter2hunter2",
        "eyJhbGciOiJI.eyJzdWIiOiIx.hunter2-hunter2",
        "$argon2id$v=19$m=65536,t=3,p=4$hunter2$hunter2",
        "1.0a1b2c3d.hunter2hunter2hunter2hunter2",
        "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2",
        "DETAIL:  Key (tenant_id, email_key)=(1, hunter2@example.com) already exists.",
        "DETAIL:  Failing row contains (1, hunter2, null).",
    ],
)
def test_what_looks_secret_is_hidden_anywhere(lines: io.StringIO, text: str) -> None:
    log.info("x", note=text, more=[{"deep": text}])
    log.info(text)
    logging.getLogger("x").warning("got %s", text)
    log.error("failed", exc_info=RuntimeError(text))
    written = lines.getvalue()
    assert "hunter2" not in written
    assert "aHVudGVyMi" not in written
    assert len(events(lines)) == 4


@pytest.mark.parametrize(
    "text",
    ["Mail is slow", "Passwords are hard", "see https://example.com/a?page=2", "ticket 1042: 3 comments",
     "user 0198c2f4-0000-7000-8000-000000000000", "1.5 hours", "Jürgen schrieb: „geht nicht“"],
)  # fmt: skip
def test_ordinary_words_stay(text: str) -> None:
    assert redact.text(text) == text


def test_an_exception_is_one_line_with_its_trace(lines: io.StringIO) -> None:
    try:
        int("broken")
    except ValueError:
        log.exception("failed", number=1)
    [line] = events(lines)
    assert "Traceback" in line["exception"]
    assert "ValueError: invalid literal" in line["exception"]


def test_long_and_deep_things_are_cut(lines: io.StringIO) -> None:
    deep: list[Any] = []
    deep.append(deep)
    log.info("x", text="y" * 1_000_000, deep=deep, many=list(range(10_000)), raw=b"\x00" * 50)
    [line] = events(lines)
    assert len(lines.getvalue()) < 10_000
    assert line["raw"] == "[50 bytes]"


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
))  # fmt: skip
def test_whatever_is_logged_is_one_json_line(given: Any) -> None:
    line = logs.rendered(None, "info", logs.cleaned(None, "info", {"event": "x", "given": given}))
    assert "\n" not in line
    assert line.isascii()
    assert json.loads(line)["event"] == "x"


def app() -> Flask:
    made = Flask("test")
    logs.register(made)
    made.add_url_rule("/tickets/<int:number>", "ticket", lambda number: f"ticket {number}")
    made.add_url_rule("/pay/<token>", "pay", lambda token: f"paid {len(token)}")
    made.add_url_rule("/healthz", "healthz", lambda: "ok")
    made.add_url_rule("/fault", "fault", lambda: abort(500))
    return made


def test_each_request_writes_one_line(lines: io.StringIO) -> None:
    client = app().test_client()
    client.get("/tickets/7?token=hunter2-hunter2&q=canary")
    [line] = events(lines)
    assert (line["method"], line["route"], line["path"], line["status"], line["bytes"]) == (
        "GET", "/tickets/<int:number>", "/tickets/7", 200, 8,
    )  # fmt: skip
    assert line["ms"] >= 0
    assert len(line["request_id"]) == 32
    assert "canary" not in lines.getvalue()


def test_every_request_has_its_own_number(lines: io.StringIO) -> None:
    client = app().test_client()
    for _ in range(3):
        client.get("/tickets/7")
    assert len({line["request_id"] for line in events(lines)}) == 3


def test_secrets_in_addresses_are_left_out(lines: io.StringIO) -> None:
    app().test_client().get("/pay/hunter2")
    [line] = events(lines)
    assert line["route"] == "/pay/<token>"
    assert line["path"] is None
    assert "hunter2" not in lines.getvalue()


def test_probes_are_silent_and_faults_are_not(lines: io.StringIO) -> None:
    client = app().test_client()
    client.get("/healthz")
    client.get("/fault")
    client.get("/nowhere")
    assert [line["status"] for line in events(lines)] == [500, 404]


def test_nothing_of_one_request_is_left_for_the_next(lines: io.StringIO) -> None:
    client = app().test_client()
    client.get("/tickets/7")
    assert structlog.contextvars.get_contextvars() == {}
    log.info("between")
    assert "request_id" not in events(lines)[-1]
