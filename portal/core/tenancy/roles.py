"""The three database roles, made by `prepare` (`boot_check` holds them to their limits).

- `portal_owner` owns the database and all tables; migrations run as it.
- `portal_app` is what web and worker sign in as: owns nothing, may not get
  around row-level security, is a member of nothing.
- `portal_door` can't sign in; it owns the SECURITY DEFINER functions of schema
  `door` and has policies and grants for just what they do.

Everything here works for a superuser and for an administrator who is none but
may create roles and databases (as managed servers give), on PostgreSQL 15 to 18.
"""

from __future__ import annotations

import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, LiteralString
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from typing import Any

    Connection = psycopg.Connection[Any]

OWNER = "portal_owner"
APP = "portal_app"
DOOR = "portal_door"
DOOR_SCHEMA = "door"
DATABASE = "portal"
"""The database's name where the administrator's address names only a place to sign in."""

EXTENSIONS = ("btree_gin", "pg_trgm")

_SIGN_IN_PLACES = frozenset({"postgres", "template1", "defaultdb"})
_GRANT_OPTIONS_SINCE = 160000
_LOCK = 0x706F7274616C
"""Advisory lock of `prepare` ("portal" in ASCII): two at once would trip over each other's catalogue rows."""

APP_LIMITS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
}


class PrepareError(Exception):
    """Roles or database could not be made; the text says what the administrator lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Where to find what `prepare` made; a password that was left as it was is missing from its address."""

    owner_url: str = field(repr=False)
    app_url: str = field(repr=False)
    database: str
    missing_extensions: tuple[str, ...] = ()


def address(url: str, *, user: str | None = None, password: str | None = None, database: str | None = None) -> str:
    """The same server's address with another role (its password or none) or another database."""
    parts = urlsplit(url)
    if user is not None:
        host = parts.netloc.rpartition("@")[2]
        secret = f":{quote(password, safe='')}" if password else ""
        parts = parts._replace(netloc=f"{quote(user, safe='')}{secret}@{host}")
    if database is not None:
        parts = parts._replace(path=f"/{quote(database, safe='')}")
    return parts.geturl()


def database_of(url: str) -> str:
    """The database that an address names."""
    return unquote(urlsplit(url).path.strip("/"))


def user_of(url: str) -> str:
    """The role in an address."""
    return unquote(urlsplit(url).username or "")


def password_of(url: str) -> str | None:
    """The password in an address."""
    return unquote(urlsplit(url).password or "") or None


def derived_password(admin_url: str, role: str) -> str | None:
    """A role's password outside production, following from the administrator's; None where that has none.

    Roles belong to a whole server: two checkouts that work on one server must not
    change each other's passwords, and so both arrive at the same ones.
    """
    admin_password = password_of(admin_url)
    if admin_password is None:
        return None
    return hmac.new(admin_password.encode(), f"portal {role}".encode(), hashlib.sha256).hexdigest()


def existing(admin_url: str) -> frozenset[str]:
    """Which of the three roles are there."""
    with _signed_in(admin_url) as admin:
        found = _column(admin, "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY (%s)", [OWNER, APP, DOOR])
    return frozenset(found)


def is_admin(url: str) -> bool:
    """Whether this address's role is a superuser or may create roles, so that `prepare` can use it."""
    with _connected(url) as connection:
        row = connection.execute(
            "SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user"
        ).fetchone()
    return bool(row and row[0])


def prepare(
    admin_url: str,
    *,
    database: str | None = None,
    owner_password: str | None = None,
    app_password: str | None = None,
) -> Prepared:
    """Make roles, database and schema `door`, or bring them up to date. Repeatable.

    Takes the database from `database`, else from the address unless that is just a
    place to sign in (`postgres`). A password of None leaves an existing role's as it
    is. Raises PrepareError.
    """
    named = database_of(admin_url)
    name = database or (named if named and named not in _SIGN_IN_PLACES else DATABASE)
    try:
        with _signed_in(admin_url) as admin, admin.transaction():
            admin.execute("SELECT pg_catalog.pg_advisory_xact_lock(%s)", [_LOCK])
            _make_roles(admin, {OWNER: owner_password, APP: app_password})
        with _signed_in(admin_url) as admin:
            _make_database(admin, admin_url, name)
        with _connected(address(admin_url, database=name)) as admin, admin.transaction():
            admin.execute("SELECT pg_catalog.pg_advisory_xact_lock(%s)", [_LOCK])
            missing = _make_extensions(admin)
            _furnish(admin, name)
    except psycopg.Error as error:
        message = f"the database could not be prepared: {_plain(error)}"
        raise PrepareError(message) from error
    return Prepared(
        owner_url=address(admin_url, user=OWNER, password=owner_password, database=name),
        app_url=address(admin_url, user=APP, password=app_password, database=name),
        database=name,
        missing_extensions=missing,
    )


def _connected(url: str) -> Connection:
    return psycopg.connect(url, autocommit=True, connect_timeout=10)


def _signed_in(admin_url: str) -> Connection:
    """The administrator, signed in to `postgres`, or to the address's own database where that is closed."""
    try:
        return _connected(address(admin_url, database="postgres"))
    except psycopg.OperationalError:
        return _connected(admin_url)


def _plain(error: psycopg.Error) -> str:
    """The server's own sentence, with its hint, on one line."""
    parts = (error.diag.message_primary or str(error), error.diag.message_detail, error.diag.message_hint)
    return "; ".join(" ".join(part.split()) for part in parts if part)


def _make_roles(admin: Connection, passwords: dict[str, str | None]) -> None:
    existing = set(_column(admin, "SELECT rolname FROM pg_catalog.pg_roles"))
    for role in (OWNER, APP, DOOR):
        name = sql.Identifier(role)
        login = sql.SQL("NOLOGIN" if role == DOOR else "LOGIN")
        if role not in existing:
            admin.execute(sql.SQL("CREATE ROLE {} {} NOCREATEDB NOCREATEROLE INHERIT").format(name, login))
        password = passwords.get(role)
        if password is not None:  # hashed here: a password in a statement may end in the server's log
            hashed = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            admin.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(hashed)))
    for setting, value in APP_LIMITS.items():
        admin.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(APP), sql.Identifier(setting), sql.Literal(value)
            )
        )
    _grant_membership(admin, DOOR, OWNER)
    if not _is_superuser(admin):
        me = _one(admin, "SELECT current_user")
        _grant_membership(admin, OWNER, me)


def _grant_membership(admin: Connection, role: str, member: str) -> None:
    """Make `member` able to act as `role`; PostgreSQL 16 and later want inheriting and setting spelled out."""
    statement = sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(member))
    if admin.info.server_version >= _GRANT_OPTIONS_SINCE:
        statement += sql.SQL(" WITH INHERIT TRUE, SET TRUE")
    admin.execute(statement)


def _make_database(admin: Connection, admin_url: str, name: str) -> None:
    """Create the database, or take over an empty one of that name."""
    owner = _one(admin, "SELECT pg_get_userbyid(datdba) FROM pg_catalog.pg_database WHERE datname = %s", name)
    if owner is None:
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'")
        with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):  # somebody was faster
            admin.execute(statement.format(sql.Identifier(name), sql.Identifier(OWNER)))
    elif owner != OWNER:
        with _connected(address(admin_url, database=name)) as inside:
            if tables := _one(inside, "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = 'public'"):
                message = f"database {name} belongs to {owner} and holds {tables} tables: name an empty or a new one"
                raise PrepareError(message)
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(OWNER)))


def _make_extensions(admin: Connection) -> tuple[str, ...]:
    """Create the extensions that the server has and trusts; the names of the others."""
    missing = []
    for name in EXTENSIONS:
        try:
            with admin.transaction():
                admin.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public").format(sql.Identifier(name)))
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile, psycopg.errors.InsufficientPrivilege):
            missing.append(name)
    return tuple(missing)


def _furnish(admin: Connection, name: str) -> None:
    """Schema `door` and who may do what; takes away what PostgreSQL gives to everybody."""
    database, owner, app, door, doors = map(sql.Identifier, (name, OWNER, APP, DOOR, DOOR_SCHEMA))
    for statement in (
        sql.SQL("SET LOCAL ROLE {}").format(owner),
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, app),
        sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}, {}").format(app, door),
        sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(doors, door),
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(doors, app),
        sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {}, {} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC").format(owner, door),
    ):
        admin.execute(statement)


def _is_superuser(connection: Connection) -> bool:
    return bool(_one(connection, "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"))


def _one(connection: Connection, query: LiteralString, *values: object) -> Any:
    """The first column of the first row; None where there is no row."""
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None


def _column(connection: Connection, query: LiteralString, *values: object) -> list[Any]:
    return [row[0] for row in connection.execute(query, values)]
