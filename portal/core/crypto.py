"""Sealed values: authenticated encryption bound to one field of one row, with keys that rotate.

A sealed value is text, `1.<key id>.<base64url(nonce + ciphertext + tag)>`, made with AES-256-GCM.
Table, column, tenant and row are associated data: a value copied to another place doesn't open.
ENCRYPTION_KEYS is newest first; the first key seals, every key opens, and `flask keys rotate`
seals anew what older keys hold, after which they may be dropped.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from portal.settings import current

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

_VERSION = "1"
_NONCE_BYTES = 12
_KEY_BYTES = 32


class CryptoError(Exception):
    """A sealed value can't be opened."""


class UnknownKey(CryptoError):
    """The value was sealed with a key that ENCRYPTION_KEYS no longer (or not yet) holds."""

    def __init__(self, key: str) -> None:
        """Name the missing key by its public id."""
        super().__init__(f"sealed with the key {key}, which ENCRYPTION_KEYS doesn't hold")
        self.key_id = key


class NotAuthentic(CryptoError):
    """The value was changed, cut, or belongs to another table, column, tenant or row."""

    def __init__(self) -> None:
        """Say no more than that: which of the reasons it was can't be told, and the value is secret."""
        super().__init__("changed, cut, or sealed for another place")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value belongs; it opens nowhere else."""

    table: str
    column: str
    tenant_id: UUID
    id: UUID

    def bound(self) -> bytes:
        """Return the associated data; lengths stand before the names so that no two places agree."""
        names = b"".join(len(name).to_bytes(2, "big") + name for name in (self.table.encode(), self.column.encode()))
        return _VERSION.encode() + names + self.tenant_id.bytes + self.id.bytes


def key_id(key: bytes) -> str:
    """Return the public name of a key: the first 8 hex digits of a hash of it."""
    return hashlib.sha256(b"portal encryption key id" + key).hexdigest()[:8]


class Keyring:
    """The keys in force, newest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Take at least one key of 32 bytes. Raises ValueError otherwise."""
        if not keys or any(len(key) != _KEY_BYTES for key in keys):
            message = f"a keyring needs keys of {_KEY_BYTES} bytes"
            raise ValueError(message)
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}
        self.current_id = key_id(keys[0])

    @property
    def prefix(self) -> str:
        """What every value begins with that the newest key sealed."""
        return f"{_VERSION}.{self.current_id}."

    def seal(self, value: str, place: Place) -> str:
        """Encrypt a text for its place with the newest key."""
        nonce = os.urandom(_NONCE_BYTES)
        closed = self._ciphers[self.current_id].encrypt(nonce, value.encode(), place.bound())
        return self.prefix + base64.urlsafe_b64encode(nonce + closed).decode()

    def unseal(self, sealed: str, place: Place) -> str:
        """Decrypt a text. Raises UnknownKey or NotAuthentic."""
        version, _, rest = sealed.partition(".")
        key, _, body = rest.partition(".")
        if version != _VERSION:
            raise NotAuthentic
        cipher = self._ciphers.get(key)
        if cipher is None:
            raise UnknownKey(key[:8])
        try:
            raw = base64.b64decode(body.encode("ascii"), altchars=b"-_", validate=True)
            return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.bound()).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise NotAuthentic from None


@lru_cache(maxsize=4)
def keyring_of(keys: tuple[bytes, ...]) -> Keyring:
    """Return the ring of these keys; made once for each list."""
    return Keyring(keys)


def keyring() -> Keyring:
    """Return the running application's ring."""
    return keyring_of(current().encryption_keys)


def seal(value: str, *, table: str, column: str, tenant_id: UUID, id: UUID) -> str:  # noqa: A002 - the column's name
    """Encrypt a text for one column of one row."""
    return keyring().seal(value, Place(table, column, tenant_id, id))


def unseal(sealed: str, *, table: str, column: str, tenant_id: UUID, id: UUID) -> str:  # noqa: A002 - the column's name
    """Decrypt what `seal` made for the same column and row. Raises UnknownKey or NotAuthentic."""
    return keyring().unseal(sealed, Place(table, column, tenant_id, id))
