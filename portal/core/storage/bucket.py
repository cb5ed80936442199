"""Blobs in a bucket of any service that speaks S3's protocol."""

import datetime as dt
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from obstore.exceptions import BaseError
from obstore.store import S3Store

from portal.core.clock import now
from portal.core.storage.base import (
    CHUNK_BYTES,
    Blob,
    BlobMissing,
    Readable,
    StorageError,
    StorageFull,
    StorageUnavailable,
    path_of,
    prefix_of,
    spool,
)

if TYPE_CHECKING:
    from obstore import GetResult  # a name of the stubs alone

_NOBODY = UUID(int=0)
_IN_MEMORY_BYTES = 1024 * 1024
_PART_BYTES = 8 * 1024 * 1024
_RENEW_AFTER = dt.timedelta(hours=6)
"""A blob put again is written anew once it's older, so that the sweep of orphans sees a young one."""
_FULL = ("507", "insufficientstorage", "storagefull", "quotaexceeded", "quota exceeded")
_first_user: int | None = None


class BucketBlobs:
    """A bucket. Its client's threads don't survive a fork, so only one process of a line may use it."""

    def __init__(self, store: S3Store) -> None:
        """Use this client."""
        self._store = store

    @classmethod
    def at(cls, url: str) -> Self:
        """The bucket of `s3://[key:secret@]bucket?endpoint=https://…&region=…`.

        Without a key in the address, the usual AWS_… variables or the machine's role are used.
        """
        parts = urlsplit(url)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        endpoint = query.get("endpoint")
        options: dict[str, Any] = {"region": query.get("region", "us-east-1")}
        if endpoint:
            options["endpoint"] = endpoint
        if parts.username:
            options["access_key_id"] = unquote(parts.username)
            options["secret_access_key"] = unquote(parts.password or "")
        store = S3Store(
            parts.hostname or "",
            **options,
            client_options={
                "allow_http": bool(endpoint and endpoint.startswith("http://")),
                "connect_timeout": "3s",
                "timeout": "30s",
            },
            disable_bulk_delete=True,
            retry_config={"max_retries": 3, "retry_timeout": dt.timedelta(seconds=10)},
        )
        return cls(store)

    def put(self, tenant_id: UUID, stream: Readable, *, limit: int | None = None) -> Blob:
        """See `Blobs.put`. Spooled first, since the name depends on the whole content."""
        with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
            blob = spool(stream, file, limit)
            path = path_of(tenant_id, blob.key)
            if not self._is_fresh(path, blob.size):
                file.seek(0)
                with _speaking(blob.key):
                    self._store.put(path, file, chunk_size=_PART_BYTES, max_concurrency=2)
        return blob

    def open(self, tenant_id: UUID, key: str) -> Iterator[bytes]:
        """See `Blobs.open`."""
        path = path_of(tenant_id, key)
        with _speaking(key):
            found = self._store.get(path)
        return _chunks(found, key)

    def exists(self, tenant_id: UUID, key: str) -> bool:
        """See `Blobs.exists`."""
        try:
            with _speaking(key):
                self._store.head(path_of(tenant_id, key))
        except BlobMissing:
            return False
        return True

    def delete(self, tenant_id: UUID, key: str) -> None:
        """See `Blobs.delete`. One plain request a blob: not every service knows the bulk form."""
        path = path_of(tenant_id, key)
        with _speaking(key):
            self._store.delete(path)

    def older_than(self, tenant_id: UUID, moment: dt.datetime) -> Iterator[str]:
        """See `Blobs.older_than`."""
        with _speaking(""):
            for page in self._store.list(prefix_of(tenant_id) + "/"):
                for found in page:
                    if found["last_modified"] < moment:
                        yield found["path"].rpartition("/")[2]

    def tidy(self, moment: dt.datetime) -> int:
        """See `Blobs.tidy`. Parts of cut-off uploads are removed by the bucket's own lifecycle rule."""
        del moment
        return 0

    def answers(self) -> bool:
        """See `Blobs.answers`."""
        try:
            self.exists(_NOBODY, "0" * 64)
        except StorageError:
            return False
        return True

    def check(self) -> None:
        """See `Blobs.check`."""
        probe = self.put(_NOBODY, io.BytesIO(b"probe"))
        if b"".join(self.open(_NOBODY, probe.key)) != b"probe":
            message = "the bucket returned other bytes than were written"
            raise StorageUnavailable(message)
        self.delete(_NOBODY, probe.key)

    def _is_fresh(self, path: str, size: int) -> bool:
        try:
            with _speaking(path):
                found = self._store.head(path)
        except BlobMissing:
            return False
        return found["size"] == size and found["last_modified"] > now() - _RENEW_AFTER


def _chunks(found: "GetResult", key: str) -> Iterator[bytes]:
    with _speaking(key):
        for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(chunk)


@contextmanager
def _speaking(key: str) -> Iterator[None]:
    """Talk to the bucket: refuse after a fork instead of hanging for ever, and translate its errors."""
    global _first_user  # noqa: PLW0603 - the client's threads belong to the process that used it first
    if _first_user is None:
        _first_user = os.getpid()
    elif _first_user != os.getpid():
        message = "the bucket was used before this process was forked; only the child may use it"
        raise StorageUnavailable(message)
    try:
        yield
    except FileNotFoundError:
        raise BlobMissing(key) from None
    except (BaseError, OSError) as error:
        raise _translated(error) from error


def _translated(error: Exception) -> StorageError:
    text = str(error).lower()
    if any(word in text for word in _FULL):
        return StorageFull("no room left in the bucket")
    return StorageUnavailable(f"the bucket: {type(error).__name__}")
