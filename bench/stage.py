"""What the benchmark stands on: a durable server of its own, loaded databases kept between runs, both web servers."""

import contextlib
import hashlib
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from portal.core.tenancy import roles
from portal.launcher import postgres, valkey
from portal.launcher.spawn import free_port
from portal.settings import ROOT

CLIENTS = 500
SEED = 1
PASSWORD = "only-for-the-benchmark"  # noqa: S105  # its server listens on loopback, and only while it runs


@dataclass(frozen=True)
class Stage:
    """One loaded database and somebody of each side who is signed in to it."""

    size: int
    app_url: str
    owner_url: str
    slug: str
    staff_cookie: str
    client_cookie: str
    client_tickets: int


def load(server: postgres.Server, size: int, environ: dict[str, str]) -> Stage:
    """The database with this many tickets of one tenant and 500 clients; filled the first time only."""
    name = f"bench_{size}"
    prepared = roles.prepare(server.url_admin, database=name, owner_password=PASSWORD, app_password=PASSWORD)
    own = environ | {"DATABASE_URL": prepared.app_url, "DATABASE_OWNER_URL": prepared.owner_url}
    _flask(own, "db", "upgrade")
    with psycopg.connect(roles.address(server.url_admin, database=name), autocommit=True) as connection:
        if not connection.execute("SELECT count(*) FROM tenants").fetchone()[0]:
            print(f"  loading {size:,} tickets …", file=sys.stderr, flush=True)
            _flask(
                own, "demo", "--tickets", str(size), "--clients", str(CLIENTS), "--tenants", "1", "--seed", str(SEED)
            )
            connection.execute("VACUUM ANALYZE")
        return _signed_in(connection, size, prepared)


def _flask(environ: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-m", "flask", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    if done.returncode:
        message = f"flask {' '.join(arguments)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        raise RuntimeError(message)


def _signed_in(connection: psycopg.Connection, size: int, prepared: roles.Prepared) -> Stage:
    """Two sessions: an administrator, and an Admin (who sees the whole company) of the client with the longest list."""
    tenant, slug = connection.execute(
        "SELECT t.id, t.slug FROM tenants t ORDER BY"
        " (SELECT count(*) FROM clients c WHERE c.tenant_id = t.id) DESC LIMIT 1"
    ).fetchone()
    staff = connection.execute(
        "SELECT r.user_id FROM staff_roles r JOIN roles o ON o.tenant_id = r.tenant_id AND o.id = r.role_id"
        " WHERE r.tenant_id = %s AND o.key = 'administrator' LIMIT 1", [tenant],
    ).fetchone()[0]  # fmt: skip
    user, membership, tickets = connection.execute(
        "SELECT m.user_id, m.id, n.tickets FROM memberships m"
        " JOIN (SELECT client_id, count(*) AS tickets FROM tickets WHERE tenant_id = %s AND phase = 'with_us'"
        " GROUP BY client_id) n"
        " ON n.client_id = m.client_id"
        " WHERE m.tenant_id = %s AND m.ticket_scope = 'company' ORDER BY n.tickets DESC LIMIT 1", [tenant, tenant],
    ).fetchone()  # fmt: skip
    return Stage(
        size, prepared.app_url, prepared.owner_url, slug,
        staff_cookie="msp=" + _session(connection, tenant, staff, "msp", None),
        client_cookie="session=" + _session(connection, tenant, user, "client", membership),
        client_tickets=tickets,
    )  # fmt: skip


def _session(connection: psycopg.Connection, tenant: object, user: object, side: str, membership: object) -> str:
    token = secrets.token_urlsafe(32)
    connection.execute(
        "INSERT INTO sessions (tenant_id, id, user_id, side, token_hash, membership_id, created_at, last_used_at,"
        " expires_at, address, agent, country) VALUES (%s, gen_random_uuid(), %s, %s, %s, %s, now(), now(),"
        " now() + interval '1 day', '', 'bench', '')",
        [tenant, user, side, hashlib.sha256(token.encode()).hexdigest(), membership],
    )
    return token


@contextlib.contextmanager
def served(module: str, environ: dict[str, str], ready: str, host: str) -> Iterator[int]:
    """A gunicorn as in production (2 workers, 8 threads) on a free port; the port, once it answers."""
    port = free_port()
    config = "python:bench.gunicorn_bare" if "bare" in module else "gunicorn.conf.py"
    command = [sys.executable, "-m", "gunicorn", "--config", config, "--bind", f"127.0.0.1:{port}", module]
    log = (Path(environ["VAR_DIR"]) / "gunicorn.log").open("ab")
    process = subprocess.Popen(command, cwd=ROOT, env=environ | {"PORT": str(port)}, stdout=log, stderr=log)  # noqa: S603
    try:
        _wait(port, ready, host, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=40)
        log.close()


def _wait(port: int, path: str, host: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        if process.poll() is not None:
            message = "the web server ended before it answered; see gunicorn.log"
            raise RuntimeError(message)
        with contextlib.suppress(OSError):
            asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
            urllib.request.urlopen(asked, timeout=5)  # noqa: S310  # loopback, our own
            return
        time.sleep(0.1)
    message = "the web server didn't answer within 20 seconds"
    raise RuntimeError(message)


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[tuple[postgres.Server, valkey.Server]]:
    """PostgreSQL, durable and with its data kept, and Valkey."""
    folder.mkdir(parents=True, exist_ok=True)
    database = postgres.start(folder / "postgres")
    cache = valkey.start(folder / "valkey", durable=False)
    try:
        yield database, cache
    finally:
        cache.stop()
        database.stop()


def environment(folder: Path, redis_url: str) -> dict[str, str]:
    """The settings of the web servers and commands of a run."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", ""),
        "PORTAL_ENV": "development",
        "REDIS_URL": redis_url,
        "SECRET_KEYS": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": "YmVuY2gtZW5jcnlwdGlvbi1rZXktMDEyMzQ1Njc4OTA=",
        "VAR_DIR": str(folder),
        "LOG_LEVEL": "WARNING",
        "PYTHONPATH": str(ROOT),
    }
