"""RQ's worker with the manners this house wants of it.

- A work horse dies with its worker, starts with connections of its own, and is ended in three steps well inside its
  lease: an exception at the handler's limit, its own hard end a little later, the parent's kill after that.
- A Redis that goes away ends neither a running horse nor the worker.
- Jobs that aren't ours are thrown away unread; commands through Redis are not listened to.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import redis
import structlog
from rq import Worker
from rq.serializers import JSONSerializer

from portal.core.events import bridge, delivery
from portal.core.lifeline import die_with_parent
from portal.extensions import db

if TYPE_CHECKING:
    from types import FrameType

    from flask import Flask
    from rq import Queue
    from rq.job import Job

    from portal.core.events.times import Times

_log = structlog.get_logger(__name__)

WORKER_TTL = 20
"""Seconds: RQ waits 15 less of it for a job, and beats its heart in between."""
HEARTBEAT_TTL = 45
"""Seconds after which a worker that no longer beats is forgotten; with the maintenance it's noticed within a minute."""
MAINTENANCE_EVERY = 10
LAST_WAIT = 3.0
"""Seconds that a horse gets to hand its delivery back before it is killed."""


class DeliveryWorker(Worker):
    """One worker process: takes jobs of its queues, one at a time, each in a forked horse."""

    queue_class = bridge.DeliveryQueue
    job_class = bridge.DeliveryJob
    max_connection_wait_time = 5.0
    log_result_lifespan = False

    def __init__(self, app: Flask, names: tuple[str, ...], connection: redis.Redis, times: Times) -> None:
        """Work for this application on these queues."""
        self._app = app
        self._times = times
        super().__init__(
            bridge.queues(connection, names),
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL,
            maintenance_interval=MAINTENANCE_EVERY,
            job_monitoring_interval=times.monitor_every,
            log_job_description=False,
        )

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to stop, and didn't end because Redis went away."""
        return self._shutdown_requested_date is not None

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Fork a horse for a job of ours; throw away any other."""
        try:
            bridge.arguments(job)
        except bridge.NotOurs as refused:
            _log.error("job.refused", job=job.id, queue=queue.name, reason=str(refused))
            self.connection.delete(job.key)
            return
        super().execute_job(job, queue)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Fork; the child is on a lifeline before it does anything else."""
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            die_with_parent(signal.SIGKILL, parent=parent)
            os.setpgrp()
            self._start_anew(job)
            with self._app.app_context():
                self.main_work_horse(job, queue)
            os._exit(0)
        self._horse_pid = child

    def _start_anew(self, job: Job) -> None:
        """Leave the parent's connections alone, and set the hard end, which no held lock can put off."""
        with self._app.app_context():
            db.engine.dispose(close=False)
        self.connection.connection_pool.reset()
        faulthandler.dump_traceback_later(float(job.timeout or 0) + self._times.hard_after, exit=True)

    def setup_work_horse_signals(self) -> None:
        """SIGTERM makes a horse hand its delivery back; the terminal's Ctrl-C is the supervisor's business."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _hand_back)

    def maintain_heartbeats(self, job: Job) -> None:
        """Beat the heart, if Redis lets us; kill a horse that outlived its own hard end."""
        if self.current_job_working_time > float(job.timeout or 0) + self._times.hard_after:
            _log.error("horse.killed", job=job.id, seconds=self.current_job_working_time)
            self.kill_horse()
        self._unless_away(lambda: Worker.maintain_heartbeats(self, job))

    def set_current_job_working_time(self, current_job_working_time: float, pipeline: Any = None) -> None:
        """Note it here, and in Redis where that answers."""
        self.current_job_working_time = current_job_working_time
        self._unless_away(
            lambda: Worker.set_current_job_working_time(self, current_job_working_time, pipeline=pipeline)
        )

    def set_shutdown_requested_date(self) -> None:
        """Note it in Redis where that answers; the stop itself must not fail."""
        self._unless_away(super().set_shutdown_requested_date)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Beat with a short life, so that a dead worker is soon known to be one."""
        super().heartbeat(min(timeout or HEARTBEAT_TTL, HEARTBEAT_TTL), pipeline=pipeline)

    def _unless_away(self, act: Any) -> None:
        try:
            act()
        except redis.RedisError as error:
            _log.warning("worker.redis_away", error=type(error).__name__)

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """The second SIGTERM: have the horse hand back what it holds, then end."""
        del signum, frame
        if self.horse_pid:
            self._end_horse()
        raise SystemExit

    def _end_horse(self) -> None:
        try:
            os.kill(self.horse_pid, signal.SIGTERM)
            until = time.monotonic() + LAST_WAIT
            while time.monotonic() < until:
                if os.waitpid(self.horse_pid, os.WNOHANG)[0]:
                    return
                time.sleep(0.02)
            self.kill_horse()
            self.wait_for_horse()
        except (ProcessLookupError, ChildProcessError):
            return

    def subscribe(self) -> None:
        """Nobody commands a worker through Redis, and no thread of RQ's runs beside the fork."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed to."""

    def _install_signal_handlers(self) -> None:
        """SIGTERM from the supervisor stops; Ctrl-C is the supervisor's to hear."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self.request_stop)


def _hand_back(_number: int, _frame: FrameType | None) -> None:
    raise delivery.HandedBack
