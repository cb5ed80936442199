"""Publishing: the event and its deliveries are written in the caller's own transaction, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import event as listening
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.core import clock
from portal.core.events import declare, payload, poke
from portal.core.events.models import Delivery, OutboxEvent
from portal.core.ids import new_id
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.scope import current_scope
from portal.extensions import db

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import CursorResult, Table

_EVENTS = cast("Table", OutboxEvent.__table__)
_DELIVERIES = cast("Table", Delivery.__table__)
_PUBLISHED = "events_published"


def publish(event: declare.Event, *, dedupe_key: str | None = None) -> bool:
    """Write down an event for every handler of its kind, in the tenant of the scope in force.

    Works at every reach: nothing is read back. With a `dedupe_key`, unique in the tenant for as long as the event is
    kept (`tidy.KEEP`), a second event is not written; False says so. Raises NoScope without a scope, TypeError for a
    class that isn't declared.
    """
    return publish_to(event, declare.handlers_of(declare.kind_of(type(event))), dedupe_key=dedupe_key)


def publish_to(event: declare.Event, handlers: Sequence[declare.Handler], *, dedupe_key: str | None = None) -> bool:
    """Like `publish`, for these handlers alone; the schedule uses it."""
    known = declare.event_type(declare.kind_of(type(event)))
    tenant_id = current_scope().tenant_id
    session: Session = db.session()
    now = clock.now()
    row = {
        "tenant_id": tenant_id,
        "id": event.id,
        "kind": known.kind,
        "version": known.version,
        "payload": payload.dump(event),
        "dedupe_key": dedupe_key,
        "created_at": now,
    }
    statement = insert(_EVENTS).values(row)
    if dedupe_key is not None:
        # Without a conflict target: naming one would want the right to read, which clients and the gate don't have.
        statement = statement.on_conflict_do_nothing()
    options = {RAW: True, "preserve_rowcount": True}
    written = cast("CursorResult[object]", session.execute(statement, execution_options=options))
    if written.rowcount == 0:
        return False
    if handlers:
        deliveries = [
            {
                "tenant_id": tenant_id,
                "id": new_id(),
                "event_id": event.id,
                "handler": handler.name,
                "queue": handler.queue,
                "state": "open",
                "due_at": now,
                "attempts": 0,
                "created_at": now,
            }
            for handler in handlers
        ]
        session.execute(insert(_DELIVERIES).values(deliveries), execution_options={RAW: True})
        announce(session)
    return True


def announce(session: Session) -> None:
    """Have the relay poked when this session's transaction is committed."""
    session.info[_PUBLISHED] = True


@listening.listens_for(Session, "after_commit")
def _poke_after_commit(session: Session) -> None:
    """Wake the relay once the rows are there; a savepoint's release is not yet a commit."""
    if not session.in_nested_transaction() and session.info.pop(_PUBLISHED, False):
        poke.send()


@listening.listens_for(Session, "after_rollback")
def _nothing_happened(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_PUBLISHED, None)
