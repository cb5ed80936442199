"""A Valkey server of our own (what Redis was before its licence changed), from the wheel's program."""

from __future__ import annotations

import json
import secrets
import signal
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import redis

from portal.launcher import place, spawn
from portal.launcher.spawn import LOOPBACK, Child, LaunchError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START_PATIENCE = 20.0
STOP_PATIENCE = 10.0
LOOK_EVERY = 0.02
DATABASES = 64
"""One for each test process and to spare."""


@dataclass(frozen=True)
class _Plan:
    """All that a server is started from, but its port."""

    program: Path
    account: place.Account | None
    log: Path
    settings: Mapping[str, str]
    password: str = field(repr=False)

    def url(self, port: int, number: int = 0) -> str:
        """The address of one of its databases."""
        return f"redis://:{self.password}@{LOOPBACK}:{port}/{number}"


@dataclass
class Server:
    """A running server."""

    plan: _Plan
    port: int
    child: Child

    @property
    def url(self) -> str:
        """The address of database 0."""
        return self.plan.url(self.port)

    @property
    def is_running(self) -> bool:
        """Whether it still lives."""
        return self.child.is_running

    def stop(self) -> None:
        """End it in good order; a durable one writes its data first."""
        self.child.end(signal.SIGTERM, patience=STOP_PATIENCE)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.child.end(signal.SIGKILL, patience=STOP_PATIENCE)

    def restart(self) -> None:
        """Start it at the same port once more, after `stop`, `kill` or its own death."""
        self.child = _serve(self.plan, self.port)


def start(
    data_dir: Path,
    *,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
    durable: bool = True,
) -> Server:
    """Start a server on loopback; its log lies beside `data_dir`.

    A durable one keeps its data over a stop. The password is new at each start and
    is told on standard input, never on a command line. Raises LaunchError.
    """
    data_dir = data_dir.absolute()
    who = place.account()
    folder = place.data_folder(data_dir, who)
    own = {
        "bind": LOOPBACK,
        "dir": json.dumps(str(folder)),
        "databases": str(DATABASES),
        "save": "60 1" if durable else '""',
        "maxmemory-policy": "noeviction",
    }
    plan = _Plan(
        program=place.valkey_program(who),
        account=who,
        log=data_dir.with_name(data_dir.name + ".log"),
        settings=own | dict(settings or {}),
        password=secrets.token_urlsafe(24),
    )
    number, child = spawn.at_a_port(port, partial(_serve, plan))
    return Server(plan, number, child)


def _serve(plan: _Plan, port: int) -> Child:
    """Start the server and wait until it answers."""
    lines = {**plan.settings, "port": str(port), "requirepass": plan.password}
    text = "".join(f"{name} {value}\n" for name, value in lines.items()).encode()
    child = spawn.start(
        "valkey", [plan.program, "-"], dies_by=signal.SIGTERM, account=plan.account, log=plan.log, text=text
    )
    give_up_at = time.monotonic() + START_PATIENCE
    with redis.Redis.from_url(plan.url(port)) as client:
        while child.is_running and time.monotonic() < give_up_at:
            try:
                client.ping()
            except (redis.ConnectionError, redis.ResponseError):
                time.sleep(LOOK_EVERY)
            else:
                return child
    child.end(signal.SIGTERM, patience=STOP_PATIENCE)
    message = f"Valkey did not start; the end of {plan.log}:\n{spawn.tail(plan.log)}"
    raise LaunchError(message)
