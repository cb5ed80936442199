"""Real processes started, looked at and killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from portal.settings import ROOT

PATIENCE = 30.0
"""Seconds within which everything has to be gone; usually it is one, but the machine may be busy with other tests."""


@contextlib.contextmanager
def started(*command: str, environ: dict[str, str] | None = None, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A Python program of ours, its output on a pipe (or a file as `output`); gone at the end, with all its kin."""
    environ = os.environ | (environ or {})
    output = options.pop("output", subprocess.PIPE)
    process = subprocess.Popen(
        [options.pop("python", sys.executable), *command],
        cwd=options.pop("cwd", ROOT),
        env=environ,
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    try:
        yield process
    finally:
        kin = family(process.pid)
        for member in kin:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        process.wait(PATIENCE)
        if process.stdout:
            process.stdout.close()


def told(process: subprocess.Popen[str]) -> dict[str, str]:
    """The first line it prints, as JSON."""
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("{"), line + process.stdout.read()
    answer: dict[str, str] = json.loads(line)
    return answer


def family(pid: int) -> list[psutil.Process]:
    """The process and all below it, as far as they live."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def survivors(kin: list[psutil.Process], patience: float = PATIENCE) -> list[str]:
    """Who is still there after waiting; the dead whom nobody buried don't count."""
    _, alive = psutil.wait_procs(kin, timeout=patience, callback=None)
    return [str(member) for member in alive if member.is_running() and member.status() != psutil.STATUS_ZOMBIE]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def modes(folder: Path) -> dict[str, tuple[int, int]]:
    """Permissions and owner of a folder and of all above it."""
    return {str(path): (path.stat().st_mode, path.stat().st_uid) for path in (folder, *folder.parents)}
