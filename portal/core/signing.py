"""Signed values: HMAC-SHA256 under SECRET_KEYS, bound to one purpose, with an end written in.

A token made for one purpose is worthless for another. SECRET_KEYS is newest first: the first
signs, all are accepted, so a key can be replaced without anybody noticing.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from itsdangerous import BadData, URLSafeSerializer

from portal.core.clock import now
from portal.settings import current

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

Payload = dict[str, Any] | list[Any] | str | int | bool | None


class BadToken(Exception):
    """The token wasn't signed here for this purpose, or was changed."""


class TokenExpired(BadToken):
    """The token was ours, but its time is over."""


class Signer:
    """Signs with the newest of the keys and reads with any."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take the keys newest first. Raises ValueError without one."""
        if not keys:
            message = "signing needs a key"
            raise ValueError(message)
        self._keys = tuple(keys)

    def sign(self, purpose: str, payload: Payload, max_age: timedelta) -> str:
        """Return a URL-safe token that holds the payload (readable by anyone) until `max_age` is over."""
        ends = int((now() + max_age).timestamp())
        return self._serializer(purpose).dumps([ends, payload])

    def unsign(self, purpose: str, token: str) -> Payload:
        """Return the payload. Raises TokenExpired, or BadToken for anything else."""
        try:
            ends, payload = self._serializer(purpose).loads(token)
        except (BadData, ValueError, TypeError):
            raise BadToken(purpose) from None
        if now().timestamp() >= ends:
            raise TokenExpired(purpose)
        return payload  # type: ignore[no-any-return]  # JSON is what `sign` was given

    def macs(self, purpose: str, message: bytes) -> list[bytes]:
        """Return the message's code under each key, newest first; compare with `hmac.compare_digest`."""
        return [hmac.digest(_derived(key, purpose), message, "sha256") for key in self._keys]

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        oldest_first = [_derived(key, purpose) for key in reversed(self._keys)]
        return URLSafeSerializer(
            oldest_first,
            salt=purpose,
            signer_kwargs={"key_derivation": "none", "digest_method": hashlib.sha256},
        )


def _derived(key: str, purpose: str) -> bytes:
    """Return a key of its own for the purpose, so that codes of two purposes never agree."""
    return hmac.digest(key.encode(), b"portal " + purpose.encode(), "sha256")


def signer() -> Signer:
    """Return the running application's signer."""
    return Signer(current().secret_keys)


def sign(purpose: str, payload: Payload, max_age: timedelta) -> str:
    """Sign a payload for one purpose; see `Signer.sign`."""
    return signer().sign(purpose, payload, max_age)


def unsign(purpose: str, token: str) -> Payload:
    """Read what `sign` made for the same purpose. Raises TokenExpired or BadToken."""
    return signer().unsign(purpose, token)
