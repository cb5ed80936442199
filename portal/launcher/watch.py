"""Keeps web, worker and servers alive while `make run` stays, and ends them in order."""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from portal.launcher.spawn import Child, LaunchError, tail

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.launcher.embedded import Servers

LOOK_EVERY = 0.3
GIVE_UP_AFTER = 5
"""Deaths within FORGET_AFTER seconds after which starting again is no use."""
FORGET_AFTER = 60.0
UNFIT = 78
"""Exit code of a program that refused to start: starting it again would change nothing."""


@dataclass
class _Post:
    """A program that has to be there, and when it died."""

    name: str
    begin: Callable[[], Child]
    patience: float
    child: Child
    deaths: list[float] = field(default_factory=list)


class Watch:
    """What runs under `make run`. `look` restarts what died, or raises LaunchError where it keeps dying."""

    def __init__(self, servers: Servers) -> None:
        """Watch the servers that we started; programs come by `add`."""
        self._servers = servers
        self._posts: list[_Post] = []
        self._server_deaths: list[float] = []

    def add(self, name: str, begin: Callable[[], Child], *, patience: float) -> None:
        """Start a program and keep it running; at the end it gets `patience` seconds."""
        self._posts.append(_Post(name, begin, patience, begin()))

    def stay(self) -> int:
        """Look after everything for as long as we live."""
        while True:
            self.look()
            time.sleep(LOOK_EVERY)

    def look(self) -> None:
        """Start again what died. Raises LaunchError."""
        for server in (self._servers.postgres, self._servers.valkey):
            if server is not None and not server.is_running:
                self._mourn(server.child, self._server_deaths)
                server.restart()
        for post in self._posts:
            if not post.child.is_running:
                self._mourn(post.child, post.deaths)
                post.child = post.begin()

    def _mourn(self, child: Child, deaths: list[float]) -> None:
        """Say that it died; raise LaunchError where it did so too often."""
        code = child.process.returncode
        how = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with code {code}"
        now = time.monotonic()
        deaths[:] = [moment for moment in deaths if now - moment < FORGET_AFTER] + [now]
        if code == UNFIT or len(deaths) >= GIVE_UP_AFTER:
            message = f"{child.name} {how}; stopping everything. The end of {child.log}:\n{tail(child.log)}"
            raise LaunchError(message)
        sys.stderr.write(f"make run: {child.name} {how}; starting it again (see {child.log})\n")

    def end(self) -> None:
        """End web, then worker; requests and jobs under way get their time."""
        for post in reversed(self._posts):
            post.child.end(signal.SIGTERM, patience=post.patience)
