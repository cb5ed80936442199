"""What Prometheus reads of the web processes: requests, how long they took, statements that each sent.

Every web process counts into files of a folder they share; gunicorn's master adds them up
on a listener of its own (METRICS_ADDRESS), so that nothing of it is reachable at the tenants' addresses.
"""

import os
import shutil
import tempfile
import time
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy import event
from sqlalchemy.engine import Engine

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client's own name for the folder; it must stand in the environment before the client is imported."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
STATEMENTS = (0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 50)
_PREFIX = "portal-metrics-"
_statements: ContextVar[list[int] | None] = ContextVar("statements", default=None)
"""One number, counted on by every application context within the request."""
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


def prepare() -> None:
    """Make the folder in which the processes count, once. To be called by the master, before it forks."""
    if FOLDER in os.environ:  # a reload keeps counting, and somebody's own folder stays theirs
        return
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it, mode 0700
    made = tempfile.mkdtemp(prefix=_PREFIX, dir=memory if memory.is_dir() else None)
    os.environ[FOLDER] = made


def listen(address: tuple[str, int]) -> None:
    """Serve the sums of all processes from a thread. Raises OSError where the address is taken."""
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # theirs has no types
    start_http_server(address[1], address[0], registry)


def clear() -> None:
    """Remove the folder that `prepare` made. To be called when the master ends."""
    folder = Path(os.environ.pop(FOLDER, ""))
    if folder.name.startswith(_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def register(app: Flask) -> None:
    """Count an app's requests by route, never by address: addresses have no end, and may tell of people."""
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram

    registry = REGISTRY if os.environ.get(FOLDER) else CollectorRegistry()
    labels = ("method", "route")
    requests = Counter("portal_requests", "Requests answered.", (*labels, "status"), registry=registry)
    seconds = Histogram("portal_request_seconds", "Time to answer.", labels, buckets=SECONDS, registry=registry)
    sent = Histogram(
        "portal_request_statements", "SQL statements of a request.", labels, buckets=STATEMENTS, registry=registry
    )
    if not event.contains(Engine, "before_cursor_execute", _count):
        event.listen(Engine, "before_cursor_execute", _count)

    @app.before_request
    def begin() -> None:
        g.metrics_began = time.perf_counter()
        _statements.set([0])

    @app.after_request
    def tell(response: Response) -> Response:
        method = request.method if request.method in _METHODS else "other"
        route = request.url_rule.rule if request.url_rule else "none"
        requests.labels(method, route, response.status_code).inc()
        seconds.labels(method, route).observe(time.perf_counter() - g.get("metrics_began", time.perf_counter()))
        sent.labels(method, route).observe(sum(_statements.get() or ()))
        return response

    app.extensions["metrics"] = registry


def _count(*_facts: Any) -> None:
    counter = _statements.get()
    if counter is not None:
        counter[0] += 1
