"""One run of one handler for one event: claim, work, mark; each delivery's effect on the database happens once.

The claim is a committed transaction of its own, so that a run that dies has counted. The handler's writes and the mark
that it is done are one transaction, and the mark is accepted only from the holder of the lease: a run that was given
up for dead and wakes again rolls back what it did.
"""

from __future__ import annotations

import contextlib
import random
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import structlog
from sqlalchemy import column, select, table, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import configure_mappers

from portal.core import clock
from portal.core.events import backoff, declare, reasons, times
from portal.core.events.models import Delivery, OutboxEvent
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.scope import Scope, system_scope
from portal.core.tenancy.session import transaction
from portal.extensions import db

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import ColumnElement, CursorResult, Row, Select
    from sqlalchemy.orm import Session

    from portal.core.db import Json

_log = structlog.get_logger(__name__)
_chance = random.SystemRandom()
_TENANTS = table("tenants", column("id"), column("state"))

DIED = "The run ended without an answer: it was killed, ran out of time or lost the database."
NO_TENANT = "refused: the tenant is suspended"


class BadJob(ValueError):
    """A job's arguments name no delivery."""


class LeaseLost(RuntimeError):
    """Somebody else owns the delivery by now; this run's work is rolled back."""


class HandedBack(BaseException):
    """The process must end now; raised into a running handler, whose delivery goes back at once."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this run owns until its lease ends."""

    scope: Scope
    delivery_id: uuid.UUID
    token: uuid.UUID
    tried: int
    handler: str
    kind: str
    version: int
    facts: dict[str, object]
    event_id: uuid.UUID


def run_delivery(tenant_id: str, delivery_id: str, attempts: int) -> str:
    """The job: run the delivery if it still stands as it did when the relay picked it. Says what came of it.

    Called from no scope, inside an application context. Raises BadJob for arguments that name nothing; whatever the
    handler raises ends in the delivery's row.
    """
    scope = system_scope(_uuid(tenant_id))
    wanted = _uuid(delivery_id)
    if type(attempts) is not int or attempts < 0:
        message = "no count of attempts"
        raise BadJob(message)
    claim = _claim(scope, wanted, attempts)
    if claim is None:
        _log.info("delivery.not_claimed", tenant=tenant_id, delivery=delivery_id, attempts=attempts)
        return "not claimed"
    return _run(claim)


def rehearse() -> None:
    """Go through a run's statements once without touching a row.

    A worker does it before its first fork: mappers, dialect and compiled statements are then inherited by every work
    horse instead of being made anew in each, which took longer than most jobs. Raises SQLAlchemyError.
    """
    configure_mappers()
    nobody = uuid.UUID(int=0)
    scope = system_scope(nobody)
    claim = Claim(scope, nobody, nobody, 0, "", "", 0, {}, nobody)
    with transaction(scope) as session:
        _wanted(session, nobody, 0)
        _refusal(session, scope, 0)
        _lease(session, nobody, nobody, 0, 1)
        session.execute(_event(nobody)).all()
        with contextlib.suppress(LeaseLost):
            _settle(session, claim, state="done", finished_at=clock.now())
    db.engine.dispose()


def _uuid(value: object) -> uuid.UUID:
    try:
        return uuid.UUID(value)  # type: ignore[arg-type]  # what Redis holds is anybody's guess
    except (ValueError, TypeError, AttributeError):
        message = "no id"
        raise BadJob(message) from None


def _claim(scope: Scope, delivery_id: uuid.UUID, attempts: int) -> Claim | None:
    """Take the lease in a transaction of its own; None where there is nothing (left) to do."""
    with transaction(scope) as session:
        row = _wanted(session, delivery_id, attempts)
        if row is None:
            return None
        refusal = _refusal(session, scope, attempts)
        if refusal is not None:
            _bury(session, delivery_id, refusal)
            return None
        token = uuid.uuid4()
        _lease(session, delivery_id, token, attempts + 1, declare.seconds_of(row.handler))
        event = session.execute(_event(row.event_id)).one()
    return Claim(
        scope=scope,
        delivery_id=delivery_id,
        token=token,
        tried=attempts + 1,
        handler=row.handler,
        kind=event.kind,
        version=event.version,
        facts=event.payload,
        event_id=row.event_id,
    )


def _wanted(session: Session, delivery_id: uuid.UUID, attempts: int) -> Row[str, uuid.UUID] | None:
    """The delivery, locked, if it still stands as it did when the relay picked it."""
    return session.execute(
        select(Delivery.handler, Delivery.event_id)
        .where(Delivery.id == delivery_id, *_as_picked(attempts))
        .with_for_update(skip_locked=True)
    ).one_or_none()


def _event(event_id: uuid.UUID) -> Select[str, int, Json]:
    return select(OutboxEvent.kind, OutboxEvent.version, OutboxEvent.payload).where(OutboxEvent.id == event_id)


def _as_picked(attempts: int) -> tuple[ColumnElement[bool], ...]:
    """Open, owned by nobody, and not tried since the relay looked: an outdated word in Redis claims nothing."""
    return (Delivery.state == "open", Delivery.lease_token.is_(None), Delivery.attempts == attempts)


def _refusal(session: Session, scope: Scope, attempts: int) -> str | None:
    """Why this delivery must not run at all, or None."""
    state = session.execute(
        select(_TENANTS.c.state).where(_TENANTS.c.id == scope.tenant_id), execution_options={RAW: True}
    ).scalar_one_or_none()
    if state != "active":
        return NO_TENANT
    # Its last try was counted when it was claimed, and nobody came back to tell how it went.
    return DIED if backoff.is_last(attempts, times.current()) else None


def _lease(session: Session, delivery_id: uuid.UUID, token: uuid.UUID, tried: int, seconds: int) -> None:
    """Own the delivery. Should nobody come back, it is due after the lease and the delay of a failed try."""
    now = clock.now()
    waits = times.current()
    due_at = now + backoff.lease(seconds, waits) + backoff.delay(tried, waits, _chance)
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id)
        .values(lease_token=token, attempts=tried, due_at=due_at, started_at=now, finished_at=None)
        .execution_options(synchronize_session=False)
    )


def _bury(session: Session, delivery_id: uuid.UUID, reason: str) -> None:
    """Make it a dead letter."""
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id)
        .values(state="dead", last_error=reason, lease_token=None, finished_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    _log.warning("delivery.dead", delivery=str(delivery_id), reason=reason)


def _run(claim: Claim) -> str:
    log = _log.bind(
        tenant=str(claim.scope.tenant_id), delivery=str(claim.delivery_id), handler=claim.handler, tried=claim.tried
    )
    started = clock.now()
    try:
        _work(claim)
    except LeaseLost:
        log.warning("delivery.lease_lost")
        return "lease lost"
    except HandedBack:
        _release(claim, due_at=clock.now(), error=None)
        log.warning("delivery.handed_back")
        return "handed back"
    except Exception as error:  # noqa: BLE001  # any failure of any handler is a failed try, not a failed worker
        told = reasons.reason(error)
        log.warning("delivery.failed", reason=told)
        _fail(claim, told)
        return "failed"
    log.info("delivery.done", kind=claim.kind, ms=round((clock.now() - started).total_seconds() * 1000))
    return "done"


def _work(claim: Claim) -> None:
    """The handler's effect and the mark, in one transaction."""
    handler = declare.handler_named(claim.kind, claim.handler)
    event = declare.read(claim.kind, claim.version, claim.facts, event_id=claim.event_id)
    with transaction(claim.scope) as session:
        handler.run(event)
        session.flush()
        _settle(session, claim, state="done", finished_at=clock.now())


def _settle(session: Session, claim: Claim, **values: object) -> None:
    """Write the run's outcome and give up the lease. Raises LeaseLost where another run has it."""
    written = cast(
        "CursorResult[object]",
        session.execute(
            update(Delivery)
            .where(Delivery.id == claim.delivery_id, Delivery.lease_token == claim.token, Delivery.state == "open")
            .values(lease_token=None, **values)
            .execution_options(synchronize_session=False)
        ),
    )
    if written.rowcount != 1:
        message = "the lease has passed to another run"
        raise LeaseLost(message)


def _fail(claim: Claim, told: str) -> None:
    waits = times.current()
    now = clock.now()
    if backoff.is_last(claim.tried, waits):
        try:
            with transaction(claim.scope) as session:
                _settle(session, claim, state="dead", last_error=told, finished_at=now)
            _log.warning("delivery.dead", delivery=str(claim.delivery_id), reason=told)
        except (LeaseLost, SQLAlchemyError) as error:
            _log.warning("delivery.outcome_lost", delivery=str(claim.delivery_id), reason=type(error).__name__)
        return
    _release(claim, due_at=now + backoff.delay(claim.tried, waits, _chance), error=told)


def _release(claim: Claim, *, due_at: dt.datetime, error: str | None) -> None:
    """Give the delivery back for another try. Where even that fails, the lease's end does the same."""
    told = {} if error is None else {"last_error": error}
    try:
        with transaction(claim.scope) as session:
            _settle(session, claim, due_at=due_at, **told)
    except (LeaseLost, SQLAlchemyError) as lost:
        _log.warning("delivery.outcome_lost", delivery=str(claim.delivery_id), reason=type(lost).__name__)
