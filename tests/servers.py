"""The PostgreSQL and Valkey that the tests run against, started once for all test processes.

The process that the person started (with xdist: the controller) calls `start`
before any worker exists and hands the addresses on through the environment.
DATABASE_URL with an administrator's role and REDIS_URL are used where set.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from portal.core.tenancy import roles
from portal.launcher import embedded, place, postgres, valkey
from portal.launcher.home import Home

ADMIN = "PORTAL_TEST_ADMIN_URL"
OWNER = "PORTAL_TEST_OWNER_URL"
APP = "PORTAL_TEST_APP_URL"
REDIS = "PORTAL_TEST_REDIS_URL"
BASE_DATABASE = "portal_test"
MEMORY = Path("/dev/shm")  # noqa: S108  # locked and emptied below; nobody else's
PLENTY = 4 * 1024**3
"""Bytes: the copies take a few hundred megabytes, the write-ahead log up to one gigabyte."""


@dataclass(frozen=True)
class Servers:
    """Addresses; use `database` and `redis` to get at a test process's own share."""

    admin_url: str
    owner_url: str
    app_url: str
    redis_url: str

    def owner(self, database: str) -> str:
        return roles.address(self.owner_url, database=database)

    def app(self, database: str) -> str:
        return roles.address(self.app_url, database=database)

    def admin(self, database: str = "postgres") -> str:
        return roles.address(self.admin_url, database=database)

    def redis(self, number: int) -> str:
        """A database of the server's 64 (16 on a foreign server) for one test process."""
        return urlsplit(self.redis_url)._replace(path=f"/{number}").geturl()


_running: list[postgres.Server | valkey.Server] = []
_slot: list[tuple[int, Path]] = []


def start() -> None:
    """Start what isn't given and export the addresses. A second call does nothing."""
    if ADMIN in os.environ:
        return
    admin = _given_admin()
    if admin is None:
        server = postgres.start(_folder() / "postgres", durable=False)
        _running.append(server)
        admin = server.url_admin
    redis_url = os.environ.get("REDIS_URL")
    if not redis_url:
        cache = valkey.start(_folder() / "valkey", durable=False)
        _running.append(cache)
        redis_url = cache.url
    made = embedded.prepared(admin, Home(embedded.var_dir(os.environ)), database=BASE_DATABASE)
    os.environ |= {ADMIN: admin, OWNER: made["DATABASE_OWNER_URL"], APP: made["DATABASE_URL"], REDIS: redis_url}


def stop() -> None:
    """End what `start` started and remove its data."""
    while _running:
        _running.pop().kill()
    while _slot:
        lock, folder = _slot.pop()
        _empty(folder)
        os.close(lock)


def running() -> Servers:
    """The session's servers, in whichever test process we are."""
    environ = os.environ
    return Servers(environ[ADMIN], environ[OWNER], environ[APP], environ[REDIS])


def older_postgres() -> Path | None:
    """The programs of the oldest PostgreSQL from 15 on that the system has, for tests beside the embedded newest."""
    for major in range(15, 19):
        for folder in (Path(f"/usr/lib/postgresql/{major}/bin"), Path(f"/opt/homebrew/opt/postgresql@{major}/bin")):
            if (folder / "postgres").exists():
                return folder
    return None


def _given_admin() -> str | None:
    """DATABASE_URL where its role can make test databases; None (and a word why) where it can't."""
    url = os.environ.get("DATABASE_URL")
    if url and not roles.is_admin(url):
        sys.stderr.write("DATABASE_URL's role can't create roles: the tests take an embedded PostgreSQL instead\n")
        return None
    return url or None


def _folder() -> Path:
    """A folder of this session's own; sessions side by side get different ones, dead ones' are used again."""
    if _slot:
        return _slot[0][1]
    base = _base()
    base.mkdir(parents=True, exist_ok=True)
    number = 0
    while True:
        lock = os.open(base / f"{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            number += 1
        else:
            break
    folder = base / str(number)
    _empty(folder)
    folder.mkdir()
    _slot.append((lock, folder))
    return folder


def _base() -> Path:
    """Where the servers' data lies: in memory where there is plenty, because each test copies some 700 small files."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > PLENTY:
        return MEMORY / f"portal-tests-{os.getuid()}"
    return embedded.var_dir(os.environ) / "test-servers"


def _empty(folder: Path) -> None:
    for name in ("postgres", "valkey"):
        place.discard(folder / name)
    shutil.rmtree(folder, ignore_errors=True)
