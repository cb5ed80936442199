"""Servers of the fault tests' own: these get killed, wiped and restarted."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from portal.core.tenancy import roles
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.launcher import postgres, valkey
from tests import databases, world
from tests.faults.rig import PASSWORD, OwnDatabase, Rig, copied, dropped
from tests.faults.size import Dice

TEMPLATE = "portal_faults_template"
STEADY = {"fsync": "off"}
"""A killed server process loses nothing that was written to the file system; only a power cut would."""


@pytest.fixture(scope="session")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[postgres.Server, valkey.Server]]:
    """A PostgreSQL that keeps what it has acknowledged, and a Valkey that keeps nothing."""
    folder = tmp_path_factory.mktemp("fault-servers")
    database = postgres.start(folder / "postgres", settings=STEADY)
    cache = valkey.start(folder / "valkey", durable=False)
    yield database, cache
    cache.kill()
    database.kill()


@pytest.fixture(scope="session")
def template(
    own_servers: tuple[postgres.Server, valkey.Server], tmp_path_factory: pytest.TempPathFactory
) -> OwnDatabase:
    """The world, once on this server."""
    from tests.faults.publisher import app_for
    from tests.furnish import furnish

    database = OwnDatabase(own_servers[0].url_admin, TEMPLATE)
    roles.prepare(database.admin_url, database=TEMPLATE, owner_password=PASSWORD, app_password=PASSWORD)
    app = app_for(databases.environment(database, own_servers[1].url, str(tmp_path_factory.mktemp("making"))))
    with app.app_context():
        from flask_migrate import upgrade

        from portal.extensions import db

        upgrade()
        furnish()
        db.engine.dispose()
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("DELETE FROM deliveries")
        connection.execute("DELETE FROM outbox")
    return database


@pytest.fixture
def rig(own_servers: tuple[postgres.Server, valkey.Server], template: OwnDatabase, tmp_path: Path) -> Iterator[Rig]:
    """Both servers up and empty, a fresh database, no trees yet."""
    database_server, cache = own_servers
    for server in own_servers:
        if not server.is_running:
            server.restart()
    one = Rig(copied(template, f"faults_{uuid.uuid4().hex[:8]}"), database_server, cache, tmp_path)
    cache.kill()
    cache.restart()
    yield one
    one.close()
    for server in own_servers:
        if not server.is_running:
            server.restart()
    dropped(one.database)


@pytest.fixture
def publishing(rig: Rig) -> Iterator[Flask]:
    """The application in this process, on the rig's database: what a web process is to the outbox."""
    from portal.extensions import db
    from tests.faults.publisher import app_for

    app = app_for(rig.environment)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def promise(publishing: Flask) -> Callable[..., None]:
    """`promise(event)`: commit it in Harbor, as a request would."""

    def commit(*events: Any, slug: str = "harbor") -> None:
        from portal.core.events.outbox import publish

        with publishing.app_context(), transaction(system_scope(world.tenant_id(slug))):
            for one in events:
                publish(one)

    return commit


@pytest.fixture(params=["fixed", "thrown"])
def dice(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Dice:
    """Chance by the fixed seed, then by a new one that the run's summary tells."""
    one = Dice.fixed() if request.param == "fixed" else Dice.thrown()
    record_property("seed", one.seed)
    return one
