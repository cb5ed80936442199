"""How gunicorn serves `wsgi:app`, in production and under `make run` alike."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from gunicorn import util

from portal import start
from portal.core import metrics
from portal.core.lifeline import die_with_parent
from portal.core.tenancy.boot_check import UnsafeRole, check_database
from portal.core.web import unreadable

if TYPE_CHECKING:
    import socket

    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

DATABASE_PATIENCE = 60
"""Seconds that a database may take to come up beside us."""

_settings = start.settings()

wsgi_app = "wsgi:app"
bind = f"0.0.0.0:{_settings.port}" if _settings.is_production else f"127.0.0.1:{_settings.port}"
worker_class = "gthread"
workers = _settings.web_concurrency
threads = _settings.web_threads
# A phone's slow upload holds a thread, not the worker: the heartbeat comes from the worker's own loop.
timeout = 60
graceful_timeout = 30
keepalive = 75  # longer than a proxy's, so that it is never us who hangs up under its request
backlog = 512
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - the heartbeat's file, in memory
forwarded_allow_ips = ""  # which proxies are believed is decided by TRUSTED_PROXIES, in the app alone
control_socket_disable = True
errorlog = "-"
loglevel = "warning"
proc_name = "portal"

if _settings.metrics_address:
    metrics.prepare()


def _refuse(connection: socket.socket, status: int, reason: str, _quoted: str) -> None:
    util.write_nonblock(connection, unreadable.answer(status, reason, is_production=_settings.is_production))


# There is no setting for it: every worker calls this name for what isn't a request, or failed outside the application.
util.write_error = _refuse


def on_starting(server: Arbiter) -> None:
    """Refuse a database role that could get around row-level security, before anything is served."""
    give_up_at = time.monotonic() + DATABASE_PATIENCE
    while True:
        try:
            check_database(_settings.database_url)
        except UnsafeRole as error:
            start.refuse(error.faults)
        except psycopg.OperationalError as error:
            if time.monotonic() > give_up_at:
                start.refuse([f"DATABASE_URL can't be reached: {' '.join(str(error).split())}"])
            server.log.warning("waiting for the database")
            time.sleep(1)
        else:
            return


def when_ready(server: Arbiter) -> None:
    """Let Prometheus in, at an address of its own."""
    if _settings.metrics_address:
        try:
            metrics.listen(_settings.metrics_address)
        except OSError as error:
            # Serving matters more than being watched.
            server.log.warning("METRICS_ADDRESS can't be listened at: %s", error)


def on_exit(_server: Arbiter) -> None:
    """Leave nothing behind."""
    metrics.clear()


def post_fork(server: Arbiter, _worker: Worker) -> None:
    """A worker never outlives its master, however that ends."""
    die_with_parent(signal.SIGKILL, parent=server.pid)
