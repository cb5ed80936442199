"""Periodic work: what time has ended is removed, what was proven is looked at again. And looks that were ordered."""

import datetime as dt

from portal.core import clock
from portal.core.events.declare import handles
from portal.core.events.outbox import publish
from portal.core.events.schedule import ScheduleDue, every
from portal.identity import throttle
from portal.identity.events import DomainCheckOrdered
from portal.identity.services import sessions
from portal.identity.sso import domains


@every(dt.timedelta(hours=6), name="identity.clean_up", queue="bulk", seconds=300, clock="real")
def clean_up(_due: ScheduleDue) -> None:
    """Remove sessions and counted tries that nothing looks at any more."""
    now = clock.now()
    sessions.remove_ended_sessions(now)
    throttle.remove_old_counts(now)


@handles(DomainCheckOrdered, queue="urgent", seconds=30)
def look_for_proof(event: DomainCheckOrdered) -> None:
    """Ask the name system; a job, so that no page waits for servers far away."""
    domains.look(event.domain_id, by=event.by_user_id)


@every(dt.timedelta(hours=24), name="identity.domains", queue="bulk", seconds=60, clock="real")
def look_again(_due: ScheduleDue) -> None:
    """Look once more for the records of all proven domains, each in a job of its own."""
    for domain_id in domains.all_proven():
        publish(DomainCheckOrdered(domain_id=domain_id, by_user_id=None))
