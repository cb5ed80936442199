"""What `worker.py` runs: the boot check, then a tree of one relay (with the schedule) and some workers.

Any number of such trees may run at once, on any number of machines.
"""

from __future__ import annotations

import gc
import logging
import signal
import time
from typing import TYPE_CHECKING

import psycopg
import redis
import structlog
from sqlalchemy.exc import SQLAlchemyError

from portal.core.events import bridge, delivery, poke, times
from portal.core.events.declare import QUEUES
from portal.core.events.horse import DeliveryWorker
from portal.core.events.relay import Left, Relay
from portal.core.events.schedule import Timetable
from portal.core.events.supervisor import Supervisor, leave
from portal.core.tenancy.boot_check import UnsafeRole, check_database

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from flask import Flask

    from portal.settings import Settings

_log = structlog.get_logger(__name__)

UNSAFE = 78
"""Exit code of a refused start: sysexits' EX_CONFIG."""
BREATH = 0.05
"""Seconds between two sweeps while more is due."""
LOOK_FOR_ROOM = 0.2
LONGEST_WAIT = 5.0


def main(app: Flask) -> int:
    """Run the tree until SIGTERM or SIGINT; the exit code. An unsafe database role is refused at once."""
    settings: Settings = app.extensions["settings"]
    logging.getLogger("rq").setLevel(logging.WARNING)
    stopped = _Stop()
    try:
        if not _database_is_safe(settings, stopped):
            return 0
    except UnsafeRole as unsafe:
        for fault in unsafe.faults:
            _log.critical("worker.refused", reason=fault)
        return UNSAFE
    with app.app_context():
        drain = times.current().drain
    children: list[tuple[str, Callable[[], int]]] = [("relay", lambda: run_relay(app))]
    for number in range(1, settings.workers + 1):
        names = queues_of(number, settings.workers)
        children.append((f"worker-{number}", lambda names=names: run_worker(app, names)))  # type: ignore[misc]  # bound per turn
    return Supervisor(children, drain=drain).run()


def queues_of(number: int, workers: int) -> tuple[str, ...]:
    """The queues of the `number`-th worker (from 1): of several, the first never takes bulk work.

    A billing run may take minutes; sign-in mail must not wait for it.
    """
    return QUEUES if workers == 1 or number > 1 else ("urgent", "default")


def _database_is_safe(settings: Settings, stopped: _Stop) -> bool:
    """Check the role, waiting for a database that isn't up yet. False when told to stop. Raises UnsafeRole."""
    wait = BREATH
    while not stopped:
        try:
            check_database(settings.database_url)
        except psycopg.OperationalError as away:
            _log.warning("worker.database_away", reason=type(away).__name__)
            time.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        else:
            return True
    return False


class _Stop:
    """Becomes true at SIGTERM or SIGINT."""

    def __init__(self) -> None:
        self._told = False
        signal.signal(signal.SIGTERM, self._tell)
        signal.signal(signal.SIGINT, self._tell)

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._told = True

    def __bool__(self) -> bool:
        return self._told


def run_relay(app: Flask) -> int:
    """The relay's loop: sweep, schedule, wait for a nudge; a database or Redis that is away only slows it down."""
    stopped = _Stop()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = bridge.client(app.extensions["settings"].redis_url, timeout=5.0)
    relay, timetable = Relay(connection), Timetable()
    wait = BREATH
    with app.app_context():
        poll = times.current().poll_every
        while not stopped:
            try:
                left = relay.sweep()
                more = timetable.work()
                if more or left is Left.MORE:
                    time.sleep(BREATH)
                else:
                    poke.wait(connection, poll if left is Left.NOTHING else min(poll, LOOK_FOR_ROOM))
                wait = BREATH
            except (redis.RedisError, SQLAlchemyError, psycopg.Error) as away:
                _log.warning("relay.waiting", reason=type(away).__name__, seconds=wait)
                time.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
            except Exception:  # noqa: BLE001  # a duty that can't be published must not keep deliveries waiting
                _log.exception("relay.failed", seconds=wait)
                time.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
    return 0


def run_worker(app: Flask, names: tuple[str, ...]) -> int:
    """One worker's loop. RQ's own ends when Redis goes away; a new one begins when it is back."""
    connection = bridge.client(app.extensions["settings"].redis_url)
    with app.app_context():
        waits = times.current()
        try:
            delivery.rehearse()
        except SQLAlchemyError as away:
            _log.warning("worker.not_rehearsed", reason=type(away).__name__)
    gc.collect()
    gc.freeze()  # what horses inherit stays shared memory
    wait = BREATH
    while True:
        began = time.monotonic()
        signal.signal(signal.SIGTERM, leave)  # RQ's handler belongs to a worker that is no more
        try:
            connection.ping()
            worker = DeliveryWorker(app, names, connection, waits)
            worker.work(logging_level="WARNING")
            if worker.is_stopped:
                return 0
        except redis.RedisError as away:
            _log.warning("worker.redis_away", error=type(away).__name__)
        if time.monotonic() - began > LONGEST_WAIT:
            wait = BREATH
        time.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)
