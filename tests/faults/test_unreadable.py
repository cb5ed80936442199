"""Bytes that are no request get an answer of the server itself: as well guarded as every other, and quoting nothing."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.core.web.headers import CONTENT_SECURITY_POLICY
from portal.launcher import spawn
from portal.settings import ROOT
from tests import databases
from tests.databases import Database

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
    """A gunicorn as it runs in production and under `make run`."""
    folder = tmp_path_factory.mktemp("unreadable")
    number = spawn.free_port()
    database = databases.copied(Database(admin_url, databases.EMPTY), f"portal_unreadable_{os.getpid()}")
    environ = databases.environment(database, redis_url, str(folder))
    environ |= {"PORT": str(number), "WEB_CONCURRENCY": "1"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"], cwd=ROOT, env=os.environ | environ, stdout=log, stderr=log
        )
        try:
            wait_for(process, number, folder / "log")
            yield number
        finally:
            process.terminate()
            process.wait(30)
            databases.drop(database)


def wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up_at = time.monotonic() + 60
    while True:
        assert process.poll() is None, log.read_text()
        try:
            if b"200 OK" in said(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):
                return
        except OSError:
            time.sleep(0.2)
        assert time.monotonic() < give_up_at, log.read_text()


def said(port: int, sent: bytes) -> bytes:
    """What comes back for these bytes until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionResetError:  # it hung up with bytes of ours unread
            pass
        return answer


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
