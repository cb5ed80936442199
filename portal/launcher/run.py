"""`make run`: servers, roles, migrations, demo, static files; then web and worker until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING, NoReturn

import psycopg
from dotenv import dotenv_values

from portal.core import lifeline
from portal.launcher import embedded, greeting, spawn
from portal.launcher.home import Home
from portal.launcher.spawn import LOOPBACK, Child, LaunchError
from portal.launcher.watch import Watch
from portal.settings import ROOT, Settings, SettingsError, read
from portal.tenants.showcase import SHOWCASES

if TYPE_CHECKING:
    from types import FrameType

READY_PATIENCE = 60.0
WEB_PATIENCE = 35.0
"""Seconds for requests under way, a little over gunicorn's own graceful_timeout."""
WORKER_PATIENCE = 40.0
LOCK_PATIENCE = 10.0
"""Seconds for a short command that holds the servers to end."""
LOOK_EVERY = 0.1


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM came: not an error, but it has to get through everything."""


def run(*, with_parent: bool = False) -> int:
    """Start everything, stay, end everything in good order. The exit code. Raises LaunchError."""
    if with_parent:
        lifeline.die_with_parent(signal.SIGTERM)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    environ = _environment()
    with ExitStack() as ending:
        try:
            return _run(environ, ending)
        except _Stopped:
            sys.stdout.write("\nStopping …\n")
            return 0


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    """First call: unwind. A second Ctrl-C ends at once; what we started dies with us."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os._exit(1))
    raise _Stopped


def _environment() -> dict[str, str]:
    """The environment, completed from `.env`; `make run` is for development."""
    environ = {name: value for name, value in dotenv_values(ROOT / ".env").items() if value} | dict(os.environ)
    environ.setdefault("PORTAL_ENV", "development")
    if environ["PORTAL_ENV"] == "production":
        message = "is for development; in production start gunicorn and worker.py themselves (see README)"
        raise LaunchError(message)
    return environ


def _run(environ: dict[str, str], ending: ExitStack) -> int:
    port = _free_port(environ)
    home = Home(embedded.var_dir(environ))
    _take(home)
    ending.callback(home.leave)
    embedded.fill_secrets(environ, home)
    with greeting.step("Starting the database and Valkey"):
        servers = embedded.provide(environ, home)
    ending.callback(servers.stop)
    settings = _checked(environ)
    _prepare(environ, settings)
    served = {name: value for name, value in environ.items() if name != "DATABASE_OWNER_URL"}
    worker = [sys.executable, str(ROOT / "worker.py")]
    web = [sys.executable, "-m", "gunicorn", "--chdir", str(ROOT), "--config", str(ROOT / "gunicorn.conf.py")]
    for name in ("web", "worker"):
        (home.folder / f"{name}.log").unlink(missing_ok=True)
    watch = Watch(servers)
    with greeting.step("Starting web and worker"):
        ending.callback(watch.end)
        watch.add("worker", lambda: _child("worker", worker, served, home), patience=WORKER_PATIENCE)
        watch.add("web", lambda: _child("web", web, served, home), patience=WEB_PATIENCE)
        _until_ready(port, watch)
    greeting.greet(settings)
    return watch.stay()


def _child(name: str, command: list[str], environ: dict[str, str], home: Home) -> Child:
    """Start a program of the portal, logging to VAR_DIR. SIGKILL at our death: its own children watch it in turn."""
    log = home.folder / f"{name}.log"
    return spawn.start(name, command, dies_by=signal.SIGKILL, environ=environ, log=log, cwd=ROOT)


def _free_port(environ: dict[str, str]) -> int:
    """PORT, which must be a number and free, before anything is started."""
    text = environ.get("PORT", "").strip() or "8000"
    port = int(text) if text.isdigit() else 0
    if port and not spawn.port_is_free(port):
        message = f"port {port} is in use; choose another one: make run PORT={port + 1}"
        raise LaunchError(message)
    return port


def _take(home: Home) -> None:
    """Get the home's lock, giving a short command a moment to end."""
    give_up_at = time.monotonic() + LOCK_PATIENCE
    while not home.take("make run"):
        pid, what = home.holder() or (0, "another command")
        if what == "make run" or time.monotonic() > give_up_at:
            message = f"{what} is running on {home.folder} already (process {pid}); end it or set another VAR_DIR"
            raise LaunchError(message)
        time.sleep(LOOK_EVERY)


def _checked(environ: dict[str, str]) -> Settings:
    """Settings, and the owner's address that migrations need."""
    try:
        settings = read(environ)
    except SettingsError as error:
        raise LaunchError("\nmake run: ".join(error.faults)) from error
    if not settings.database_owner_url:
        message = (
            "DATABASE_URL's role can't create roles and DATABASE_OWNER_URL isn't set: give DATABASE_URL an "
            "administrator's role, or both addresses after `flask database prepare`"
        )
        raise LaunchError(message)
    return settings


def _prepare(environ: dict[str, str], settings: Settings) -> None:
    """Static files, translations, migrations and, once, the demo."""
    with greeting.step("Building static files and translations"):
        _complete([sys.executable, "-m", "portal.core.web.build"], environ)
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]
    with greeting.step("Bringing the database up to date"):
        _complete([*flask, "db", "upgrade"], environ)
    if not _has_demo(settings):
        with greeting.step("Loading the demo (once)"):
            _complete([*flask, "demo"], environ)


def _has_demo(settings: Settings) -> bool:
    """Whether the whole demo is here, or somebody's own tenant, who wants none."""
    slugs = [showcase.slug for showcase in SHOWCASES]
    with psycopg.connect(str(settings.database_owner_url)) as owner:
        found: dict[str, bool] = dict(owner.execute(_LOADED).fetchall())
    return any(slug not in slugs for slug in found) or all(found.get(slug) for slug in slugs)


_LOADED = "SELECT slug, state = 'active' OR EXISTS (SELECT FROM clients c WHERE c.tenant_id = t.id) FROM tenants t"


def _complete(command: list[str], environ: dict[str, str]) -> None:
    """Run a program to its end; its output is shown only where it fails. Raises LaunchError."""
    log = embedded.var_dir(environ) / "make-run.log"
    log.write_bytes(b"")
    child = spawn.start(command[-1], command, dies_by=signal.SIGKILL, environ=environ, log=log, cwd=ROOT)
    with ExitStack() as cut_short:
        cut_short.callback(child.end, signal.SIGTERM, patience=WORKER_PATIENCE)
        code = child.process.wait()
    if code:
        message = f"`{' '.join(command[2:])}` failed ({code}):\n{spawn.tail(log)}"
        raise LaunchError(message)


def _until_ready(port: int, watch: Watch) -> None:
    """Wait until the web answers that it is ready."""
    give_up_at = time.monotonic() + READY_PATIENCE
    while time.monotonic() < give_up_at:
        watch.look()
        try:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(LOOK_EVERY)
    message = f"the web did not become ready within {READY_PATIENCE:.0f} seconds; see web.log in VAR_DIR"
    raise LaunchError(message)
