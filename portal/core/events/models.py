"""Tables of events, deliveries and the schedule.

The outbox is the truth: an event and one delivery for each of its handlers are written in the transaction that
changes the data. Redis only carries word of them and may lose everything.
"""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, Json, references, unique
from portal.core.tenancy.tables import Global, StaffOwned


class OutboxEvent(StaffOwned, Base):
    """A fact that was true when its transaction was committed; never changed afterwards."""

    __tablename__ = "outbox"
    __table_args__ = (
        unique("dedupe_key"),
        Index("ix_outbox_created_at", "tenant_id", "created_at"),
    )

    kind: Mapped[str]
    version: Mapped[int]
    payload: Mapped[Json]
    dedupe_key: Mapped[str | None]
    created_at: Mapped[dt.datetime]


class Delivery(StaffOwned, Base):
    """One handler's duty to one event.

    `due_at` is when the relay may pick the row up (again): after publishing at once, after a pick when the word in
    Redis counts as lost, while a job runs the end of its lease, after a failure the end of the delay.
    `lease_token` names the run that may finish the row; nobody else's result is accepted.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        references("outbox", event_id="id"),
        unique("event_id", "handler"),
        CheckConstraint("state IN ('open', 'done', 'dead', 'discarded')", name="state"),
        CheckConstraint("queue IN ('urgent', 'default', 'bulk')", name="queue"),
        # The relay walks this one from tenant to tenant (migrations/doors/pick_deliveries.sql).
        Index("ix_deliveries_open", "queue", "tenant_id", "due_at", "id", postgresql_where=text("state = 'open'")),
        Index("ix_deliveries_dead", "tenant_id", "id", postgresql_where=text("state = 'dead'")),
        Index("ix_deliveries_handler", "tenant_id", "handler", "id"),
        Index("ix_deliveries_finished", "tenant_id", "finished_at"),
    )

    event_id: Mapped[uuid.UUID]
    handler: Mapped[str]
    queue: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    due_at: Mapped[dt.datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[uuid.UUID | None]
    last_error: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    started_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]


class Schedule(Global, Base):
    """When a periodic duty is due next; one row for the whole installation, written by two doors alone."""

    __tablename__ = "schedules"
    __table_args__ = (CheckConstraint("every_seconds > 0", name="every_seconds"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    every_seconds: Mapped[int]
    next_at: Mapped[dt.datetime]
    last_started_at: Mapped[dt.datetime | None]
    last_finished_at: Mapped[dt.datetime | None]
    last_duration_ms: Mapped[int | None]
    lease_until: Mapped[dt.datetime | None]
