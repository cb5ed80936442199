"""Tables of events, deliveries and the schedule.

The outbox is the truth: an event and one delivery for each of its handlers are written in the transaction that
changes the data. Redis only carries word of them and may lose everything.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base
from portal.core.tenancy.tables import Global, StaffOwned

STATES = ("open", "done", "dead", "discarded")
QUEUES = ("urgent", "default", "bulk")


def _among(column: str, allowed: tuple[str, ...]) -> str:
    """Return the SQL condition that `column` holds one of the `allowed` words."""
    return f"{column} IN ({', '.join(repr(word) for word in allowed)})"


class OutboxEvent(StaffOwned, Base):
    """A fact that was true when its transaction was committed; never changed afterwards."""

    __tablename__ = "outbox"

    kind: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(SmallInteger)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    dedupe_key: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        UniqueConstraint("tenant_id", "dedupe_key", name="uq_outbox_tenant_id_dedupe_key"),
        Index("ix_outbox_tenant_id_created_at", "tenant_id", "created_at"),
    )


class Delivery(StaffOwned, Base):
    """One handler's duty to one event.

    `due_at` is when the relay may pick the row up (again): after publishing at once, after a pick when the word in
    Redis counts as lost, while a job runs the end of its lease, after a failure the end of the delay.
    `lease_token` names the run that may finish the row; nobody else's result is accepted.
    """

    __tablename__ = "deliveries"

    event_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    handler: Mapped[str] = mapped_column(Text)
    queue: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="open")
    due_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease_token: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "event_id"],
            ["outbox.tenant_id", "outbox.id"],
            name="fk_deliveries_event",
            ondelete="CASCADE",
        ),
        UniqueConstraint("tenant_id", "event_id", "handler", name="uq_deliveries_tenant_id_event_id_handler"),
        CheckConstraint(_among("state", STATES), name="state"),
        CheckConstraint(_among("queue", QUEUES), name="queue"),
        CheckConstraint("attempts >= 0", name="attempts"),
        # The relay walks this index from tenant to tenant (migrations/doors/pick_deliveries.sql).
        Index(
            "ix_deliveries_open",
            "queue",
            "tenant_id",
            "due_at",
            "id",
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_deliveries_dead",
            "tenant_id",
            "id",
            postgresql_where=text("state = 'dead'"),
        ),
        Index("ix_deliveries_tenant_id_handler_id", "tenant_id", "handler", "id"),
    )


class Schedule(Global, Base):
    """When a periodic duty is due next; one row for the whole installation (`portal_app` only reads it)."""

    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    every_seconds: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    last_started_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    last_finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    last_duration_ms: Mapped[int | None] = mapped_column(Integer)
    lease_until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("every_seconds > 0", name="every_seconds"),)
