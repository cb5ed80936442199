"""How many requests an address and a session may send within a minute: generous, and against floods alone.

Counted in Redis, both in one round trip, before anything else is done for a request.
Whoever sends more is told when to come again. Nothing that protects accounts stands on
it: without Redis nobody is counted, everybody is let in, and a line of the log says so
once a minute (docs/adr/0020-what-is-counted-where.md).
"""

import threading
import time
from functools import lru_cache
from typing import Final

import redis
import structlog
from flask import Flask, request
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.exceptions import TooManyRequests

from portal.core import policy
from portal.core.networks import network
from portal.core.signing import signer
from portal.core.web import cookies
from portal.settings import Settings, current

_log = structlog.get_logger(__name__)
SECONDS: Final = 60
PATIENCE: Final = 0.1
"""Seconds that a request may lose to a Redis that doesn't answer."""
PAUSE: Final = 5.0
"""Seconds for which a Redis that didn't answer isn't asked again."""
_HIT: Final = """
local wait = 0
for place, key in ipairs(KEYS) do
  local seen = redis.call('INCR', key)
  if seen == 1 then redis.call('EXPIRE', key, ARGV[1]) end
  if seen > tonumber(ARGV[place + 1]) then wait = math.max(wait, redis.call('PTTL', key), 1) end
end
return wait
"""
"""Milliseconds to wait, 0 for none. The minute begins with its first request and isn't prolonged by later ones."""


class Counter:
    """Asks one Redis, and stops asking for a while when it is away."""

    def __init__(self, url: str) -> None:
        """Connect when first asked."""
        self._redis = redis.Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
        )
        self._hit = self._redis.register_script(_HIT)
        self._lock = threading.Lock()
        self._asked_again_at = self._told_again_at = 0.0

    def hit(self, limits: dict[str, int]) -> float:
        """Count a request under each key: seconds to wait, 0 where it may go on or where nobody counts."""
        if not limits or time.monotonic() < self._asked_again_at:
            return 0
        try:
            return float(self._hit(keys=list(limits), args=[SECONDS, *limits.values()])) / 1000
        except redis.RedisError as error:
            self._is_away(error)
            return 0

    def _is_away(self, error: redis.RedisError) -> None:
        with self._lock:
            now = time.monotonic()
            self._asked_again_at = now + PAUSE
            if now < self._told_again_at:
                return
            self._told_again_at = now + SECONDS
        _log.warning("requests not counted", error=type(error).__name__)


def register(app: Flask) -> None:
    """Count every request of an app. To be called before the edge is put on, which asks the database."""
    app.before_request(count)


def count() -> None:
    """Count the request at hand. Raises TooManyRequests with the seconds to wait."""
    settings = current()
    rule = policy.rule_of_request()
    if rule is not None and rule.face == "machine":
        return
    seconds = _counter(settings.redis_url).hit(_limits(settings))
    if seconds > 0:
        raise TooManyRequests(retry_after=int(seconds) + 1)


def _limits(settings: Settings) -> dict[str, int]:
    """The keys that the request counts under, with what each allows. Keyed hashes: Redis learns no address."""
    found = {}
    if settings.requests_per_address:
        found[_key("address", network(request.remote_addr or ""))] = settings.requests_per_address
    session = cookies.read_hash(request, cookies.side_of(request.path), settings)
    if settings.requests_per_session and session:
        found[_key("session", session)] = settings.requests_per_session
    return found


def _key(kind: str, name: str) -> str:
    return f"portal:pace:{signer().macs(f'pace {kind}', name.encode())[0].hex()[:32]}"


@lru_cache(maxsize=4)
def _counter(url: str) -> Counter:
    return Counter(url)
