"""What of RQ and Redis is used, in one place: queues, jobs, and what makes a job one of ours.

A job carries two ids and a count, as JSON. Redis is not trusted: whatever a job found there names as its function,
callbacks or data, only `run_delivery` with three plain arguments is ever called, and a pickled payload isn't read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.serializers import JSONSerializer

from portal.core.events import delivery
from portal.core.events.declare import QUEUES

if TYPE_CHECKING:
    from collections.abc import Iterable

ENTRY = f"{delivery.run_delivery.__module__}.{delivery.run_delivery.__qualname__}"
FAILURE_TTL = 60
"""Seconds that RQ keeps its own word of a failed job; the truth is the delivery's row."""
JOB_TTL = 3600
ARGUMENTS = 3


class NotOurs(ValueError):
    """A job in Redis that this product didn't put there."""


class DeliveryJob(Job):
    """A job that can do one thing."""

    def perform(self) -> Any:
        """Run the delivery; nothing that the payload names is imported."""
        return delivery.run_delivery(*arguments(self))


class DeliveryQueue(Queue):
    """A queue of such jobs."""

    job_class = DeliveryJob


def arguments(job: Job) -> tuple[str, str, int]:
    """The three arguments of a job of ours. Raises NotOurs for any other."""
    try:
        named = job.func_name
    except DeserializationError:
        message = "its payload is not JSON"
        raise NotOurs(message) from None
    callbacks = (job._success_callback_name, job._failure_callback_name, job._stopped_callback_name)  # noqa: SLF001  # the public names import what they name
    if named != ENTRY or job.instance is not None or job.kwargs or any(callbacks) or job.webhooks:
        message = "it names something else to call"
        raise NotOurs(message)
    given = tuple(job.args)
    if len(given) != ARGUMENTS or [type(value) for value in given] != [str, str, int]:
        message = "its arguments are no delivery's"
        raise NotOurs(message)
    return given


def client(url: str, *, timeout: float | None = None) -> redis.Redis:
    """A connection pool for the worker's processes; `timeout` None leaves the choice to RQ."""
    return redis.Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=2.0, health_check_interval=10, retry=Retry(NoBackoff(), 0)
    )


def queue(name: str, connection: redis.Redis) -> DeliveryQueue:
    """One of the three queues."""
    return DeliveryQueue(name, connection=connection, serializer=JSONSerializer)


def queues(connection: redis.Redis, names: Iterable[str] = QUEUES) -> list[DeliveryQueue]:
    """The queues in the order in which they are emptied."""
    return [queue(name, connection) for name in names]


def enqueue(into: DeliveryQueue, tenant_id: str, delivery_id: str, attempts: int, *, seconds: int) -> None:
    """Say in Redis that a delivery is due. The same delivery and attempt always make the same job."""
    into.enqueue_call(
        ENTRY,
        args=(tenant_id, delivery_id, attempts),
        timeout=seconds,
        result_ttl=0,
        ttl=JOB_TTL,
        failure_ttl=FAILURE_TTL,
        job_id=f"{delivery_id}-{attempts}",
        description=f"delivery {delivery_id}",
    )


def waiting(into: DeliveryQueue) -> int:
    """How many jobs wait in this queue."""
    return int(into.count)


def workers(connection: redis.Redis) -> int:
    """How many workers RQ knows to be alive."""
    return int(connection.scard("rq:workers"))
