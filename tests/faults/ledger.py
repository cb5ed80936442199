"""Orders and receipts: what was promised to the outside, and what was done about it.

An order is an event; its handler leaves a receipt, which a second run would repeat. Worker trees and tests both import
this module, so that the handlers are known on both sides.
"""

import ctypes
import datetime as dt
import json
import os
import signal
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from portal.core.events.declare import Event, event, handles
from portal.core.events.outbox import publish
from portal.core.events.schedule import ScheduleDue, every

SECONDS = 2
"""The handlers' limit: leases are a little longer, so that recovery takes seconds and not minutes."""


@event("fault.order")
class Order(Event):
    """Something was promised, numbered from 1. The handler works this long before and after its receipt."""

    number: int
    before_ms: int = 0
    after_ms: int = 0


@event("fault.receipt")
class Receipt(Event):
    """Something was done."""

    of: uuid.UUID
    number: int


@event("fault.trap")
class Trap(Event):
    """Work that harms the one who does it; `way` says how."""

    way: str


@event("fault.long")
class LongWork(Event):
    """Work that takes a while, and tells a file when it begins."""

    seconds: int
    told: str


@event("fault.slow_once")
class SlowOnce(Event):
    """Work that is slow the first time; a file tells which process did it."""

    told: str


@handles(Order, name="fault.deliver", seconds=SECONDS)
def deliver(order: Order) -> None:
    """Leave a receipt, slowly enough to be killed in the middle."""
    time.sleep(order.before_ms / 1000)
    publish(Receipt(of=order.id, number=order.number))
    time.sleep(order.after_ms / 1000)


@handles(Order, name="fault.deliver_twice", queue="bulk", seconds=SECONDS)
def deliver_as_well(order: Order) -> None:
    """A second duty to the same event, in another queue, with its own receipt."""
    publish(Receipt(of=order.id, number=-order.number))


@handles(Trap, name="fault.fall_in", seconds=1)
def fall_in(trap: Trap) -> None:
    """Raise, hang, hang where no signal is heard, crash or leave, unless somebody removed the trap."""
    if Path(os.environ["PORTAL_TEST_DISARMED"]).exists():
        publish(Receipt(of=trap.id, number=0))
        return
    if trap.way == "raise":
        message = "poison"
        raise RuntimeError(message)
    if trap.way == "hang":
        time.sleep(3600)
    if trap.way == "deaf":
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGTERM})
        ctypes.CDLL(None).pause()
    if trap.way == "frozen":
        os.kill(os.getpid(), signal.SIGSTOP)
    if trap.way == "segfault":
        ctypes.string_at(0)
    os._exit(3)


@handles(LongWork, name="fault.work_long", seconds=60)
def work_long(work: LongWork) -> None:
    """Take its time, once told."""
    with Path(work.told).open("a") as file:
        file.write(f"{os.getpid()} {os.getppid()}\n")
    time.sleep(work.seconds)
    publish(Receipt(of=work.id, number=0))


@handles(SlowOnce, name="fault.be_slow_once")
def be_slow_once(slow: SlowOnce) -> None:
    """Take longer than allowed the first time, so that it can be killed; answer at once the next time."""
    told = Path(slow.told)
    if not told.exists():
        told.write_text(f"{os.getpid()} {os.getppid()}")
        time.sleep(25)
    publish(Receipt(of=slow.id, number=0))


if os.environ.get("PORTAL_TEST_TICK"):

    @every(dt.timedelta(seconds=2), name="fault.tick", queue="default", seconds=SECONDS, each_slot=True, clock="real")
    def tick(due: ScheduleDue) -> None:
        """Leave a receipt for each slot."""
        publish(Receipt(of=due.id, number=int(due.slot.timestamp())))


@dataclass(frozen=True)
class Verdict:
    """The ledger's account: which orders have no receipt, and which have several."""

    orders: int
    lost: list[Any] = field(default_factory=list)
    doubled: list[Any] = field(default_factory=list)
    dead: int = 0
    open: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether each order has exactly one receipt from each of its handlers."""
        return not (self.lost or self.doubled or self.dead or self.open)


def account(rows: psycopg.Connection[Any]) -> Verdict:
    """Compare orders and receipts in the database."""
    counted = rows.execute(
        "SELECT o.payload ->> 'number' AS number, duty.sign, count(r.id) AS receipts"
        "  FROM outbox o CROSS JOIN (VALUES ('', 1), ('-', -1)) AS duty (sign, factor)"
        "  LEFT JOIN outbox r ON r.kind = 'fault.receipt' AND r.tenant_id = o.tenant_id"
        "       AND r.payload ->> 'of' = o.id::text AND r.payload ->> 'number' = duty.sign || (o.payload ->> 'number')"
        " WHERE o.kind = 'fault.order' GROUP BY 1, 2, o.id"
    ).fetchall()
    states = {
        row["state"]: row["n"]
        for row in rows.execute("SELECT state, count(*) AS n FROM deliveries GROUP BY state").fetchall()
    }
    return Verdict(
        orders=len(counted) // 2,
        lost=[row["sign"] + row["number"] for row in counted if row["receipts"] == 0],
        doubled=[row["sign"] + row["number"] for row in counted if row["receipts"] > 1],
        dead=states.get("dead", 0),
        open=states.get("open", 0),
    )


def describe(verdict: Verdict) -> str:
    """For an assertion's message."""
    return json.dumps(
        {"orders": verdict.orders, "lost": verdict.lost[:9], "doubled": verdict.doubled[:9],
         "dead": verdict.dead, "open": verdict.open}
    )  # fmt: skip
