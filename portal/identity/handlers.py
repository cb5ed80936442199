"""Periodic work: what time has ended is removed."""

import datetime as dt

from portal.core import clock
from portal.core.events.schedule import ScheduleDue, every
from portal.identity import throttle
from portal.identity.services import sessions


@every(dt.timedelta(hours=6), name="identity.clean_up", queue="bulk", seconds=300, clock="real")
def clean_up(_due: ScheduleDue) -> None:
    """Remove sessions and counted tries that nothing looks at any more."""
    now = clock.now()
    sessions.remove_ended_sessions(now)
    throttle.remove_old_counts(now)
