"""What every store of blobs can do, and how it says that it can't."""

import datetime as dt
import errno
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

CHUNK_BYTES = 256 * 1024
_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class StorageError(Exception):
    """The storage couldn't do what was asked."""


class StorageFull(StorageError):
    """No room is left. Nothing was kept."""


class StorageUnavailable(StorageError):
    """The storage doesn't answer or refuses us; trying again later may help."""


class BlobMissing(StorageError):
    """The tenant has no such blob."""


class BlobTooBig(StorageError):
    """The stream went on beyond the limit. Nothing was kept."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} bytes")
        self.limit = limit


class Readable(Protocol):
    """A binary stream, as far as it's needed."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""


class Writable(Protocol):
    """A binary sink, as far as it's needed."""

    def write(self, data: bytes, /) -> object:
        """Take all of these bytes."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file: the SHA-256 of its content in hex, and its size in bytes."""

    key: str
    size: int


class Blobs(Protocol):
    """A store of blobs. Every act may raise StorageUnavailable."""

    def put(self, tenant_id: UUID, stream: Readable, *, limit: int | None = None) -> Blob:
        """Keep a stream's content, in constant memory; the same content again only renews its age.

        Raises StorageFull, or BlobTooBig once more than `limit` bytes came; then nothing is kept.
        """

    def open(self, tenant_id: UUID, key: str) -> Iterator[bytes]:
        """The content in chunks, in constant memory. Raises BlobMissing at once, not at the first chunk."""

    def exists(self, tenant_id: UUID, key: str) -> bool:
        """Whether the tenant has the blob."""

    def delete(self, tenant_id: UUID, key: str) -> None:
        """Forget a blob; none there is fine."""

    def older_than(self, tenant_id: UUID, moment: dt.datetime) -> Iterator[str]:
        """The keys whose blobs were last put before the moment (real time), in no order."""

    def tidy(self, moment: dt.datetime) -> int:
        """Remove what uploads cut off before the moment left behind; how many."""

    def answers(self) -> bool:
        """Whether the storage can be used just now; cheap, for probes."""

    def check(self) -> None:
        """Write, read and delete a probe. Raises StorageError."""


def path_of(tenant_id: UUID, key: str) -> str:
    """Where a blob lies: `tenant/<id>/<aa>/<key>`. Raises BlobMissing for what can't be a key."""
    if not _KEY.fullmatch(key):
        raise BlobMissing(key[:80])
    return f"{prefix_of(tenant_id)}/{key[:2]}/{key}"


def prefix_of(tenant_id: UUID) -> str:
    """Where a tenant's blobs lie."""
    return f"tenant/{tenant_id}"


def spool(stream: Readable, sink: Writable, limit: int | None) -> Blob:
    """Copy a stream chunk by chunk while hashing it. Raises BlobTooBig, StorageFull."""
    digest, size = hashlib.sha256(), 0
    try:
        while chunk := stream.read(CHUNK_BYTES):
            size += len(chunk)
            if limit is not None and size > limit:
                raise BlobTooBig(limit)
            digest.update(chunk)
            sink.write(chunk)
    except OSError as error:
        raise translated(error) from error
    return Blob(digest.hexdigest(), size)


def translated(error: OSError) -> StorageError:
    """The operating system's refusal in our words."""
    if error.errno in _FULL:
        return StorageFull("no room left on the storage")
    return StorageUnavailable(f"the storage's folder: {error.strerror or type(error).__name__}")
