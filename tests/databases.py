"""Databases for tests: migrated once, copied for each test in milliseconds.

Everything but the making runs as `portal_app`, with real commits: a transaction
that is rolled back at the end would keep one scope alive over the whole test and
disarm the very tests of isolation.
"""

import atexit
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
from psycopg import sql

from portal.core.tenancy import roles

EMPTY = "portal_test_empty"
FURNISHED = "portal_test_furnished"


@dataclass(frozen=True)
class Database:
    """One database and the addresses of its roles."""

    admin_url: str
    name: str

    @property
    def app_url(self) -> str:
        return roles.address(os.environ["PORTAL_TEST_APP_URL"], database=self.name)

    @property
    def owner_url(self) -> str:
        return roles.address(os.environ["PORTAL_TEST_OWNER_URL"], database=self.name)

    @property
    def superuser_url(self) -> str:
        return roles.address(self.admin_url, database=self.name)


def prepared(admin_url: str, name: str) -> Database:
    """A new database with roles and schema `door`, without tables."""
    drop(Database(admin_url, name))
    roles.prepare(admin_url, database=name)
    return Database(admin_url, name)


def copied(template: Database, name: str) -> Database:
    """A copy of a template under another name, replacing what had it."""
    drop(Database(template.admin_url, name))
    _run(
        template.admin_url,
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY OWNER {}").format(
            *map(sql.Identifier, (name, template.name, roles.OWNER))
        ),
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(name), sql.Identifier(roles.APP)),
    )
    return Database(template.admin_url, name)


def drop(database: Database) -> None:
    """Remove a database, whoever is signed in to it."""
    _run(database.admin_url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database.name)))


@cache
def _administrator(admin_url: str) -> psycopg.Connection[Any]:
    """One connection a process: signing in costs more than copying."""
    connection = psycopg.connect(admin_url, autocommit=True)
    atexit.register(connection.close)
    return connection


def _run(admin_url: str, *statements: Any) -> None:
    for statement in statements:
        _administrator(admin_url).execute(statement)


def environment(database: Database, redis_url: str, var_dir: str) -> dict[str, str]:
    """The settings of a process that works on this database."""
    return {
        "PORTAL_ENV": "test",
        "DATABASE_URL": database.app_url,
        "DATABASE_OWNER_URL": database.owner_url,
        "REDIS_URL": redis_url,
        "SECRET_KEYS": "test-secret-key-of-at-least-32-characters",
        "ENCRYPTION_KEYS": "dGVzdC1lbmNyeXB0aW9uLWtleS0wMTIzNDU2Nzg5YWI=",
        "VAR_DIR": var_dir,
        "PATH": os.environ.get("PATH", ""),
        "LOG_LEVEL": "WARNING",
        "DNS_RESOLVERS": "127.0.0.1:9",  # nobody answers there: no test asks the world
    }
