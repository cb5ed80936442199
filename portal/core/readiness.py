"""What a process needs before it can serve; asked by `/readyz` and `flask doctor`."""

from collections.abc import Callable
from functools import cache

import redis
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.core import storage
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.session import transaction
from portal.settings import ROOT, current

Check = Callable[[], bool]
_VERSION = text("SELECT version_num FROM alembic_version").execution_options(**{RAW: True})


@cache
def newest_migration() -> str | None:
    """The version that this code was written for."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head()


def database_is_current() -> bool:
    """Whether the database answers and is migrated to the newest version. Raises SQLAlchemyError."""
    try:
        return _version() == newest_migration()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        # The server restarted under the pool, whose connections are all given up by now: what answers a fresh one?
        return _version() == newest_migration()


def _version() -> str | None:
    with transaction(None) as session:
        version: str | None = session.execute(_VERSION).scalar_one_or_none()
    return version


def redis_answers() -> bool:
    """Whether Redis answers within a second."""
    with redis.Redis.from_url(current().redis_url, socket_timeout=1, socket_connect_timeout=1) as client:
        return bool(client.ping())


def storage_answers() -> bool:
    """Whether files can be kept."""
    return storage.blobs().answers()
