import datetime as dt
import json
import threading
import uuid
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import redis as redis_client
from flask import Flask

from portal.core import clock
from portal.core.events import bridge, relay, times
from portal.core.events.declare import handles
from portal.core.events.outbox import publish
from portal.core.events.relay import Left, Relay
from portal.core.events.times import Times
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.launcher.spawn import free_port
from tests import world
from tests.core.events.conftest import Happened, make_due

Rows = psycopg.Connection[Any]
System = Callable[..., Any]
NOBODY = uuid.UUID(int=0)
LATER = dt.timedelta(seconds=30)


@pytest.fixture(autouse=True)
def three_queues() -> None:
    for queue in ("urgent", "default", "bulk"):
        handles(Happened, name=f"test.{queue}", queue=queue, seconds=7)(lambda _event: None)  # type: ignore[arg-type]


def flood(rows: Rows, tenant_id: uuid.UUID, count: int, *, age: int) -> None:
    """Many due deliveries of one tenant, `age` seconds old."""
    when = clock.now() - dt.timedelta(seconds=age)
    event_id = uuid.uuid4()
    rows.execute(
        "INSERT INTO outbox VALUES (%s, %s, 'test.happened', 1, '{}', NULL, %s)",
        [tenant_id, event_id, when],
    )
    rows.execute(
        "INSERT INTO deliveries (tenant_id, id, event_id, handler, queue, state, due_at, attempts, created_at)"
        " SELECT %(t)s, gen_random_uuid(), %(e)s, 'flood.' || n, 'default', 'open', %(w)s, 0, %(w)s"
        " FROM generate_series(1, %(n)s) AS n",
        {"t": tenant_id, "e": event_id, "w": when, "n": count},
    )


def more_tenants(rows: Rows, count: int) -> list[uuid.UUID]:
    """Tenants besides the world's."""
    ids = [uuid.UUID(int=number + 1) for number in range(count)]
    for number, tenant_id in enumerate(ids):
        rows.execute(
            "INSERT INTO tenants (id, slug, name, display_name, state, time_zone, support_email, support_phone,"
            " support_hours, website, brand_version, logo_alt, created_at)"
            " VALUES (%s, %s, 'T', 'T', 'active', 'UTC', '', '', '', '', 1, '', %s)",
            [tenant_id, f"tenant-{number}", world.OPENED],
        )
    return ids


def test_a_sweep_says_in_redis_what_is_due_with_ids_alone(
    app: Flask, system: System, own_redis: redis_client.Redis, rows: Rows
) -> None:
    with system():
        publish(Happened(word="CANARY"))
    with app.app_context():
        assert Relay(own_redis, workers=lambda: 1).sweep() is Left.NOTHING
    due = {row["queue"]: row for row in rows.execute("SELECT * FROM deliveries").fetchall()}
    for name in ("urgent", "default", "bulk"):
        row = due[name]
        assert own_redis.lrange(f"rq:queue:{name}", 0, -1) == [f"{row['id']}-0".encode()]
        stored = own_redis.hgetall(f"rq:job:{row['id']}-0")
        assert json.loads(zlib.decompress(stored[b"data"])) == [
            "portal.core.events.delivery.run_delivery", None, [str(row["tenant_id"]), str(row["id"]), 0], {},
        ]  # fmt: skip
        assert stored[b"timeout"] == b"7"
        assert b"CANARY" not in b"".join(stored.values())
        assert row["due_at"] > clock.now() + dt.timedelta(seconds=25)


def test_what_is_not_due_or_done_stays(app: Flask, system: System, rows: Rows) -> None:
    with system():
        for _ in range(4):
            publish(Happened())
    rows.execute("UPDATE deliveries SET due_at = due_at + interval '1 hour' WHERE handler = 'test.urgent'")
    rows.execute("UPDATE deliveries SET state = 'done' WHERE handler = 'test.default'")
    rows.execute("UPDATE deliveries SET state = 'dead' WHERE handler = 'test.bulk'")
    with app.app_context():
        for queue in ("urgent", "default", "bulk"):
            assert not relay.pick(queue, most=99, after=NOBODY, requeue_after=LATER)


def test_what_redis_forgot_comes_due_again(
    app: Flask, system: System, own_redis: redis_client.Redis, rows: Rows
) -> None:
    with system():
        publish(Happened())
    with app.app_context():
        times.use(app, Times(requeue_after=dt.timedelta(seconds=0)))
        Relay(own_redis).sweep()
        own_redis.flushdb()
        Relay(own_redis).sweep()
        times.use(app, times.PRODUCTION)
    assert own_redis.llen("rq:queue:default") == 1


def test_nothing_is_picked_while_redis_is_away(app: Flask, system: System, rows: Rows) -> None:
    with system():
        publish(Happened())
    before = rows.execute("SELECT * FROM deliveries ORDER BY id").fetchall()
    with app.app_context(), pytest.raises(redis_client.RedisError):
        Relay(bridge.client(f"redis://127.0.0.1:{free_port()}/0", timeout=0.2)).sweep()
    assert rows.execute("SELECT * FROM deliveries ORDER BY id").fetchall() == before


def test_a_queue_in_redis_is_filled_to_its_room_only(app: Flask, own_redis: redis_client.Redis, rows: Rows) -> None:
    flood(rows, world.tenant_id("harbor"), 100, age=60)
    with app.app_context():
        one = Relay(own_redis, workers=lambda: 3)
        assert [one.sweep(), one.sweep(), one.sweep()] == [Left.MORE, Left.NO_ROOM, Left.NO_ROOM]
    assert own_redis.llen("rq:queue:default") == 4 + 2 * 3


def test_a_flood_does_not_keep_a_late_comer_waiting(app: Flask, rows: Rows) -> None:
    flood(rows, world.tenant_id("harbor"), 5000, age=3600)
    flood(rows, world.tenant_id("summit"), 1, age=0)
    with app.app_context():
        picked = relay.pick("default", most=8, after=NOBODY, requeue_after=LATER)
    assert [row.tenant_id for row in picked].index(world.tenant_id("summit")) <= 1
    assert len(picked) == 8


def _rounds_until_served(app: Flask, own_redis: redis_client.Redis, *, turn: bool) -> int:
    """How many sweeps of room 4 until the late-comer's job stands in Redis; 99 for never."""
    one = Relay(own_redis, workers=lambda: 0)
    for number in range(1, 99):
        own_redis.flushdb()
        if not turn:
            one._after["default"] = NOBODY
        with app.app_context():
            one.sweep()
        jobs = [job.decode() for job in own_redis.lrange("rq:queue:default", 0, -1)]
        owners = {bridge.arguments(bridge.DeliveryJob.fetch(job, own_redis, bridge.JSONSerializer))[0] for job in jobs}
        if str(world.tenant_id("summit")) in owners:
            return number
    return 99


def test_many_floods_together_do_not_either(app: Flask, own_redis: redis_client.Redis, rows: Rows) -> None:
    for tenant_id in more_tenants(rows, 40):
        flood(rows, tenant_id, 120, age=3600)
    flood(rows, world.tenant_id("summit"), 1, age=0)
    assert _rounds_until_served(app, own_redis, turn=True) <= 42 // 4 + 1


def test_without_turns_the_late_comer_starves(app: Flask, own_redis: redis_client.Redis, rows: Rows) -> None:
    """Negative control: the same with the relay's memory of whose turn it is wiped."""
    for tenant_id in more_tenants(rows, 40):
        flood(rows, tenant_id, 120, age=3600)
    flood(rows, world.tenant_id("summit"), 1, age=0)
    assert _rounds_until_served(app, own_redis, turn=False) == 99


def test_relays_side_by_side_never_pick_the_same_row(app: Flask, rows: Rows) -> None:
    flood(rows, world.tenant_id("harbor"), 300, age=60)
    flood(rows, world.tenant_id("summit"), 300, age=60)
    picked: list[uuid.UUID] = []

    def work() -> None:
        with app.app_context():
            while due := relay.pick("default", most=7, after=NOBODY, requeue_after=LATER):
                picked.extend(row.delivery_id for row in due)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():  # a row that all skipped because another relay held it for a moment
        picked.extend(row.delivery_id for row in relay.pick("default", most=600, after=NOBODY, requeue_after=LATER))
    assert max(Counter(picked).values()) == 1
    assert len(picked) == 600


def test_a_pick_ends_the_lease_it_found(app: Flask, rows: Rows) -> None:
    flood(rows, world.tenant_id("harbor"), 1, age=60)
    rows.execute("UPDATE deliveries SET lease_token = gen_random_uuid(), attempts = 3")
    with app.app_context():
        (row,) = relay.pick("default", most=7, after=NOBODY, requeue_after=LATER)
    assert row.attempts == 3
    assert rows.execute("SELECT lease_token FROM deliveries").fetchone() == {"lease_token": None}


def test_the_door_is_the_only_way_across_tenants(app: Flask, system: System, rows: Rows) -> None:
    with system("summit"):
        publish(Happened())
    with app.app_context(), transaction(None) as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM deliveries").scalar() == 0
    with app.app_context(), transaction(system_scope(world.tenant_id("harbor"))) as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM deliveries").scalar() == 0
    make_due(rows)
    with app.app_context():
        assert len(relay.pick("default", most=7, after=NOBODY, requeue_after=LATER)) == 1
