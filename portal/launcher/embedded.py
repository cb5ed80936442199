"""What a development environment leaves out: servers, roles and secrets.

`attach` is the only door from the rest of the program into this package.
"""

from __future__ import annotations

import atexit
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from portal.core.tenancy import roles
from portal.launcher import postgres, valkey
from portal.launcher.home import Home
from portal.launcher.spawn import LaunchError
from portal.settings import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
OTHER_PATIENCE = 60.0
"""Seconds to wait for the servers of another command that is just starting them."""
LOOK_EVERY = 0.1


@dataclass
class Servers:
    """The servers that this process started; None where the environment named one."""

    postgres: postgres.Server | None = None
    valkey: valkey.Server | None = None

    def stop(self) -> None:
        """End them in good order."""
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()


def attach(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with what development may leave out filled in.

    Another environment comes back as it is. In development, secrets come from
    VAR_DIR; without DATABASE_URL or REDIS_URL the servers of a running `make run`
    are used, or started for the life of this process. Raises LaunchError.
    """
    filled = dict(environ)
    if filled.get("PORTAL_ENV") != "development":
        return filled
    home = Home(var_dir(filled))
    fill_secrets(filled, home)
    if filled.get("DATABASE_URL") and filled.get("REDIS_URL"):
        use_admin(filled, home)
        return filled
    give_up_at = time.monotonic() + OTHER_PATIENCE
    while not home.take("a command"):
        if told := home.told():
            fill(filled, told)
            return filled
        if time.monotonic() > give_up_at:
            message = f"another command (process {home.holder()}) holds {home.folder}, but its servers don't come up"
            raise LaunchError(message)
        time.sleep(LOOK_EVERY)
    servers = provide(filled, home)
    atexit.register(home.leave)
    atexit.register(servers.stop)
    return filled


def provide(filled: dict[str, str], home: Home) -> Servers:
    """Start the servers that the environment doesn't name and fill their addresses in.

    The caller holds the home's lock. Raises LaunchError.
    """
    servers = Servers()
    told: dict[str, str] = {}
    if filled.get("DATABASE_URL"):
        use_admin(filled, home)
    else:
        servers.postgres = postgres.start(home.folder / "postgres")
        told |= prepared(servers.postgres.url_admin, home)
    if not filled.get("REDIS_URL"):
        servers.valkey = valkey.start(home.folder / "valkey")
        told["REDIS_URL"] = servers.valkey.url
    fill(filled, told)
    home.tell({name: filled[name] for name in ADDRESSES if filled.get(name)})
    return servers


def var_dir(environ: Mapping[str, str]) -> Path:
    """VAR_DIR as `Settings` takes it."""
    return (ROOT / (environ.get("VAR_DIR", "").strip() or "var")).resolve()


def fill(filled: dict[str, str], values: Mapping[str, str]) -> None:
    """Set what isn't set."""
    for name, value in values.items():
        if not filled.get(name):
            filled[name] = value


def fill_secrets(filled: dict[str, str], home: Home) -> None:
    """Set the keys that aren't set to the home's own."""
    own = home.secrets()
    fill(filled, {name: own[name] for name in ("SECRET_KEYS", "ENCRYPTION_KEYS")})


def use_admin(filled: dict[str, str], home: Home) -> None:
    """Where DATABASE_URL's role may create roles: prepare the database with it, go on as owner and app."""
    url = filled["DATABASE_URL"]
    if roles.user_of(url) == roles.APP:
        return  # prepared already; whether the server answers right now is no matter of ours
    try:
        is_admin = roles.is_admin(url)
    except psycopg.OperationalError as error:
        message = f"DATABASE_URL can't be reached: {' '.join(str(error).split())}"
        raise LaunchError(message) from error
    if is_admin:
        filled |= prepared(url, home)


def prepared(admin_url: str, home: Home, *, database: str | None = None) -> dict[str, str]:
    """Prepare roles and database; the addresses of owner and app. Raises LaunchError."""
    own = home.secrets()
    owner = roles.derived_password(admin_url, roles.OWNER) or own["owner_password"]
    app = roles.derived_password(admin_url, roles.APP) or own["app_password"]
    try:
        made = roles.prepare(admin_url, database=database, owner_password=owner, app_password=app)
    except roles.PrepareError as error:
        raise LaunchError(str(error)) from error
    return {"DATABASE_URL": made.app_url, "DATABASE_OWNER_URL": made.owner_url}
