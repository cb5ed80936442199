"""How long a failed delivery waits before its next try: pure arithmetic."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from portal.core.events.times import Times


def delay(tried: int, times: Times, chance: Random) -> dt.timedelta:
    """The wait after the `tried`-th try (counted from 1), moved by chance so that failures don't come back in step."""
    exponent = max(tried, 1) - 1
    # The exponent is bounded before it is raised: a large count must not overflow.
    steps = min(exponent, 64)
    seconds = min(times.first_delay.total_seconds() * times.growth**steps, times.longest_delay.total_seconds())
    return dt.timedelta(seconds=seconds * (1 + times.jitter * chance.uniform(-1, 1)))


def lease(seconds: int, times: Times) -> dt.timedelta:
    """How long a run owns its delivery: its own limit and the margin in which it is surely ended."""
    return dt.timedelta(seconds=seconds) + times.lease_margin


def is_last(tried: int, times: Times) -> bool:
    """Whether no try is left after this one."""
    return tried >= times.tries
