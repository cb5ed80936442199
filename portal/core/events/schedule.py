"""Periodic work: one schedule for the installation, one event per active tenant and slot.

    @every(timedelta(hours=1), name="tickets.auto_close", queue="bulk", seconds=300)
    def auto_close(due: ScheduleDue) -> None: ...

The function runs like any handler: as the system, in each active tenant, with retries and dead letter. Any number of
relays may work off the schedule; each slot reaches each tenant once.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import structlog
from sqlalchemy import text

from portal.core import clock
from portal.core.events import declare, times
from portal.core.events.declare import Event, Handler
from portal.core.events.outbox import publish_to
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

_log = structlog.get_logger(__name__)
_DUE = text(
    "SELECT name, slot, tenant_id FROM door.due_schedules(CAST(:names AS text[]), CAST(:every AS integer[]),"
    " CAST(:clocks AS timestamptz[]), :now, CAST(:lease AS interval))"
).execution_options(**{RAW: True})
_FINISH = text("SELECT door.finish_schedule(:name, :slot, :clock, :now, :each_slot)").execution_options(**{RAW: True})

LOOK_EVERY = 1.0
AFTER_FAILURE = 5.0
PORTION = 20
"""Tenants that get their event before the relay looks after due deliveries again."""

Clock = Literal["business", "real"]


@declare.event("schedule.due", version=1)
class ScheduleDue(Event):
    """A periodic duty is due in this tenant. `slot` is the time it was due for, by the duty's own clock."""

    name: str
    slot: dt.datetime


@dataclass(frozen=True, slots=True)
class Duty:
    """A declared periodic duty.

    `each_slot`: after downtime, whether every missed slot is made up for, or the duty runs once. `clock`: business
    time, which a tester may move, or real time for what guards something.
    """

    name: str
    period: dt.timedelta
    handler: Handler
    each_slot: bool
    clock: Clock

    def now(self) -> dt.datetime:
        """The time by this duty's clock."""
        return clock.business_now() if self.clock == "business" else clock.now()


_duties: dict[str, Duty] = {}


def every(
    period: dt.timedelta,
    *,
    name: str,
    queue: declare.Queue = "bulk",
    seconds: int = 60,
    each_slot: bool = False,
    clock: Clock = "business",
) -> Callable[[Callable[[ScheduleDue], None]], Callable[[ScheduleDue], None]]:
    """Declare a periodic duty. Raises ValueError for a name taken or a period that isn't whole seconds."""
    if period < dt.timedelta(seconds=1) or period % dt.timedelta(seconds=1):
        message = f"{name}: a period is whole seconds"
        raise ValueError(message)

    def register(run: Callable[[ScheduleDue], None]) -> Callable[[ScheduleDue], None]:
        handler = Handler(f"every:{name}", "schedule.due", run, queue, seconds)
        declare.register(handler)
        _duties[name] = Duty(name, period, handler, each_slot, clock)
        return run

    return register


def duties() -> list[Duty]:
    """All declared duties, by name."""
    return sorted(_duties.values(), key=lambda duty: duty.name)


class Timetable:
    """Publishes what is due, a portion at a time, so that deliveries aren't kept waiting by many tenants."""

    def __init__(self) -> None:
        self._look_at = 0.0
        self._open: deque[tuple[Duty, dt.datetime, deque[uuid.UUID]]] = deque()

    def work(self) -> bool:
        """Publish one portion. True where another waits."""
        if not self._open and time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_EVERY
            self._open.extend(_due())
        if not self._open:
            return False
        duty, slot, tenants = self._open[0]
        try:
            for _ in range(min(PORTION, len(tenants))):
                _publish(duty, slot, tenants[0])
                tenants.popleft()
            if not tenants:
                _finish(duty, slot)
                self._open.popleft()
        except Exception:
            # The lease keeps the slot; whoever takes it over publishes it again, and the keys keep it single.
            self._open.clear()
            self._look_at = time.monotonic() + AFTER_FAILURE
            raise
        return bool(self._open)


def _due() -> list[tuple[Duty, dt.datetime, deque[uuid.UUID]]]:
    """Lease what is due; one entry per duty with the tenants that are to hear of it."""
    known = duties()
    if not known:
        return []
    with transaction(None) as session:
        rows = session.execute(
            _DUE,
            {
                "names": [duty.name for duty in known],
                "every": [int(duty.period.total_seconds()) for duty in known],
                "clocks": [duty.now() for duty in known],
                "now": clock.now(),
                "lease": times.current().schedule_lease,
            },
        ).all()
    found: dict[tuple[str, dt.datetime], deque[uuid.UUID]] = {}
    for row in rows:
        tenants = found.setdefault((row.name, row.slot), deque())
        if row.tenant_id is not None:
            tenants.append(row.tenant_id)
    return [(_duties[name], slot, tenants) for (name, slot), tenants in found.items()]


def _publish(duty: Duty, slot: dt.datetime, tenant_id: uuid.UUID) -> None:
    with transaction(system_scope(tenant_id)):
        publish_to(
            ScheduleDue(name=duty.name, slot=slot),
            [duty.handler],
            dedupe_key=f"every:{duty.name}:{slot.astimezone(dt.UTC).isoformat()}",
        )


def _finish(duty: Duty, slot: dt.datetime) -> None:
    with transaction(None) as session:
        current: bool = session.execute(
            _FINISH,
            {
                "name": duty.name,
                "slot": slot,
                "clock": duty.now(),
                "now": clock.now(),
                "each_slot": duty.each_slot,
            },
        ).scalar_one()
    _log.info("schedule.published", duty=duty.name, slot=slot.isoformat(), current=current)
