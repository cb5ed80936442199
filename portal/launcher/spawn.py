"""Start programs that die with us, and tell how they fared."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.core import lifeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from portal.launcher.place import Account

LOOPBACK = "127.0.0.1"
TAIL_LINES = 15
BIND_TRIES = 5


class LaunchError(Exception):
    """Something could not be started; the text is for the person at the terminal."""


def free_port() -> int:
    """A TCP port on loopback that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Whether we could listen on this port. Raises LaunchError where the system forbids it to us."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError:
            message = f"port {port} may not be used by this account; choose one above 1023"
            raise LaunchError(message) from None
        except OSError:
            return False
    return True


def at_a_port(wanted: int | None, serve: Callable[[int], Child]) -> tuple[int, Child]:
    """Start a server at this port, or at a free one: the port and its process.

    A free one may be taken between our look and the server's start; then another is tried. Raises what `serve` raises.
    """
    for _try in range(BIND_TRIES - 1):
        number = wanted or free_port()
        try:
            return number, serve(number)
        except LaunchError:
            if wanted or port_is_free(number):
                raise  # not because somebody took the port
    number = wanted or free_port()
    return number, serve(number)


@dataclass
class Child:
    """A program of ours. `pipe` is the end whose closing tells its guard that we are gone."""

    name: str
    process: subprocess.Popen[bytes]
    pipe: int | None = None
    log: Path | None = None

    @property
    def is_running(self) -> bool:
        """Whether it still lives."""
        return self.process.poll() is None

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens where it has already ended."""
        if number == signal.SIGKILL and self.pipe is not None:
            number = signal.SIGUSR1  # the guard kills the program behind it and follows
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def end(self, number: int, *, patience: float) -> None:
        """Signal it and wait up to `patience` seconds, then kill it."""
        self.signal(number)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.wait(patience)
        if self.pipe is not None:
            os.close(self.pipe)
            self.pipe = None


def start(  # noqa: PLR0913 - each is one property of a process
    name: str,
    command: Sequence[str | Path],
    *,
    dies_by: signal.Signals,
    account: Account | None = None,
    environ: Mapping[str, str] | None = None,
    log: Path | None = None,
    cwd: Path | str = "/",
    text: bytes | None = None,
    with_guard: bool | None = None,
) -> Child:
    """Start a program in a session of its own (the terminal's Ctrl-C reaches us alone).

    `dies_by` is the signal it gets when we die. `text` goes to its standard input.
    Output is appended to `log`, or shared with ours. `with_guard` None takes the
    system's own way. Start from the main thread: the death of the starting thread counts.
    """
    with_guard = not lifeline.has_death_signal() if with_guard is None else with_guard
    wrapped = [sys.executable, "-I", "-S", lifeline.__file__, "--parent", str(os.getpid())]
    wrapped += ["--signal", dies_by.name.removeprefix("SIG")]
    if account is not None:
        wrapped += ["--account", f"{account.uid}:{account.gid}"]
    ours = theirs = None
    if with_guard:
        theirs, ours = os.pipe()
        wrapped += ["--watch", str(theirs)]
    output = log.open("ab") if log else None
    try:
        process = subprocess.Popen(
            [*wrapped, "--", *map(str, command)],
            stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env=environ,
            start_new_session=True,
            pass_fds=() if theirs is None else (theirs,),
        )
    finally:
        if output:
            output.close()
        if theirs is not None:
            os.close(theirs)
    if text is not None and process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):  # it died at once; its log tells why
            process.stdin.write(text)
            process.stdin.close()
    return Child(name, process, ours, log)


def tail(log: Path | None) -> str:
    """The last lines of a log, to be shown beside an error."""
    if log is None or not log.exists():
        return ""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-TAIL_LINES:])
