"""Misses: pages that a signed-in person asked for and that aren't there for them, counted by person.

A few are links that got old. More than twenty within a minute are somebody who
tries addresses, and that is one line in the trail, once a minute however long it
goes on. The count lies in Redis: asking for what isn't there writes nothing to the
database, and without Redis nobody is counted.
"""

from functools import lru_cache
from typing import Final

import redis
import structlog
from flask import request
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.exc import SQLAlchemyError

from portal import settings
from portal.core import audit
from portal.core.signing import signer
from portal.core.tenancy.scope import Scope, scope_or_none
from portal.core.tenancy.session import transaction
from portal.core.web.edge import origin_of

_log = structlog.get_logger(__name__)
MOST: Final = 20
SECONDS: Final = 60
PATIENCE: Final = 0.25
"""Seconds that an answer may lose to a Redis that doesn't answer."""


def count() -> None:
    """Count a miss of whoever asks; strangers aren't counted here. Never stands in the way of the answer."""
    scope = scope_or_none()
    if scope is None or scope.session_id is None or scope.actor_id is None:
        return
    try:
        if _counted(scope) == MOST + 1:
            _tell(scope)
    except (redis.RedisError, SQLAlchemyError) as error:
        _log.warning("miss not counted", error=type(error).__name__)


def _counted(scope: Scope) -> int:
    """How many it is within the minute that began with the first."""
    key = f"portal:misses:{signer().macs('misses', f'{scope.tenant_id} {scope.actor_id}'.encode())[0].hex()}"
    with _counter(settings.current().redis_url).pipeline(transaction=False) as pipeline:
        pipeline.incr(key)
        pipeline.expire(key, SECONDS, nx=True)
        return int(pipeline.execute()[0])


def _tell(scope: Scope) -> None:
    with transaction(scope) as session:
        session.info["origin"] = origin_of(request)
        audit.record("misses.counted", count=MOST, path=request.path[:200], shown=scope.is_client)


@lru_cache(maxsize=4)
def _counter(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
    )
