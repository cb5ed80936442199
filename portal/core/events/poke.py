"""A nudge through Redis that saves the relay its wait. It may get lost; the sweep finds the rows all the same."""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal import settings

_log = logging.getLogger(__name__)

KEY = "portal:poke"
PATIENCE = 0.25
"""Seconds that a request may lose to a Redis that doesn't answer, once per PAUSE."""
PAUSE = 5.0


class Poker:
    """Sends nudges, and after a failure none for a while: a dead Redis must not slow down every request."""

    def __init__(self, client: redis.Redis, *, pause: float = PAUSE) -> None:
        """Use this client; it should give up quickly."""
        self._client = client
        self._pause = pause
        self._quiet_until = 0.0

    def send(self) -> bool:
        """Nudge the relay. False where that failed or wasn't tried; never an error."""
        if time.monotonic() < self._quiet_until:
            return False
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                pipeline.lpush(KEY, "1")
                pipeline.ltrim(KEY, 0, 3)
                pipeline.execute()
        except redis.RedisError as error:
            self._quiet_until = time.monotonic() + self._pause
            _log.warning("relay not poked, its sweep will find the rows: %s", type(error).__name__)
            return False
        return True


@lru_cache(maxsize=4)
def poker(url: str) -> Poker:
    """The process's poker for this Redis."""
    client = redis.Redis.from_url(
        url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
    )
    return Poker(client)


def send() -> bool:
    """Nudge the relay of the running application."""
    return poker(settings.current().redis_url).send()


def wait(client: redis.Redis, seconds: float) -> bool:
    """Wait for a nudge at most so long; True if one came. Raises redis.RedisError."""
    came = cast("object", client.blpop([KEY], timeout=seconds))
    if came is not None:
        client.delete(KEY)
    return came is not None
