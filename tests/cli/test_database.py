"""`flask database prepare`: as the operator types it, in production and outside."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import Result
from flask import Flask

from portal.core.tenancy import roles
from portal.core.tenancy.boot_check import check_database
from portal.launcher import postgres
from portal.launcher.spawn import free_port


@pytest.fixture
def admin(open_folder: Path) -> Iterator[str]:
    """The superuser of a server of its own: roles belong to a whole server."""
    server = postgres.start(open_folder / "postgres", durable=False)
    yield server.url_admin
    server.kill()


def prepare(app: Flask, *arguments: str, words: str | None = None, **changes: Any) -> Result:
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, **changes)
    try:
        return app.test_cli_runner().invoke(args=["database", "prepare", *arguments], input=words)
    finally:
        app.extensions["settings"] = settings


def test_outside_production_the_addresses_are_told_and_work(app: Flask, admin: str) -> None:
    for _ in range(2):
        result = prepare(app, "--admin-url", admin)
        assert result.exit_code == 0, result.output
        told = dict(line.split("=", 1) for line in result.output.splitlines() if "=" in line)
        check_database(told["DATABASE_URL"])
        with psycopg.connect(told["DATABASE_OWNER_URL"]) as connection:
            assert connection.execute("SELECT current_user, current_database()").fetchone() == (roles.OWNER, "portal")


def test_production_gives_the_roles_the_passwords_of_the_settings(app: Flask, admin: str) -> None:
    app_url = roles.address(admin, user=roles.APP, password="the app's & own", database="portal")
    owner_url = roles.address(admin, user=roles.OWNER, password="the/owner's", database="portal")
    settings = {"env": "production", "database_url": app_url, "database_owner_url": owner_url}
    result = prepare(app, "--admin-url", "-", words=f"{admin}\n", **settings)
    assert result.exit_code == 0, result.output
    assert "DATABASE_URL=" not in result.output
    check_database(app_url)
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (roles.OWNER,)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("database_url", "postgresql://postgres:x@h/portal"),
        ("database_url", "postgresql://portal_app@h/portal"),
        ("database_owner_url", None),
    ],
)
def test_production_wants_both_addresses_with_a_password(app: Flask, setting: str, value: str | None) -> None:
    settings = {
        "database_url": "postgresql://portal_app:x@h/portal",
        "database_owner_url": "postgresql://portal_owner:x@h/portal",
    }
    result = prepare(app, "--admin-url", "postgresql://a:b@h/postgres", env="production", **settings | {setting: value})
    assert result.exit_code == 1
    assert f"set {setting.upper()} to postgresql://" in result.output


def test_another_database_s_name(app: Flask, admin: str) -> None:
    result = prepare(app, "--admin-url", admin, "--database", "tickets-of-2026")
    assert result.exit_code == 0, result.output
    assert "/tickets-of-2026" in result.output


def test_what_goes_wrong_is_told_in_one_line_without_the_password(app: Flask, admin: str) -> None:
    result = prepare(app, "--admin-url", admin)
    app_url = next(line.split("=", 1)[1] for line in result.output.splitlines() if line.startswith("DATABASE_URL="))
    for url in (app_url, f"postgresql://a:TopSecret@127.0.0.1:{free_port()}/postgres"):
        result = prepare(app, "--admin-url", url)
        assert result.exit_code == 1
        assert len(result.output.strip().splitlines()) == 1
        assert "TopSecret" not in result.output
