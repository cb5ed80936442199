"""Redis may be wiped, restarted empty or away: it holds nothing that can't be lost."""

import os
import pickle
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.faults.campaign import Campaign
from tests.faults.ledger import Order, account, describe
from tests.faults.rig import Rig, until
from tests.faults.size import FULL, Dice, scaled

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
Promise = Callable[..., None]
Figures = Callable[[str, object], None]


def _wipe(rig: Rig, *, restart: bool) -> None:
    if restart:
        rig.valkey.kill()
        rig.valkey.restart()
        return
    with redis.Redis.from_url(rig.valkey.url) as client:
        client.flushall()


def _queued(rig: Rig) -> int:
    with redis.Redis.from_url(rig.valkey.url) as client:
        return sum(int(client.llen(f"rq:queue:{name}")) for name in ("urgent", "default", "bulk"))


def test_redis_wiped_again_and_again_loses_and_doubles_nothing(
    rig: Rig, promise: Promise, dice: Dice, record_property: Figures
) -> None:
    trees = [rig.tree(), rig.tree()]
    rig.started(*trees)
    campaign = Campaign(rig, dice, promise, slow_ms=60)
    wipes = scaled(20, least=2) // 2
    for number in range(max(wipes, 1)):
        campaign.publish(scaled(100, least=10))
        until(lambda: _queued(rig) > 2, within=30, what="jobs stand in Redis")
        time.sleep(dice.source.random() * 0.3)
        _wipe(rig, restart=number % 2 == (dice.seed % 2))
    took = rig.settled(within=180)
    with rig.rows() as rows:
        verdict = account(rows)
    record_property("wipes", max(wipes, 1))
    record_property("receipts due", campaign.published * 2)
    record_property("settled after the last wipe (s)", round(took, 1))
    assert verdict.is_clean, f"seed {dice.seed}: {describe(verdict)}"
    assert all(tree.is_running for tree in trees), "nobody had to start a tree again"


def test_a_long_absence_of_redis_is_sat_out(rig: Rig, promise: Promise, record_property: Figures) -> None:
    tree = rig.tree()
    rig.started(tree)
    rig.valkey.kill()
    away = 300 if FULL else 15
    started, slowest = time.monotonic(), 0.0
    number = 0
    while time.monotonic() - started < away:
        number += 1
        before = time.monotonic()
        promise(Order(number=number))
        slowest = max(slowest, time.monotonic() - before)
        time.sleep(0.5)
    assert rig.count("SELECT count(*) FROM outbox WHERE kind = 'fault.order'") == number
    rig.valkey.restart()
    took = rig.settled(within=60 + away)  # what came in meanwhile is caught up with in no more time than it came in
    with rig.rows() as rows:
        verdict = account(rows)
    record_property("seconds away", away)
    record_property("orders taken meanwhile", number)
    record_property("slowest publication (s)", round(slowest, 2))
    record_property("settled after its return (s)", round(took, 1))
    assert verdict.is_clean, describe(verdict)
    assert tree.is_running
    assert slowest < 3


def test_without_the_outboxs_second_look_a_wipe_loses_orders(rig: Rig, promise: Promise) -> None:
    """Negative control: what stood in Redis is gone when nobody looks into the outbox again."""
    rig.more["PORTAL_TEST_SABOTAGE"] = "trust_redis"
    rig.started(rig.tree())
    Campaign(rig, Dice.fixed(), promise, slow_ms=400).publish(20)
    until(lambda: _queued(rig) > 2, within=30)
    _wipe(rig, restart=False)
    with pytest.raises(AssertionError, match="every delivery settled"):
        rig.settled(within=25)
    with rig.rows() as rows:
        assert account(rows).lost


class Pickled:
    """Calls something the moment it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.file),)


def _planted(file: Path) -> dict[str, dict[str, bytes]]:
    """Jobs that an intruder in Redis might leave; each would make the file."""
    harmless = f'["portal.core.events.delivery.run_delivery", null, ["{uuid.uuid4()}", "{uuid.uuid4()}", 0], {{}}]'
    call = f'["os.mkdir", null, ["{file}"], {{}}]'.encode()
    base = {"created_at": b"2026-01-01T00:00:00.000000Z", "origin": b"default", "status": b"queued", "timeout": b"10"}
    return {
        "pickle": base | {"data": pickle.dumps(("os.mkdir", None, (str(file),), {}))},
        "pickle-trap": base | {"data": pickle.dumps(Pickled(file))},
        "pickled-meta": base | {"data": harmless.encode(), "meta": pickle.dumps(Pickled(file))},
        "other-function": base | {"data": call},
        "callback": base | {"data": harmless.encode(), "success_callback_name": b"tests.faults.ledger.time.sleep"},
        "instance": base | {"data": f'["mkdir", "os", ["{file}"], {{}}]'.encode()},
        "no-arguments": base | {"data": b'["portal.core.events.delivery.run_delivery", null, [], {}]'},
        "strange-arguments": base
        | {"data": b'["portal.core.events.delivery.run_delivery", null, [{"a": 1}, null, "0"], {}]'},
        "no-json": base | {"data": b"\x00\xff"},
        "bad-status": base | {"data": harmless.encode(), "status": b"nonsense"},
    }


def test_what_an_intruder_leaves_in_redis_is_never_run(rig: Rig, promise: Promise, tmp_path: Path) -> None:
    tree = rig.tree()
    rig.started(tree)
    file = tmp_path / "owned"
    with redis.Redis.from_url(rig.valkey.url) as client:
        for name, job in _planted(file).items():
            client.hset(f"rq:job:{name}", mapping=job)
            client.rpush("rq:queue:default", name)
        until(lambda: client.llen("rq:queue:default") == 0, within=60, what="all planted jobs taken")
        promise(Order(number=1))
        rig.settled(within=30)
    assert not file.exists()
    assert tree.is_running
    with rig.rows() as rows:
        assert account(rows).is_clean
    assert tree.log.read_text().count("job.refused") >= 6


def test_redis_holds_ids_and_nothing_that_anybody_wrote(rig: Rig, promise: Promise) -> None:
    rig.started(rig.tree())
    for number in range(1, 6):
        promise(Order(number=number, before_ms=300))
    until(lambda: _queued(rig) > 0, within=20)
    with redis.Redis.from_url(rig.valkey.url) as client:
        for key in client.scan_iter():
            kind = client.type(key)
            stored = str(client.hgetall(key) if kind == b"hash" else client.dump(key))
            assert "before_ms" not in stored
            assert "fault.order" not in stored
