"""Bytes that are no request get an answer of the server itself: as well guarded as every other, and quoting nothing."""

import os
from collections.abc import Iterator

import pytest

from portal.core.web.headers import CONTENT_SECURITY_POLICY
from tests import databases
from tests.databases import Database
from tests.faults.web_server import said, web_server

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]
UNREADABLE = {
    "no request line": (b"<script>spell</script>\r\n\r\n", 400),
    "a line too long": (b"GET /" + b"spell" * 2000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "a header too long": (b"GET / HTTP/1.1\r\nHost: a\r\nX-Spell: " + b"spell" * 4000 + b"\r\n\r\n", 431),
    "a header without a name": (b"GET / HTTP/1.1\r\nHost: a\r\n: spell\r\n\r\n", 400),
    "an unknown coding": (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: spell\r\n\r\n", 501),
}


@pytest.fixture(scope="module")
def port(admin_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where it listens."""
    database = databases.copied(Database(admin_url, databases.EMPTY), f"portal_unreadable_{os.getpid()}")
    with web_server(database, redis_url, tmp_path_factory.mktemp("unreadable")) as number:
        yield number
    databases.drop(database)


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_request_is_answered_under_the_policy(port: int, name: str) -> None:
    sent, status = UNREADABLE[name]

    head, _, body = said(port, sent).decode("latin-1").partition("\r\n\r\n")

    first, *lines = head.split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    assert first.startswith(f"HTTP/1.1 {status} ")
    assert "spell" not in head + body
    assert body == first.removeprefix("HTTP/1.1 ") + "\n"
    assert int(fields["Content-Length"]) == len(body)
    assert fields["Content-Type"] == "text/plain; charset=utf-8"
    assert fields["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert fields["X-Content-Type-Options"] == "nosniff"
    assert fields["Cache-Control"] == "no-store"
    assert fields["Referrer-Policy"] == "same-origin"
    assert fields["Connection"] == "close"
