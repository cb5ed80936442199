"""Misses: pages that a signed-in person asked for and that aren't there for them, counted by person.

A few are links that got old. More than twenty within a minute are somebody who
tries addresses, and that is one line in the trail, once a minute however long it goes on.
"""

import datetime as dt
from typing import Final

import structlog
from flask import request
from sqlalchemy.exc import SQLAlchemyError

from portal.core import audit, clock
from portal.core.signing import signer
from portal.core.tenancy import doors
from portal.core.tenancy.scope import Scope, scope_or_none
from portal.core.tenancy.session import transaction
from portal.core.web.edge import origin_of

_log = structlog.get_logger(__name__)
LIMITS: Final = ((20, dt.timedelta(minutes=1)),)


def count() -> None:
    """Count a miss of whoever asks; strangers aren't counted here. Never stands in the way of the answer."""
    scope = scope_or_none()
    if scope is None or scope.session_id is None or scope.actor_id is None:
        return
    try:
        _count(scope)
    except SQLAlchemyError as error:
        _log.warning("miss not counted", error=type(error).__name__)


def _count(scope: Scope) -> None:
    key = signer().macs("misses", str(scope.actor_id).encode())[0].hex()
    with transaction(scope) as session:
        session.info["origin"] = origin_of(request)
        seconds, is_news = doors.throttle(key, limits=LIMITS, at=clock.now())
        if seconds > 0 and is_news:
            audit.record("misses.counted", count=LIMITS[0][0], path=request.path[:200], shown=scope.is_client)
