"""A worker's tree for tests: the product's own, with the ledger's handlers and waiting times that tests can bear.

`PORTAL_TEST_TIMES` holds other waiting times as JSON (seconds); without it the product's own are in force.
`PORTAL_TEST_SECONDS` gives every handler that limit.
`PORTAL_TEST_SABOTAGE` names a defence to take away, for negative controls: only this entry point can.
"""

import dataclasses
import datetime as dt
import faulthandler
import json
import os
import sys
from typing import Any

faulthandler.dump_traceback_later(20)  # a start that hangs tells where

from portal import create_app  # noqa: E402  # after the line above, on purpose
from portal.core.events import backoff, declare, delivery, relay, times, worker  # noqa: E402
from tests.faults import ledger  # noqa: E402

YEAR = dt.timedelta(days=365)


def times_from(text: str) -> times.Times:
    """Waiting times from JSON."""
    values = json.loads(text)
    for field in dataclasses.fields(times.Times):
        if field.name in values and isinstance(getattr(times.PRODUCTION, field.name), dt.timedelta):
            values[field.name] = dt.timedelta(seconds=values[field.name])
    return dataclasses.replace(times.PRODUCTION, **values)


def trust_redis() -> None:
    """Without the outbox's second look: what Redis or a dead worker loses is gone."""
    picked = relay.pick

    def once(queue: str, **how: Any) -> Any:
        return picked(queue, **(how | {"requeue_after": YEAR}))

    relay.pick = once
    backoff.lease = lambda *_arguments: YEAR


def no_lease() -> None:
    """Without leases: whoever hears of a delivery runs it, and every result is accepted."""
    delivery._as_picked = lambda _attempts: (delivery.Delivery.state == "open",)

    def settle(session: Any, claim: delivery.Claim, **values: Any) -> None:
        session.execute(
            delivery.update(delivery.Delivery)
            .where(delivery.Delivery.id == claim.delivery_id)
            .values(lease_token=None, **values)
            .execution_options(synchronize_session=False)
        )

    delivery._settle = settle


def two_transactions() -> None:
    """Without the common transaction of effect and mark: a death in between repeats the effect."""

    def work(claim: delivery.Claim) -> None:
        handler = delivery.declare.handler_named(claim.kind, claim.handler)
        happened = delivery.declare.read(claim.kind, claim.version, claim.facts, event_id=claim.event_id)
        with delivery.transaction(claim.scope):
            handler.run(dataclasses.replace(happened, after_ms=0))
        ledger.time.sleep(happened.after_ms / 1000)  # type: ignore[attr-defined]
        with delivery.transaction(claim.scope) as session:
            delivery._settle(session, claim, state="done", finished_at=delivery.clock.now())

    delivery._work = work


SABOTAGE = {"trust_redis": trust_redis, "no_lease": no_lease, "two_transactions": two_transactions}


def shorten_handlers(seconds: int) -> None:
    """Give every handler this limit, so that a killed one's lease is over in seconds."""
    for key, handler in declare._handlers.items():
        declare._handlers[key] = dataclasses.replace(handler, seconds=seconds)


def main() -> int:
    """Run the tree."""
    app = create_app()
    if text := os.environ.get("PORTAL_TEST_TIMES"):
        times.use(app, times_from(text))
    if seconds := os.environ.get("PORTAL_TEST_SECONDS"):
        shorten_handlers(int(seconds))
    if name := os.environ.get("PORTAL_TEST_SABOTAGE"):
        SABOTAGE[name]()
    faulthandler.cancel_dump_traceback_later()
    return worker.main(app)


if __name__ == "__main__":
    sys.exit(main())
