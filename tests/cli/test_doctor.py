"""`flask doctor`: a line for each part, and exit code 1 where one isn't fit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from click.testing import Result
from flask import Flask

from portal.cli import doctor
from portal.launcher import place, valkey
from portal.launcher.spawn import free_port
from tests.databases import Database

PARTS = ["settings", "database", "role", "clock", "redis", "storage", "mail", "keys"]


def examine(app: Flask, **changes: Any) -> Result:
    """The doctor's words on the app with some settings changed."""
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, **changes)
    try:
        return app.test_cli_runner().invoke(args=["doctor"])
    finally:
        app.extensions["settings"] = settings


def bad(result: Result) -> dict[str, str]:
    lines = [line[4:].strip() for line in result.output.splitlines() if line.startswith("BAD")]
    assert result.exit_code == (1 if lines else 0), result.output
    return dict(line.split(": ", 1) for line in lines)


def test_a_healthy_installation(app: Flask) -> None:
    result = examine(app)
    assert bad(result) == {}
    assert [line.split(":")[0].removeprefix("ok").strip() for line in result.output.splitlines()] == PARTS
    for secret in (*app.extensions["settings"].secret_keys, app.extensions["settings"].database_url):
        assert secret not in result.output


def test_a_database_out_of_reach_leaves_the_other_parts_examined(app: Flask) -> None:
    found = bad(examine(app, database_url=f"postgresql://portal_app:secret@127.0.0.1:{free_port()}/portal"))
    assert list(found) == ["database", "role", "clock"]
    assert "secret" not in str(found)


def test_a_role_that_may_too_much(app: Flask, database: Database) -> None:
    found = bad(examine(app, database_url=database.owner_url))
    assert list(found) == ["role"]
    assert "flask database prepare" in found["role"]


def test_a_table_without_its_defence(app: Flask, database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY")
    result = examine(app)
    assert list(bad(result)) == ["role"]
    assert "table tickets does not force row-level security" in result.output


def test_a_database_of_another_version(app: Flask, database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    assert "flask db upgrade" in bad(examine(app))["database"]


def test_a_clock_that_is_off(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    real = doctor.time.time
    monkeypatch.setattr(doctor.time, "time", lambda: real() + 100)
    assert "differs from the database's by 1" in bad(examine(app))["clock"]


def test_redis_out_of_reach_or_throwing_jobs_away(app: Flask, open_folder: Path) -> None:
    assert "redis" in bad(examine(app, redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    server = valkey.start(open_folder / "valkey", settings={"maxmemory-policy": "allkeys-lru"}, durable=False)
    try:
        assert "noeviction" in bad(examine(app, redis_url=server.url))["redis"]
    finally:
        server.kill()
        place.discard(open_folder / "valkey")


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder in which nobody can make files")
def test_storage_and_mail_that_can_t_be_written(app: Flask) -> None:
    found = bad(examine(app, storage_url="file:///proc/portal", mail_url="file:///proc/portal"))
    assert list(found) == ["storage", "mail"]


def test_production_wants_https_and_a_mail_server(app: Flask) -> None:
    found = bad(examine(app, env="production", public_scheme="http"))
    assert "in the clear" in found["settings"]
    found = bad(examine(app, env="production", public_scheme="https"))
    assert "MAIL_URL is not set" in found["settings"]


def test_a_mail_server_that_answers_and_one_that_doesn_t(app: Flask) -> None:
    with mail_server() as port:
        assert bad(examine(app, mail_url=f"smtp://127.0.0.1:{port}?tls=none")) == {}
        found = bad(examine(app, mail_url=f"smtp://127.0.0.1:{port}?tls=starttls"))
        assert "refuses" in found["mail"]
        found = bad(examine(app, mail_url=f"smtp://somebody:guess@127.0.0.1:{port}?tls=none"))
        assert "refuses" in found["mail"]
        assert "guess" not in found["mail"]
    assert "can't be reached" in bad(examine(app, mail_url=f"smtp://127.0.0.1:{free_port()}?tls=none"))["mail"]


@contextmanager
def mail_server() -> Iterator[int]:
    controller = Controller(object(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield int(controller.port)
    finally:
        controller.stop()


def test_keys_are_tried(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.crypto, "unseal", lambda *_args, **_more: "something else")
    assert "can't be opened" in bad(examine(app))["keys"]
