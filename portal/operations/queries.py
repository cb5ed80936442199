"""Deliveries for the staff's lists, one page at a time."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from portal.core.events.models import Delivery, OutboxEvent
from portal.core.tenancy.scope import Viewer
from portal.core.web.paging import ENOUGH

GIVEN_UP = ("dead", "discarded")


def dead_letters(_viewer: Viewer, *, state: str) -> Select[*tuple[Any, ...]]:
    """The tenant's deliveries in one state, with the kind of their event."""
    return (
        select(
            Delivery.id,
            Delivery.created_at,
            Delivery.handler,
            Delivery.queue,
            Delivery.attempts,
            Delivery.last_error,
            Delivery.finished_at,
            OutboxEvent.kind,
        )
        .join(OutboxEvent, OutboxEvent.id == Delivery.event_id)
        .where(Delivery.state == state)
    )


def delivery_counts(_viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """How many deliveries wait, are being retried, and are dead, counted no further than anybody is told; one row."""
    waiting = Delivery.state == "open"
    return select(
        _count(waiting, Delivery.attempts == 0).label("waiting"),
        _count(waiting, Delivery.attempts > 0).label("retried"),
        _count(Delivery.state == "dead").label("dead"),
    )


def _count(*conditions: Any) -> Any:
    found = select(Delivery.id).where(*conditions).limit(ENOUGH).subquery()
    return select(func.count()).select_from(found).scalar_subquery()


def delivery(_viewer: Viewer, delivery_id: UUID) -> Select[Delivery, OutboxEvent]:
    """One delivery that was given up, with its event."""
    return (
        select(Delivery, OutboxEvent)
        .join(OutboxEvent, OutboxEvent.id == Delivery.event_id)
        .where(Delivery.id == delivery_id, Delivery.state.in_(GIVEN_UP))
    )
