"""What staff see of deliveries and duties (`/admin/outbox`, `/admin/jobs`), and what they may do about dead ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import distinct_on

from portal.core import audit, clock
from portal.core.events import outbox, schedule
from portal.core.events.models import Delivery, OutboxEvent, Schedule
from portal.extensions import db

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Iterable, Sequence

    from sqlalchemy import CursorResult, Select
    from sqlalchemy.orm import Session

    from portal.core.tenancy.scope import Viewer


def deliveries(viewer: Viewer, *, state: str = "dead") -> Select[Delivery, OutboxEvent]:
    """The tenant's deliveries in one state with their events, newest first."""
    del viewer  # every scope that may read them at all sees its whole tenant's
    return (
        select(Delivery, OutboxEvent)
        .join(OutboxEvent, (OutboxEvent.tenant_id == Delivery.tenant_id) & (OutboxEvent.id == Delivery.event_id))
        .where(Delivery.state == state)
        .order_by(Delivery.id.desc())
    )


def delivery(viewer: Viewer, delivery_id: uuid.UUID) -> Select[Delivery, OutboxEvent]:
    """One delivery with its event."""
    del viewer
    return (
        select(Delivery, OutboxEvent)
        .join(OutboxEvent, (OutboxEvent.tenant_id == Delivery.tenant_id) & (OutboxEvent.id == Delivery.event_id))
        .where(Delivery.id == delivery_id)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLine:
    """A periodic duty as this tenant sees it: its own last run, and when the next slot is due."""

    name: str
    about: str
    period: dt.timedelta
    next_at: dt.datetime | None
    last_started_at: dt.datetime | None
    last_finished_at: dt.datetime | None
    last_state: str | None
    last_error: str | None

    @property
    def duration(self) -> dt.timedelta | None:
        """How long the last run took; None while it runs or where there was none."""
        if self.last_started_at is None or self.last_finished_at is None:
            return None
        return self.last_finished_at - self.last_started_at


def slots(viewer: Viewer) -> Select[str, dt.datetime]:
    """When each duty is due next, for the whole installation."""
    del viewer
    return select(Schedule.name, Schedule.next_at)


def last_runs(viewer: Viewer) -> Select[Delivery]:
    """The tenant's last run of each duty."""
    del viewer
    return (
        select(Delivery)
        .ext(distinct_on(Delivery.handler))
        .where(Delivery.handler.in_([duty.handler.name for duty in schedule.duties()]))
        .order_by(Delivery.handler, Delivery.id.desc())
    )


def duty_lines(next_slots: Iterable[Sequence[Any]], runs: Iterable[Delivery]) -> list[DutyLine]:
    """All declared duties, joined with the rows of `slots` and `last_runs`."""
    due = {row[0]: row[1] for row in next_slots}
    last = {run.handler: run for run in runs}
    return [_line(duty, due.get(duty.name), last.get(duty.handler.name)) for duty in schedule.duties()]


def _line(duty: schedule.Duty, next_at: dt.datetime | None, run: Delivery | None) -> DutyLine:
    return DutyLine(
        name=duty.name,
        about=(duty.handler.run.__doc__ or "").strip().split("\n")[0],
        period=duty.period,
        next_at=next_at,
        last_started_at=run.started_at if run else None,
        last_finished_at=run.finished_at if run else None,
        last_state=run.state if run else None,
        last_error=run.last_error if run else None,
    )


class NotDead(LookupError):
    """The delivery isn't a dead letter (any more): somebody was faster, or it isn't this tenant's."""


def replay(delivery_id: uuid.UUID) -> None:
    """Try a dead letter again from the first try on; what it was meant to do happens once. Raises NotDead."""
    _settle(delivery_id, "outbox.replayed", state="open", attempts=0, due_at=clock.now(), finished_at=None)
    outbox.announce(db.session())


def discard(delivery_id: uuid.UUID) -> None:
    """Give a dead letter up for good. Raises NotDead."""
    _settle(delivery_id, "outbox.discarded", state="discarded", finished_at=clock.now())


def _settle(delivery_id: uuid.UUID, action: str, **values: object) -> None:
    session: Session = db.session()
    written = cast(
        "CursorResult[Any]",
        session.execute(
            update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.state == "dead")
            .values(lease_token=None, **values)
            .execution_options(synchronize_session=False)
        ),
    )
    if written.rowcount != 1:
        raise NotDead
    audit.record(action, Delivery(id=delivery_id))
