"""A house to attack, made anew for each test."""

import pytest
from flask import Flask

from tests.databases import Database
from tests.isolation.house import House


@pytest.fixture
def house(app: Flask, database: Database) -> House:
    """The furnished world with something of every kind for everybody."""
    made = House(app, database)
    made.prepare()
    return made
