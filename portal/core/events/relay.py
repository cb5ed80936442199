"""The relay: finds deliveries that are due in the database and says so in Redis, a few at a time and fairly.

Any number of relays may run at once. What a relay picked is due again a little later, so it may die at any line, and
Redis may forget everything.
"""

from __future__ import annotations

import enum
import uuid
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text

from portal.core import clock
from portal.core.events import bridge, declare, times
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.session import transaction

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    import redis
    from sqlalchemy import Row

_log = structlog.get_logger(__name__)
_PICK = text(
    "SELECT tenant_id, delivery_id, handler, attempts"
    " FROM door.pick_deliveries(:queue, :now, :most, :after, CAST(:requeue_after AS interval))"
).execution_options(**{RAW: True})
_NOBODY = uuid.UUID(int=0)


def pick(
    queue: str, *, most: int, after: uuid.UUID, requeue_after: dt.timedelta
) -> Sequence[Row[tuple[uuid.UUID, uuid.UUID, str, int]]]:
    """Due deliveries of one queue across tenants, fairly, now marked as on their way. Commits."""
    with transaction(None) as session:
        return session.execute(
            _PICK,
            {"queue": queue, "now": clock.now(), "most": most, "after": after, "requeue_after": requeue_after},
        ).all()


class Left(enum.IntEnum):
    """What a sweep leaves behind."""

    NOTHING = 0
    NO_ROOM = 1
    """A queue in Redis is full: what else is due has to wait for the workers."""
    MORE = 2
    """As much was due as there was room: look again at once."""


class Relay:
    """Hands due deliveries from the database to Redis."""

    def __init__(self, connection: redis.Redis, *, workers: Callable[[], int] | None = None) -> None:
        """Use this Redis; `workers` counts who empties the queues (by default as RQ has registered them)."""
        self._queues = bridge.queues(connection)
        self._workers = workers or (lambda: bridge.workers(connection))
        self._after: dict[str, uuid.UUID] = dict.fromkeys(declare.QUEUES, _NOBODY)

    def sweep(self) -> Left:
        """Fill each queue up to its room, and say what may be left to do.

        Raises redis.RedisError before anything was picked where Redis is away: what is due stays due.
        """
        waits = times.current()
        room = waits.room + waits.room_per_worker * self._workers()
        free = {queue.name: room - bridge.waiting(queue) for queue in self._queues}
        left = {self._fill(queue, free[queue.name]) for queue in self._queues}
        return max(left)

    def _fill(self, queue: bridge.DeliveryQueue, free: int) -> Left:
        if free <= 0:
            return Left.NO_ROOM
        due = pick(
            queue.name,
            most=free,
            after=self._after[queue.name],
            requeue_after=times.current().requeue_after,
        )
        for row in due:
            bridge.enqueue(
                queue,
                str(row.tenant_id),
                str(row.delivery_id),
                row.attempts,
                seconds=declare.seconds_of(row.handler),
            )
        if due:
            self._after[queue.name] = due[-1].tenant_id
            _log.debug("relay.picked", queue=queue.name, count=len(due))
        return Left.MORE if len(due) == free else Left.NOTHING
