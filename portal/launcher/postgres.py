"""A PostgreSQL server of our own, from the wheel's programs or a system's."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from portal.launcher import place, spawn
from portal.launcher.spawn import LOOPBACK, Child, LaunchError

if TYPE_CHECKING:
    from collections.abc import Mapping

ADMIN = "postgres"
START_PATIENCE = 60.0
"""Seconds; a big database's recovery after a kill takes its time."""
STOP_PATIENCE = 30.0
LOOK_EVERY = 0.03
FIRST_WITH_BUILTIN_LOCALE = 17
PRIVATE_FILE = 0o600

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "jit": "off",
    # What a killed server held in /dev/shm would stay there for good; like this it goes with the cluster.
    "dynamic_shared_memory_type": "mmap",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class _Plan:
    """All that a server is started from, but its port."""

    data: Path
    programs: Path
    account: place.Account | None
    log: Path
    settings: Mapping[str, str]
    password: str = field(repr=False)

    def url(self, port: int) -> str:
        """The superuser's address."""
        return f"postgresql://{ADMIN}:{self.password}@{LOOPBACK}:{port}/postgres"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs to its end, as the server's account. Raises LaunchError."""
        done = place.run_as(self.account, [self.programs / program, *arguments])
        if done.returncode:
            message = f"{program} failed:\n{done.stdout}{done.stderr}"
            raise LaunchError(message)


@dataclass
class Server:
    """A running server. `url_admin` signs in as its superuser, to the database `postgres`."""

    plan: _Plan
    port: int
    child: Child

    @property
    def url_admin(self) -> str:
        """The superuser's address."""
        return self.plan.url(self.port)

    @property
    def is_running(self) -> bool:
        """Whether it still lives."""
        return self.child.is_running

    def stop(self) -> None:
        """End it in good order: sessions are cut, what was committed is on disk."""
        self.child.end(signal.SIGINT, patience=STOP_PATIENCE)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.child.end(signal.SIGKILL, patience=STOP_PATIENCE)

    def restart(self) -> None:
        """Start it at the same port once more, after `stop`, `kill` or its own death."""
        _clear_up(self.plan)
        self.child = _serve(self.plan, self.port)


def start(
    data_dir: Path,
    *,
    bin_dir: Path | None = None,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
    durable: bool = True,
) -> Server:
    """Start a server on loopback, making its data the first time.

    `data_dir` is where the data should lie (see `place`); password (0600) and log
    lie beside it. `durable=False` trades safety for speed, in tests. Raises
    LaunchError with the log's end where it doesn't come up.
    """
    data_dir = data_dir.absolute()
    who = place.account()
    plan = _Plan(
        data=place.data_folder(data_dir, who) / "cluster",
        programs=bin_dir or place.postgres_programs(who),
        account=who,
        log=data_dir.with_name(data_dir.name + ".log"),
        settings=SETTINGS | ({} if durable else NOT_DURABLE) | dict(settings or {}),
        password=_password(data_dir.with_name(data_dir.name + ".password")),
    )
    if not plan.data.exists():
        _make_cluster(plan, durable=durable)
    _clear_up(plan)
    number, child = spawn.at_a_port(port, partial(_serve, plan))
    return Server(plan, number, child)


def _password(file: Path) -> str:
    """The superuser's password, made at the first start."""
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(descriptor, "w") as new:
            new.write(secrets.token_urlsafe(24))
    return file.read_text().strip()


def _make_cluster(plan: _Plan, *, durable: bool) -> None:
    """Run initdb beside the data's place and move the result there: a cluster is whole or not there."""
    growing = plan.data.with_name("growing")
    shutil.rmtree(growing, ignore_errors=True)
    version = subprocess.run([plan.programs / "postgres", "--version"], capture_output=True, check=True, text=True)
    major = int(version.stdout.split()[2].split(".")[0])
    builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    locale = builtin if major >= FIRST_WITH_BUILTIN_LOCALE else ["--lc-ctype=C.UTF-8"]
    with tempfile.NamedTemporaryFile("w", dir=plan.data.parent) as file:
        file.write(plan.password)
        file.flush()
        if plan.account is not None:
            os.chown(file.fileno(), plan.account.uid, plan.account.gid)
        plan.run(
            "initdb",
            f"--pgdata={growing}",
            f"--username={ADMIN}",
            f"--pwfile={file.name}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            *locale,
            *([] if durable else ["--no-sync"]),
        )
    growing.rename(plan.data)


def _serve(plan: _Plan, port: int) -> Child:
    """Start the server and wait until it answers."""
    command: list[str | Path] = [plan.programs / "postgres", "-D", plan.data, "-p", str(port)]
    for name, value in plan.settings.items():
        command += ["-c", f"{name}={value}"]
    child = spawn.start("postgres", command, dies_by=signal.SIGINT, account=plan.account, log=plan.log)
    give_up_at = time.monotonic() + START_PATIENCE
    while child.is_running and time.monotonic() < give_up_at:
        try:
            psycopg.connect(plan.url(port), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                break
            time.sleep(LOOK_EVERY)
        else:
            return child
    child.end(signal.SIGQUIT, patience=STOP_PATIENCE)
    message = f"PostgreSQL did not start on {plan.data}; the end of its log:\n{spawn.tail(plan.log)}"
    raise LaunchError(message)


def _clear_up(plan: _Plan) -> None:
    """Deal with what a killed predecessor left: a server still going down, or a stale pid file.

    The caller holds the lock of the folder, so no living launcher owns that server.
    """
    file = plan.data / "postmaster.pid"
    give_up_at = time.monotonic() + STOP_PATIENCE
    stopped = False
    while (pid := _pid_in(file)) is not None:
        if not _serves(pid, plan.data):
            file.unlink(missing_ok=True)  # another program has that number by now
        elif time.monotonic() > give_up_at:
            message = f"an earlier PostgreSQL (process {pid}) still uses {plan.data} and does not end"
            raise LaunchError(message)
        elif not stopped:
            stopped = True
            os.kill(pid, signal.SIGQUIT)
        time.sleep(LOOK_EVERY)


def _pid_in(file: Path) -> int | None:
    """The process number in a postmaster.pid; None where there is no file (or half a one)."""
    try:
        return int(file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None


def _serves(pid: int, data: Path) -> bool:
    """Whether that process is a PostgreSQL on this data folder."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        command = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False).stdout
    except OSError:
        return False
    return b"postgres" in command and os.fsencode(data) in command
