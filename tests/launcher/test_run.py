"""`make run` from the outside: it comes up, says what it must, survives deaths, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from portal.launcher import spawn
from portal.settings import ROOT
from tests.launcher import processes
from tests.launcher.conftest import remove

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SIGN_INS = {
    *(f"{who}@{slug}.example" for who in ("admin", "tech", "billing") for slug in ("harbor", "summit")),
    *("dana@brightdental.example", "sam@brightdental.example", "fin@brightdental.example"),
    *("olivia@cedarlaw.example", "noah@cedarlaw.example", "dana@deltafoods.example", "sam@deltafoods.example"),
}
UP = "Ctrl-C ends everything."
PATIENCE = 240.0
"""Seconds for the first start, which loads the demo, on a busy machine."""


class Run:
    """A `make run` under way, and what it said."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    @property
    def output(self) -> str:
        return self.log.read_text()

    def until(self, words: str) -> None:
        give_up_at = time.monotonic() + PATIENCE
        while words not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < give_up_at, self.output
            time.sleep(0.1)

    def until_ready(self) -> None:
        give_up_at = time.monotonic() + PATIENCE
        while time.monotonic() < give_up_at:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise AssertionError(self.output)

    def child(self, words: str) -> psutil.Process:
        return next(
            member for member in psutil.Process(self.process.pid).children() if words in " ".join(member.cmdline())
        )


def environment(folder: Path, port: int) -> dict[str, str]:
    """As on a bare machine: nothing of what the tests export."""
    return {
        "PORTAL_ENV": "development",
        "VAR_DIR": str(folder / "var"),
        "PORT": str(port),
        "DATABASE_URL": "",
        "DATABASE_OWNER_URL": "",
        "REDIS_URL": "",
        "SECRET_KEYS": "",
        "ENCRYPTION_KEYS": "",
    }


@contextmanager
def running(folder: Path, port: int | None = None) -> Iterator[Run]:
    port = port or spawn.free_port()
    log = folder / f"run-{port}.out"
    with (
        log.open("w") as output,
        processes.started("-m", "portal.launcher", "run", environ=environment(folder, port), output=output) as process,
    ):
        run = Run(process, port, log)
        run.until(UP)
        yield run


def attempt(folder: Path, port: int) -> str:
    """A run that is expected to refuse; what it says."""
    command = [sys.executable, "-m", "portal.launcher", "run"]
    environ = os.environ | environment(folder, port)
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


@pytest.fixture
def folder(open_folder: Path) -> Iterator[Path]:
    yield open_folder
    remove(open_folder / "var")


def test_a_run_from_first_start_to_last(folder: Path) -> None:
    with running(folder) as run:
        port = run.port
        assert "Loading the demo" in run.output
        assert f"http://harbor.localhost:{port}/" in run.output
        assert set(re.findall(r"[a-z]+@[a-z]+\.example", run.output)) == SIGN_INS
        run.until_ready()
        assert f"port {port} is in use" in attempt(folder, port)
        assert f"already (process {run.process.pid})" in attempt(folder, spawn.free_port())
        check_that_deaths_are_mended(run)
        kin = processes.family(run.process.pid)
        assert len(kin) > 10
        processes.kill(run.process.pid)
        assert processes.survivors(kin) == []

    with running(folder, port) as run:
        assert "Loading the demo" not in run.output
        run.until_ready()
        kin = processes.family(run.process.pid)
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(processes.PATIENCE * 3) == 0
        assert run.output.rstrip().endswith("Stopping …")
        assert processes.survivors(kin) == []


def check_that_deaths_are_mended(run: Run) -> None:
    for program, name in (("gunicorn", "web"), ("worker.py", "worker"), ("bin/postgres", "postgres")):
        run.child(program).kill()
        run.until(f"{name} was killed (SIGKILL); starting it again")
    run.until_ready()


def test_it_ends_with_the_process_that_started_it(folder: Path) -> None:
    """make itself may be killed; what it started must not stay."""
    code = "import subprocess, sys, time; subprocess.Popen([sys.executable, *sys.argv[1:]]); time.sleep(600)"
    arguments = ("-m", "portal.launcher", "run", "--with-parent")
    log = folder / "run.out"
    with (
        log.open("w") as output,
        processes.started(
            "-c", code, *arguments, environ=environment(folder, spawn.free_port()), output=output
        ) as make,
    ):
        Run(make, 0, log).until("Bringing the database up to date")
        kin = processes.family(make.pid)
        assert len(kin) > 3
        processes.kill(make.pid)
        assert processes.survivors(kin, processes.PATIENCE) == []


def test_production_is_told_where_to_go(folder: Path) -> None:
    command = [sys.executable, "-m", "portal.launcher", "run"]
    environ = os.environ | environment(folder, 8000) | {"PORTAL_ENV": "production"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "is for development" in done.stderr
