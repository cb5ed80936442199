"""A gunicorn as it runs in production and under `make run`, and bytes sent to it that no client library would send."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.launcher import spawn
from portal.settings import ROOT
from tests import databases
from tests.databases import Database

PATIENCE = 60


@contextmanager
def web_server(database: Database, redis_url: str, folder: Path) -> Iterator[int]:
    """One worker on this database; the port it listens at on 127.0.0.1. `folder` takes its log."""
    number, log = spawn.free_port(), folder / "log"
    environ = databases.environment(database, redis_url, str(folder))
    environ |= {"PORT": str(number), "WEB_CONCURRENCY": "1"}
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn"], cwd=ROOT, env=os.environ | environ, stdout=file, stderr=file
        )
        try:
            _wait_for(process, number, log)
            yield number
        finally:
            process.terminate()
            process.wait(30)


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


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log.read_text()
        try:
            if b"200 OK" in said(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):
                return
        except OSError:
            time.sleep(0.2)
        assert time.monotonic() < give_up_at, log.read_text()
