"""How long the machinery waits. The product has one set of values; tests that can't wait pass others."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from flask import Flask

_KEY = "events_times"


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Waiting times and bounds of deliveries, relay and worker.

    Retries: the delay before try n + 1 is `first_delay` times `growth` to the power n - 1, at most `longest_delay`,
    moved by up to `jitter` of itself; after `tries` tries the delivery is dead. As set, the ten tries span about nine
    hours, so that an evening's mail outage is outlived.

    Lease: the handler's own limit and `lease_margin`. In between lie the exception raised into the handler (at the
    limit), the process's own hard end (`hard_after` later) and the kill by its parent (after that, checked every
    `monitor_every`): nobody works on when the lease has passed.

    `requeue_after`: how long a word in Redis counts as on its way. `room` and `room_per_worker`: how many jobs may
    wait in one queue of Redis; what waits in the database can still be shared out fairly, what waits there can't.
    """

    tries: int = 10
    first_delay: dt.timedelta = dt.timedelta(seconds=10)
    growth: float = 3.0
    longest_delay: dt.timedelta = dt.timedelta(hours=3)
    jitter: float = 0.2
    lease_margin: dt.timedelta = dt.timedelta(seconds=15)
    hard_after: float = 3.0
    monitor_every: int = 5
    requeue_after: dt.timedelta = dt.timedelta(seconds=30)
    room: int = 4
    room_per_worker: int = 2
    poll_every: float = 1.0
    schedule_lease: dt.timedelta = dt.timedelta(seconds=120)
    drain: float = 25.0


PRODUCTION = Times()


def use(app: Flask, times: Times) -> None:
    """Set the times of an application's workers; the product itself always uses PRODUCTION."""
    app.extensions[_KEY] = times


def current() -> Times:
    """The times in force in this application."""
    return cast("Times", current_app.extensions.get(_KEY, PRODUCTION))
