"""What a process needs before it can serve; asked by `/readyz` and `flask doctor`."""

from collections.abc import Callable
from functools import cache

import redis
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

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
    """Whether the database answers and is migrated to the newest version."""
    with transaction(None) as session:
        return bool(session.execute(_VERSION).scalar_one_or_none() == newest_migration())


def redis_answers() -> bool:
    """Whether Redis answers within a second."""
    with redis.Redis.from_url(current().redis_url, socket_timeout=1, socket_connect_timeout=1) as client:
        return bool(client.ping())


def storage_answers() -> bool:
    """Whether files can be kept."""
    return storage.blobs().answers()
