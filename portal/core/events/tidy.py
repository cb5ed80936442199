"""Clean-up of the outbox: what was delivered long ago is forgotten, dead letters stay until somebody decides."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, exists, select

from portal.core import clock
from portal.core.events.models import Delivery, OutboxEvent
from portal.core.events.schedule import ScheduleDue, every
from portal.extensions import db

if TYPE_CHECKING:
    from sqlalchemy import CursorResult
    from sqlalchemy.orm import Session

KEEP = dt.timedelta(days=35)
"""How long finished deliveries and their events are kept; a month's duties can still be looked up."""
PORTION = 2000
MOST_PORTIONS = 50


@every(dt.timedelta(hours=24), name="events.tidy", queue="bulk", seconds=300, clock="real")
def tidy(_due: ScheduleDue) -> None:
    """Forget events that were delivered more than 35 days ago."""
    before = clock.now() - KEEP
    session: Session = db.session()
    for _ in range(MOST_PORTIONS):
        if forget_deliveries(session, before) + forget_events(session, before) == 0:
            return


def forget_deliveries(session: Session, before: dt.datetime) -> int:
    """Remove one portion of deliveries finished before then; how many."""
    old = (
        select(Delivery.id)
        .where(Delivery.state.in_(("done", "discarded")), Delivery.finished_at < before)
        .limit(PORTION)
        .scalar_subquery()
    )
    return _removed(session, delete(Delivery).where(Delivery.id.in_(old)))


def forget_events(session: Session, before: dt.datetime) -> int:
    """Remove one portion of events from before then that no delivery needs; how many."""
    needed = exists().where(Delivery.tenant_id == OutboxEvent.tenant_id, Delivery.event_id == OutboxEvent.id)
    old = select(OutboxEvent.id).where(OutboxEvent.created_at < before, ~needed).limit(PORTION).scalar_subquery()
    return _removed(session, delete(OutboxEvent).where(OutboxEvent.id.in_(old)))


def _removed(session: Session, statement: Any) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount
