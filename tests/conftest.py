"""What every test stands on: real servers, a template database, the app, browsers without a screen."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, sync_playwright

from tests import databases, servers, world
from tests.databases import Database
from tests.pages import Visitor

READY = "PORTAL_TEST_READY"
pytest_plugins = ["tests.reporting"]


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers and make the templates once, before the workers begin."""
    if hasattr(config, "workerinput") or READY in os.environ or config.option.collectonly:
        return
    stack = ExitStack()
    config.add_cleanup(stack.close)
    stack.callback(servers.stop)
    servers.start()
    folder = Path(tempfile.mkdtemp(prefix="portal-tests-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ |= {"PORTAL_TEST_FOLDER": str(folder), READY: "1"}
    stack.callback(os.environ.pop, READY, None)
    build_static()
    addresses = servers.running()
    make_templates(addresses.admin_url, addresses.redis_url, folder)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a good part of a run waits, for leases and for what was killed."""
    return (os.cpu_count() or 1) + 1


def build_static() -> None:
    """Pages need their hashed files; a test run must not meet those of yesterday."""
    from portal.core.web.build import main

    assert main() == 0


def make_templates(admin_url: str, redis_url: str, folder: Path) -> None:
    """The two templates: migrated and empty; migrated and furnished."""
    from flask_migrate import upgrade

    from portal import create_app
    from portal.extensions import db
    from portal.settings import read
    from tests.furnish import furnish

    empty = databases.prepared(admin_url, databases.EMPTY)
    app = create_app(read(databases.environment(empty, redis_url, str(folder / "making"))))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    furnished = databases.copied(empty, databases.FURNISHED)
    app = create_app(read(databases.environment(furnished, redis_url, str(folder / "making"))))
    with app.app_context():
        furnish()
        db.engine.dispose()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A browser without a screen, one a process: Playwright's synchronous face can't be opened twice."""
    # The shell is the same engine without a desktop's profile for each context: a sixth of the time for a fresh one.
    names = ("chromium-headless-shell", "chromium", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        if path is None and not Path(playwright.chromium.executable_path).exists():
            words = "no Chromium here: install it (Debian: chromium) or run `playwright install chromium`"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(words)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def admin_url() -> str:
    """The superuser's address of the run's own PostgreSQL."""
    return os.environ["PORTAL_TEST_ADMIN_URL"]


@pytest.fixture(scope="session")
def redis_url() -> str:
    """This worker's own database of the run's Valkey; tests that flush or restart one start their own."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return servers.running().redis(number)


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    """This worker's name, unique on the machine."""
    return f"{getattr(request.config, 'workerinput', {}).get('workerid', 'main')}_{os.getpid()}"


@pytest.fixture(scope="session")
def _app(admin_url: str, redis_url: str, worker_name: str) -> Iterator[Flask]:
    from portal import create_app
    from portal.extensions import db
    from portal.settings import read

    database = Database(admin_url, f"portal_test_{worker_name}")
    folder = Path(os.environ["PORTAL_TEST_FOLDER"]) / worker_name
    app = create_app(read(databases.environment(database, redis_url, str(folder))))
    yield app
    with app.app_context():
        db.engine.dispose()
    databases.drop(database)


@pytest.fixture
def database(_app: Flask, admin_url: str, worker_name: str) -> Database:
    """This test's own furnished database."""
    from portal.extensions import db

    with _app.app_context():
        db.engine.dispose()
    return databases.copied(Database(admin_url, databases.FURNISHED), f"portal_test_{worker_name}")


@pytest.fixture
def app(_app: Flask, database: Database) -> Flask:  # the database must be there first
    """The application on a fresh copy of the world; nobody is asking."""
    return _app


@pytest.fixture
def visit(app: Flask) -> Callable[[world.Person | None], Visitor]:
    """`visit(SAM)`: a browser's worth of HTTP at this person's host, signed in; `visit(None)`: a stranger at Harbor."""

    def visitor(person: world.Person | None = None, *, host: str = "harbor") -> Visitor:
        somebody = Visitor(app, f"{person.tenant if person else host}.localhost")
        if person is not None:
            somebody.sign_in(person)
        return somebody

    return visitor


@pytest.fixture
def system(app: Flask) -> Callable[[str], Any]:
    """`with system("harbor"): …` works in the tenant's system scope and commits."""
    from contextlib import contextmanager

    from portal.core.tenancy.scope import system_scope
    from portal.core.tenancy.session import transaction

    @contextmanager
    def inside(slug: str = "harbor") -> Iterator[Any]:
        with app.app_context(), transaction(system_scope(world.tenant_id(slug))) as session:
            yield session

    return inside
