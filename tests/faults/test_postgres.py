"""PostgreSQL stopped and killed under load: what was acknowledged is there, nothing is half there."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError

from portal.core.events.outbox import publish
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.extensions import db
from portal.tickets.models import Board
from tests import world
from tests.faults.ledger import Order, account, describe
from tests.faults.rig import Rig
from tests.faults.size import Dice, scaled

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
Figures = Callable[[str, object], None]


@dataclass
class Shop:
    """Somebody who keeps taking orders: a business row and an event in one transaction each."""

    app: Flask
    acknowledged: set[int] = field(default_factory=set)
    unclear: set[int] = field(default_factory=set)
    stop: threading.Event = field(default_factory=threading.Event)
    pause: float = 0.1

    def run(self) -> None:
        """Take orders until told to stop; a lost connection leaves it unclear whether one was taken."""
        number = 0
        while not self.stop.is_set():
            number += 1
            try:
                with self.app.app_context(), transaction(system_scope(world.tenant_id("harbor"))):
                    db.session.add(Board(name=f"order {number}", position=number, is_default=False))
                    publish(Order(number=number, before_ms=20))
                self.acknowledged.add(number)
            except DBAPIError:
                self.unclear.add(number)
            time.sleep(self.pause)


def test_a_database_restarted_under_load_loses_and_halves_nothing(
    rig: Rig, publishing: Flask, dice: Dice, record_property: Figures
) -> None:
    trees = [rig.tree(), rig.tree()]
    rig.started(*trees)
    shop = Shop(publishing)
    thread = threading.Thread(target=shop.run)
    thread.start()
    restarts = max(scaled(50, least=2) // 2, 1)
    try:
        for number in range(restarts):
            time.sleep(0.4 + dice.source.random() * 1.2)
            rig.unwatch()
            rig.postgres.stop() if number % 2 else rig.postgres.kill()
            time.sleep(dice.source.random() * 0.5)
            rig.postgres.restart()
        time.sleep(1)
    finally:
        shop.stop.set()
        thread.join()
    took = rig.settled(within=180)
    with rig.rows() as rows:
        verdict = account(rows)
        boards = {
            int(row["name"].split()[1])
            for row in rows.execute("SELECT name FROM boards WHERE name LIKE 'order %'").fetchall()
        }
        orders = {
            int(row["number"])
            for row in rows.execute("SELECT payload ->> 'number' AS number FROM outbox WHERE kind = 'fault.order'")
        }
    record_property("restarts", restarts)
    record_property("orders acknowledged", len(shop.acknowledged))
    record_property("orders refused or unclear", len(shop.unclear))
    record_property("settled after the last restart (s)", round(took, 1))
    assert shop.acknowledged <= orders, f"seed {dice.seed}: acknowledged, then gone"
    assert orders <= shop.acknowledged | shop.unclear
    assert boards == orders, f"seed {dice.seed}: half written"
    assert verdict.is_clean, f"seed {dice.seed}: {describe(verdict)}"
    assert all(tree.is_running for tree in trees), "nobody had to start a tree again"
