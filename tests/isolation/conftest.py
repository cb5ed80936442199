"""A house to attack, made anew for each test."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests import databases
from tests.databases import Database
from tests.isolation.house import House


@pytest.fixture(scope="session")
def furnished_house(_app: Flask, admin_url: str, worker_name: str) -> Iterator[Database]:
    """The furnished world with something of every kind for everybody, to be copied."""
    database = _copied(_app, Database(admin_url, databases.FURNISHED), f"portal_test_{worker_name}")
    made = House(_app, database)
    made.prepare()
    made.owner.close()
    kept = _copied(_app, database, f"portal_house_{worker_name}")
    yield kept
    databases.drop(kept)


@pytest.fixture
def database(_app: Flask, furnished_house: Database, worker_name: str) -> Database:
    """This test's own copy of the house."""
    return _copied(_app, furnished_house, f"portal_test_{worker_name}")


def _copied(app: Flask, template: Database, name: str) -> Database:
    """A copy, with none of the application's connections in the way."""
    from portal.extensions import db

    with app.app_context():
        db.engine.dispose()
    return databases.copied(template, name)


@pytest.fixture
def house(app: Flask, database: Database) -> Iterator[House]:
    """The furnished world with something of every kind for everybody."""
    made = House(app, database)
    yield made
    made.owner.close()
