"""A small tree of processes: children are forked, watched, started again when they die, and drained at the end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

import structlog

from portal.core.lifeline import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_log = structlog.get_logger(__name__)

LOOK_EVERY = 0.1
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
STEADY_AFTER = 20.0
"""Seconds after which a child counts as well, and its next start isn't put off."""
LAST_WAIT = 6.0


@dataclass(slots=True)
class Child:
    """One place in the tree and the process that fills it."""

    name: str
    run: Callable[[], int]
    pid: int = 0
    started: float = 0.0
    pause: float = 0.0
    start_at: float = field(default_factory=time.monotonic)


class Supervisor:
    """Keeps the children alive until it is told to stop."""

    def __init__(self, children: list[tuple[str, Callable[[], int]]], *, drain: float) -> None:
        """Each child is a name and what it runs; `drain` is how many seconds running jobs get at the end."""
        self._children = [Child(name, run) for name, run in children]
        self._drain = drain
        self._stopping = False

    def run(self) -> int:
        """Start the children and stay until SIGTERM or SIGINT. The exit code."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self._stopping:
            for child in self._children:
                if not child.pid and time.monotonic() >= child.start_at:
                    self._start(child)
            self._reap()
            time.sleep(LOOK_EVERY)
        return self._end()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self, child: Child) -> None:
        parent = os.getpid()
        child.started = time.monotonic()
        # Held back until the child has its own handlers: a stop in between would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        child.pid = os.fork()
        if child.pid == 0:
            self._become(child, parent)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        _log.info("worker.child_started", child=child.name, process=child.pid)

    def _become(self, child: Child, parent: int) -> NoReturn:
        code = 1
        try:
            die_with_parent(signal.SIGKILL, parent=parent)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, leave)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
            code = child.run()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        except BaseException:  # noqa: BLE001  # the process ends here; its supervisor starts another
            _log.exception("worker.child_failed", child=child.name)
        finally:
            os._exit(code)

    def _reap(self) -> None:
        """Take note of children that ended; as a container's first process also of orphans that fell to us."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                for child in self._children:
                    if child.pid == pid:
                        child.pid = 0
                        self._put_off(child, status)

    def _put_off(self, child: Child, status: int) -> None:
        """Say when to start it again: at once after a good life, later and later after short ones."""
        now = time.monotonic()
        if now - child.started >= STEADY_AFTER:
            child.pause = 0.0
        child.pause = min(max(child.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)
        child.start_at = now + child.pause
        if not self._stopping:
            code = os.waitstatus_to_exitcode(status)
            _log.warning("worker.child_ended", child=child.name, code=code, again_in=child.pause)

    def _end(self) -> int:
        """Let running jobs finish; hand back what doesn't within the drain; kill what then remains."""
        _log.info("worker.draining", seconds=self._drain)
        for number, patience in ((signal.SIGTERM, self._drain), (signal.SIGTERM, LAST_WAIT), (signal.SIGKILL, 2.0)):
            self._signal(number)
            until = time.monotonic() + patience
            while time.monotonic() < until:
                self._reap()
                if not any(child.pid for child in self._children):
                    return 0
                time.sleep(LOOK_EVERY)
        return 1

    def _signal(self, number: int) -> None:
        for child in self._children:
            if child.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, number)


def leave(_number: int, _frame: FrameType | None) -> None:
    """End this process; what a child does on SIGTERM until it has manners of its own."""
    raise SystemExit(0)
