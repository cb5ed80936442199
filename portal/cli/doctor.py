"""`flask doctor`: whether this installation is fit to serve, one line for each part."""

import os
import smtplib
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import click
import psycopg
import redis
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from portal.core import crypto, readiness
from portal.core.storage import StorageError
from portal.core.tenancy.boot_check import UnsafeRole, check_database
from portal.core.tenancy.roles import EXTENSIONS
from portal.settings import Settings, current

Lines = Iterator[str]
PATIENCE = 5.0
MOST_SKEW = 2.0
"""Seconds that our clock may differ from the database's."""
OLDEST_POSTGRES = 150000
NOBODY = UUID(int=0)


class Unfit(Exception):
    """A part isn't fit; the text is one line or several."""


@click.command("doctor")
@with_appcontext
def doctor_command() -> None:
    """Check settings, database role, row-level security, mail, Redis, storage, clock and keys.

    One line for each part. Exit code 1 where one of them is not fit.
    """
    settings = current()
    unfit = 0
    for name, check in CHECKS.items():
        try:
            for line in check(settings):
                click.echo(f"{click.style('ok', fg='green'):<4} {name}: {line}")
        except Unfit as error:
            unfit += 1
            for line in str(error).splitlines():
                click.echo(f"{click.style('BAD', fg='red'):<4} {name}: {line}")
    if unfit:
        raise SystemExit(1)


def _settings(settings: Settings) -> Lines:
    yield f"{settings.env}, {settings.origin(settings.base_domain)}, data in {settings.var_dir}"
    if settings.is_production:
        if settings.public_scheme != "https":
            message = "PUBLIC_SCHEME is http: cookies and links would travel in the clear"
            raise Unfit(message)
        if settings.mail_url.startswith("file:"):
            message = "MAIL_URL is not set: mail is written to files instead of being sent"
            raise Unfit(message)


def _role(settings: Settings) -> Lines:
    """Role and row-level security of every table, as web and worker check them at their start."""
    with _reaching("the database"):
        try:
            check_database(settings.database_url)
        except UnsafeRole as error:
            raise Unfit(str(error)) from error
    yield "owns nothing, can't bypass row-level security; every table with tenants' rows forces it"


def _version(settings: Settings) -> Lines:
    with _reaching("the database"), psycopg.connect(settings.database_url, connect_timeout=int(PATIENCE)) as connection:
        number = connection.info.server_version
        found = {row[0] for row in connection.execute("SELECT extname FROM pg_catalog.pg_extension")}
    if number < OLDEST_POSTGRES:
        message = f"PostgreSQL {number // 10000} is too old: 15 or newer is needed"
        raise Unfit(message)
    try:
        is_current = readiness.database_is_current()
    except SQLAlchemyError:
        is_current = False  # without its tables it has no version either
    if not is_current:
        message = "not migrated to this version: run `flask db upgrade`"
        raise Unfit(message)
    missing = [name for name in EXTENSIONS if name not in found]
    yield f"PostgreSQL {number // 10000}, migrated" + (f", without {', '.join(missing)}" if missing else "")


def _clock(settings: Settings) -> Lines:
    with _reaching("the database"), psycopg.connect(settings.database_url, connect_timeout=int(PATIENCE)) as connection:
        began = time.time()
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
        middle = (began + time.time()) / 2
    skew = abs(middle - row[0]) if row else 0.0
    if skew > MOST_SKEW:
        message = f"differs from the database's by {skew:.1f} seconds: set both by NTP"
        raise Unfit(message)
    shifted = f"; the business clock is shifted by {settings.clock_file}" if settings.clock_file else ""
    yield f"agrees with the database's{shifted}"


def _redis(settings: Settings) -> Lines:
    try:
        with redis.Redis.from_url(
            settings.redis_url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        ) as client:
            info = client.info("server")
            policy = client.info("memory").get("maxmemory_policy", "noeviction")
    except redis.RedisError as error:
        raise Unfit(str(error)) from error
    if policy != "noeviction":
        message = f"maxmemory-policy is {policy}: it must be noeviction, or waiting jobs are thrown away"
        raise Unfit(message)
    yield f"{info.get('server_name', 'redis')} {info.get('valkey_version') or info.get('redis_version')}"


def _storage(settings: Settings) -> Lines:
    with _reaching("the storage"):
        try:
            answers = readiness.storage_answers()
        except StorageError as error:
            raise Unfit(str(error)) from error
    if not answers:
        message = f"{urlsplit(settings.storage_url).scheme} storage can't be written and read"
        raise Unfit(message)
    yield f"{urlsplit(settings.storage_url).scheme} storage answers"


def _mail(settings: Settings) -> Lines:
    parts = urlsplit(settings.mail_url)
    with _reaching("the mail server"):
        if parts.scheme == "file":
            folder = Path(unquote(parts.path))
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                yield f"written to {folder}"
            return
        try:
            _greet(parts.scheme, parts.hostname or "", parts.port, parse_qs(parts.query).get("tls", ["starttls"])[0])(
                unquote(parts.username or ""), unquote(parts.password or "")
            )
        except smtplib.SMTPException as error:
            message = f"{parts.hostname} refuses: {error}"
            raise Unfit(message) from error
    yield f"{parts.hostname} answers and lets us in"


def _greet(scheme: str, host: str, port: int | None, tls: str) -> Callable[[str, str], None]:
    """A function that says hello to the mail server, signs in where there is a name, and leaves."""

    def greet(user: str, password: str) -> None:
        context = ssl.create_default_context()
        if scheme == "smtps" or tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port or 465, timeout=PATIENCE, context=context)
        else:
            server = smtplib.SMTP(host, port or 587, timeout=PATIENCE)
        with server:
            if scheme == "smtp" and tls == "starttls":
                server.starttls(context=context)
            if user:
                server.login(user, password)
            server.noop()

    return greet


def _keys(settings: Settings) -> Lines:
    text = os.urandom(8).hex()
    place = {"table": "doctor", "column": "doctor", "tenant_id": NOBODY, "id": NOBODY}
    sealed = crypto.seal(text, **place)  # type: ignore[arg-type]  # one value for each keyword
    if crypto.unseal(sealed, **place) != text:  # type: ignore[arg-type]
        message = "what is sealed can't be opened again"
        raise Unfit(message)
    yield f"{len(settings.secret_keys)} signing, {len(settings.encryption_keys)} encryption; the newest seals and opens"


@contextmanager
def _reaching(what: str) -> Iterator[None]:
    """Turn failures to reach a part into one line."""
    try:
        yield
    except (psycopg.OperationalError, OSError) as error:
        message = f"{what} can't be reached: {' '.join(str(error).split())}"
        raise Unfit(message) from error


CHECKS: dict[str, Callable[[Settings], Lines]] = {
    "settings": _settings,
    "database": _version,
    "role": _role,
    "clock": _clock,
    "redis": _redis,
    "storage": _storage,
    "mail": _mail,
    "keys": _keys,
}
