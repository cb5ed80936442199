"""Pooled connections carry nothing from one transaction to the next, whatever became of it."""

import random
import threading
import uuid

import pytest
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.clients.models import Client
from portal.core import clock
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.scope import entered, scope_or_none, system_scope
from portal.tenants.models import Tenant
from tests.faults.size import FIXED_SEED, scaled

TRANSACTIONS = scaled(20_000)
TENANTS = 50
POOL = 5
FAULTS = 0.3


@pytest.fixture
def crowd(app, database):
    """Fifty tenants with one client each, named after it."""
    engine = create_engine(database.superuser_url.replace("postgresql://", "postgresql+psycopg://"))
    ids = [uuid.uuid4() for _ in range(TENANTS)]
    with engine.begin() as connection:
        for place, tenant_id in enumerate(ids):
            connection.execute(
                Tenant.__table__.insert().values(
                    id=tenant_id, slug=f"t{place}", name="t", display_name="t", created_at=clock.now()
                )
            )
            connection.execute(
                Client.__table__.insert().values(
                    tenant_id=tenant_id, id=uuid.uuid4(), number=1, name=str(tenant_id), created_at=clock.now()
                )
            )
    engine.dispose()
    return ids


@pytest.fixture
def pooled(app, database):
    engine = create_engine(
        database.app_url.replace("postgresql://", "postgresql+psycopg://"), pool_size=POOL, max_overflow=0
    )
    yield engine
    engine.dispose()


def campaign(engine, tenants, count, seed):
    """Transactions from four threads, a third of which fail in some way; whatever was read that was another's."""
    leaks: list[str] = []
    share = count // 4

    def work(place):
        chance = random.Random(seed + place)
        for _ in range(share):
            tenant_id = chance.choice(tenants)
            try:
                with entered(system_scope(tenant_id)), Session(engine) as session:
                    names = [*session.scalars(select(Client.name)), *_raw(session)]
                    leaks.extend(name for name in names if name != str(tenant_id))
                    _perhaps_fail(session, chance)
                    session.commit()
            except (DBAPIError, RuntimeError):
                pass
            if chance.random() < 0.1:
                with Session(engine) as nobody:
                    leaks.extend(_raw(nobody))

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return leaks


def _raw(session):
    return session.scalars(text("SELECT name FROM clients").execution_options(**{RAW: True})).all()


def _perhaps_fail(session, chance):
    if chance.random() >= FAULTS:
        return
    kind = chance.randrange(4)
    if kind == 0:
        message = "the view raised"
        raise RuntimeError(message)
    if kind == 1:
        session.execute(text("SELECT 1 / 0").execution_options(**{RAW: True}))
    elif kind == 2:
        session.execute(text("SET LOCAL statement_timeout = 1").execution_options(**{RAW: True}))
        session.execute(text("SELECT pg_sleep(0.02)").execution_options(**{RAW: True}))
    else:
        session.rollback()


@pytest.mark.timeout(1800)
def test_no_transaction_sees_the_one_before(pooled, crowd, record_property):
    assert campaign(pooled, crowd, TRANSACTIONS, FIXED_SEED) == []
    record_property("transactions over a pool of five", TRANSACTIONS)
    record_property("tenants", TENANTS)
    record_property("part that failed", FAULTS)


def test_without_settings_that_end_with_the_transaction_it_leaks(pooled, crowd):
    """Negative control: the same run, with settings that outlive their transaction."""

    @event.listens_for(pooled, "begin")
    def remember(connection):
        scope = scope_or_none()
        if scope is not None:
            for name, value in (("tenant", scope.tenant_id), ("reach", scope.reach)):
                connection.exec_driver_sql(f"SELECT set_config('app.{name}', %s, false)", (str(value),))

    assert campaign(pooled, crowd, 400, FIXED_SEED)
