"""Real servers and real worker trees that may be killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import redis
from psycopg import sql

from portal.core.tenancy import roles
from portal.launcher import postgres, valkey
from portal.settings import ROOT
from tests import databases
from tests.databases import Database

HURRIED: dict[str, float] = {
    "first_delay": 0.2,
    "growth": 1.4,
    "longest_delay": 1.5,
    "lease_margin": 1.5,
    "hard_after": 0.3,
    "monitor_every": 1,
    "requeue_after": 2.0,
    "poll_every": 0.3,
    "schedule_lease": 2.0,
    "drain": 4.0,
}
"""Waiting times of seconds, in the same proportions as the product's."""


PASSWORD = "of-servers-that-live-for-minutes"


class OwnDatabase(Database):
    """A database on a server of the fault tests' own."""

    @property
    def app_url(self) -> str:
        return roles.address(self.admin_url, user=roles.APP, password=PASSWORD, database=self.name)

    @property
    def owner_url(self) -> str:
        return roles.address(self.admin_url, user=roles.OWNER, password=PASSWORD, database=self.name)


def copied(template: OwnDatabase, name: str) -> OwnDatabase:
    """A copy of a template; with connections that are not kept, since these servers come and go."""
    with psycopg.connect(template.admin_url, autocommit=True) as connection:
        for statement in (
            "CREATE DATABASE {name} TEMPLATE {template} OWNER portal_owner",
            "REVOKE ALL ON DATABASE {name} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {name} TO portal_app",
        ):
            names = {"name": sql.Identifier(name), "template": sql.Identifier(template.name)}
            connection.execute(sql.SQL(statement).format(**names))
    return OwnDatabase(template.admin_url, name)


def dropped(database: OwnDatabase) -> None:
    """Remove a database, whoever is signed in to it."""
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database.name)))


def until(is_true: Callable[[], Any], *, within: float, what: str = "") -> float:
    """Wait; the seconds it took. Raises AssertionError when time is up."""
    started = time.monotonic()
    while time.monotonic() - started < within:
        if is_true():
            return time.monotonic() - started
        time.sleep(0.1)
    message = f"not within {within} s: {what or is_true}"
    raise AssertionError(message)


@dataclass
class Tree:
    """One `worker.py` and all below it."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def root(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def members(self) -> list[psutil.Process]:
        """All processes of the tree, the root first; dying ones are left out."""
        try:
            found = [self.root, *self.root.children(recursive=True)]
            return [one for one in found if one.status() != psutil.STATUS_ZOMBIE]
        except psutil.Error:
            return []

    def relay_and_workers(self) -> list[psutil.Process]:
        """The supervisor's own children."""
        with contextlib.suppress(psutil.Error):
            return self.root.children()
        return []

    def horses(self) -> list[psutil.Process]:
        """The processes that run jobs right now."""
        found = []
        for child in self.relay_and_workers():
            with contextlib.suppress(psutil.Error):
                found += child.children()
        return found

    def stop(self, *, within: float = 20) -> int:
        """Ask it to end, as a service manager does."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)

    def kill(self) -> None:
        """End it without a word."""
        self.process.kill()
        self.process.wait(10)

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None


@dataclass
class Rig:
    """A PostgreSQL, a Valkey, a database and any number of trees."""

    database: OwnDatabase
    postgres: postgres.Server
    valkey: valkey.Server
    folder: Path
    trees: list[Tree] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)
    watch: psycopg.Connection[Any] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a process on this rig."""
        own = databases.environment(self.database, self.valkey.url, str(self.folder / "var"))
        own |= {"LOG_LEVEL": "INFO", "WORKERS": "2", "PORTAL_TEST_DISARMED": str(self.folder / "disarmed")}
        return own | self.more

    def tree(self, *, times: dict[str, float] | None = HURRIED, **environ: str) -> Tree:
        """Start one more tree; `times` None means the product's own waiting times."""
        import json

        log = self.folder / f"tree-{len(self.trees)}.log"
        own = self.environment | environ
        if times is not None:
            own["PORTAL_TEST_TIMES"] = json.dumps(times)
        with log.open("ab") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.hurried_worker"], cwd=ROOT, env=own, stdout=file, stderr=file
            )
        started = Tree(process, log)
        self.trees.append(started)
        return started

    def started(self, *trees: Tree, within: float = 150) -> None:
        """Wait until relay and workers of these trees are up and known to Redis."""

        def are_up() -> bool:
            return all(len(tree.relay_and_workers()) >= 3 for tree in trees) and self.workers_known() >= 2 * len(trees)

        until(are_up, within=within, what=f"trees up: {[tree.log.read_text()[-1500:] for tree in trees]}")

    def workers_known(self) -> int:
        """How many workers RQ has registered."""
        with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.valkey.url) as client:
            return int(client.scard("rq:workers"))
        return 0

    @contextlib.contextmanager
    def rows(self) -> Iterator[psycopg.Connection[Any]]:
        """The database as its superuser sees it."""
        with psycopg.connect(
            self.database.superuser_url, autocommit=True, row_factory=psycopg.rows.dict_row
        ) as connection:
            yield connection

    def count(self, query: str, *values: object) -> int:
        """The number that a query comes to; -1 while the database is away."""
        try:
            if self.watch is None or self.watch.closed:
                self.watch = psycopg.connect(
                    self.database.superuser_url, autocommit=True, row_factory=psycopg.rows.dict_row
                )
            row = self.watch.execute(query, values or None).fetchone()  # type: ignore[arg-type]
        except psycopg.OperationalError:
            self.unwatch()
            return -1
        return int(next(iter(row.values()))) if row else 0

    def unwatch(self) -> None:
        """Give up the connection that counts."""
        if self.watch is not None:
            self.watch.close()
            self.watch = None

    def settled(self, *, within: float) -> float:
        """Wait until no delivery is open and nobody works any more (a late second run counts!); the seconds it took."""
        open_ones = "SELECT count(*) FROM deliveries WHERE state = 'open'"
        took = until(lambda: self.count(open_ones) == 0, within=within, what="every delivery settled")
        until(lambda: not any(tree.horses() for tree in self.trees), within=60, what="nobody works any more")
        return took

    def close(self) -> None:
        """Kill what is left."""
        self.unwatch()
        for tree in self.trees:
            if tree.is_running:
                tree.kill()


def kill_quietly(process: psutil.Process) -> bool:
    """SIGKILL; False where it was gone already."""
    try:
        os.kill(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
