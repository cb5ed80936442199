"""Processes that die with the one that started them, even when it is killed with SIGKILL.

Linux has a signal for it (PR_SET_PDEATHSIG). Elsewhere a guard process holds
one end of a pipe: when the parent dies the pipe closes, and the guard ends its
child. As a module it offers `die_with_parent`; run as a script (without the
package, so that it starts in milliseconds) it becomes the command it is given:

    python -I -S lifeline.py --parent PID --signal INT [--account UID:GID] [--watch FD] -- COMMAND…
"""

import argparse
import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time
from typing import NoReturn

PR_SET_PDEATHSIG = 1
LOOK_EVERY = 1.0
"""Seconds between looks at the parent where the system has no signal for its death."""
LAST_WAIT = 10.0
"""Seconds that a guarded command gets to end by itself before it is killed."""


def has_death_signal() -> bool:
    """Whether this system tells a child of its parent's death."""
    return sys.platform == "linux"


def die_with_parent(with_signal: int = signal.SIGTERM, *, parent: int | None = None) -> None:
    """Ask for `with_signal` at the death of the parent (by default the present one).

    To be called in the child, right after the fork. On Linux the death of the
    *thread* that forked counts, so fork from one that stays.
    """
    parent = os.getppid() if parent is None else parent
    if has_death_signal():
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    else:
        threading.Thread(target=_watch_parent, args=(parent, with_signal), daemon=True).start()
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), with_signal)


def _watch_parent(parent: int, with_signal: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os.kill(os.getpid(), with_signal)


def _drop_to(account: str) -> None:
    """Become `uid:gid` for good, with no other group left."""
    uid, gid = (int(part) for part in account.split(":"))
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def _guard(command: list[str], watch: int, with_signal: int) -> int:
    """Run the command and pass signals on; end it when the pipe `watch` closes. SIGUSR1 kills it."""
    child = subprocess.Popen(command)  # noqa: S603 - the launcher's own list, no shell

    def pass_on(number: int, _frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGKILL if number == signal.SIGUSR1 else number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, pass_on)
    while child.poll() is None:
        if select.select([watch], [], [], 0.2)[0]:  # readable means closed: nobody ever writes
            child.send_signal(with_signal)
            try:
                child.wait(LAST_WAIT)
            except subprocess.TimeoutExpired:
                child.kill()
    code = child.wait()
    return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> NoReturn:
    """Become the command, or stay as its guard where there is a pipe to watch."""
    parser = argparse.ArgumentParser(prog="lifeline")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--signal", default="TERM")
    parser.add_argument("--account")
    parser.add_argument("--watch", type=int)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    with_signal = signal.Signals[f"SIG{options.signal}"]
    if options.account:  # before asking for the signal: a change of account clears it
        _drop_to(options.account)
    if options.watch is not None:
        sys.exit(_guard(options.command, options.watch, with_signal))
    die_with_parent(with_signal, parent=options.parent)
    os.execv(options.command[0], options.command)  # noqa: S606 - becoming it is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
