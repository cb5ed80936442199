"""How every process begins: the environment is completed (development), read, checked; or the start is refused."""

from __future__ import annotations

import os
import secrets
import sys
from typing import TYPE_CHECKING, NoReturn

from portal import create_app
from portal.settings import Settings, SettingsError, read

if TYPE_CHECKING:
    from portal.core.web.edge import Portal

UNFIT = 78
"""Exit code of a refused start: sysexits' EX_CONFIG."""


def settings() -> Settings:
    """The settings of this process. Ends it, one line for each fault, where they are unfit.

    In development, what is missing comes from the launcher and is written into the
    environment, so that the processes we start find it there.
    """
    try:
        if os.environ.get("PORTAL_ENV") == "development":
            _attach()
        return read(os.environ)
    except SettingsError as error:
        refuse(error.faults)


def application() -> Portal:
    """The application for this process's settings; `flask … --help` needs none, for it runs nothing."""
    return create_app(_for_help() if "--help" in sys.argv[1:] else settings())


def _for_help() -> Settings:
    """Settings that lead nowhere, good enough to find the commands and their words."""
    nowhere = {
        "PORTAL_ENV": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEYS": secrets.token_urlsafe(48),
        "ENCRYPTION_KEYS": secrets.token_urlsafe(32),
    }
    return read(nowhere)


def refuse(faults: list[str]) -> NoReturn:
    """Say what is wrong, one line each, and end."""
    for fault in faults:
        sys.stderr.write(f"portal: {fault}\n")
    sys.exit(UNFIT)


def _attach() -> None:
    """Let the launcher complete a development environment; the image doesn't have it."""
    try:
        from portal.launcher import embedded, spawn
    except ModuleNotFoundError:
        return
    try:
        os.environ.update(embedded.attach(os.environ))
    except spawn.LaunchError as error:
        refuse([str(error)])
