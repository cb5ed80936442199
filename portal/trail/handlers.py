"""Periodic work: what is unusual is told, what was kept long enough goes."""

import datetime as dt

from portal.core import audit, audit_chain, clock
from portal.core.events.declare import handles
from portal.core.events.outbox import publish
from portal.core.events.schedule import ScheduleDue, every
from portal.core.tenancy.scope import current_scope
from portal.core.tenancy.session import transaction
from portal.identity.settings_of_access import access_settings
from portal.notifications import readers
from portal.notifications.services import notify
from portal.trail import watching
from portal.trail.events import UnusualActivity

TOLD = "access:update"
"""Whoever of the staff may change how people come in hears of what is unusual."""
PORTION = 2000
MOST_PORTIONS = 200


@every(dt.timedelta(minutes=5), name="trail.watch", queue="default", seconds=120, clock="real")
def watch(_due: ScheduleDue) -> None:
    """Look for what is unusual and write it down; who is to hear of it is told by those who react to it.

    Where the tenant wants that, an account at risk is locked in the same transaction.
    """
    alerts = watching.look(clock.now())
    watching.lock_travellers(alerts)
    if alerts:
        publish(UnusualActivity(alert_ids=tuple(alert.id for alert in alerts)))


@handles(UnusualActivity, seconds=60)
def tell_administrators(event: UnusualActivity) -> None:
    """Tell those who look after access, in one mail."""
    listed = ",".join(str(alert_id) for alert_id in event.alert_ids)
    for reader in readers.colleagues_who_may(TOLD):
        notify(reader, "security_alerts", key=event.id, alert_ids=listed)


@every(dt.timedelta(hours=24), name="trail.trim", queue="bulk", seconds=600, clock="real")
def trim(_due: ScheduleDue) -> None:
    """Remove entries that are older than the tenant keeps its trail.

    Each portion is a transaction of its own: the chain's head is locked meanwhile,
    and whoever acts in this tenant waits for it.
    """
    before = months_before(clock.now(), access_settings().audit_months) - dt.timedelta(hours=1)
    removed = 0
    for _ in range(MOST_PORTIONS):
        with transaction(current_scope()) as session:
            gone = audit_chain.trim(session, before, most=PORTION)
        removed += gone
        if gone == 0:
            break
    if removed:
        audit.record("audit.trimmed", count=removed, before=before.isoformat())


def months_before(at: dt.datetime, months: int) -> dt.datetime:
    """The same day and hour so many months earlier, or the last day of that month.

    >>> months_before(dt.datetime(2026, 3, 31), 13).isoformat()
    '2025-02-28T00:00:00'
    """
    years, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    last = ((dt.date(years + (month + 1) // 12, (month + 1) % 12 + 1, 1)) - dt.timedelta(days=1)).day
    return at.replace(year=years, month=month + 1, day=min(at.day, last))
