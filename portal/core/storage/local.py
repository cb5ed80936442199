"""Blobs in a folder of this machine.

Plain files rather than the bucket library's local store: that one's background threads don't
survive a fork (a work horse would hang), and it doesn't wait until the disk has the bytes. A row
must never name a blob that a power cut took away.
"""

import datetime as dt
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Self
from uuid import UUID

from portal.core.storage.base import (
    CHUNK_BYTES,
    Blob,
    BlobMissing,
    Readable,
    StorageUnavailable,
    path_of,
    prefix_of,
    spool,
    translated,
)

_NOBODY = UUID(int=0)
_Temporary = Callable[[Path], IO[bytes]]


def _temporary(folder: Path) -> IO[bytes]:
    """A file that `put` renames or removes itself."""
    return tempfile.NamedTemporaryFile(dir=folder, prefix="put-", delete=False)


class LocalBlobs:
    """A folder with `tenant/…` for what is kept and `incoming/` for what is on its way."""

    def __init__(self, root: Path, temporary: _Temporary = _temporary) -> None:
        """Use this folder, made (for our eyes only) when first written to."""
        self.root = root
        self._incoming = root / "incoming"
        self._temporary = temporary

    @classmethod
    def at(cls, url: str) -> Self:
        """The folder of a `file:///folder` address."""
        return cls(Path(url.removeprefix("file://")))

    def put(self, tenant_id: UUID, stream: Readable, *, limit: int | None = None) -> Blob:
        """See `Blobs.put`. Written beside, flushed to disk, then renamed: never half there."""
        try:
            self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = self._temporary(self._incoming)
        except OSError as error:
            raise translated(error) from error
        try:
            with file:
                blob = spool(stream, file, limit)
                file.flush()
                os.fsync(file.fileno())
            self._place(Path(file.name), self.root / path_of(tenant_id, blob.key), blob)
        except OSError as error:
            raise translated(error) from error
        finally:
            with suppress(OSError):
                Path(file.name).unlink(missing_ok=True)
        return blob

    def open(self, tenant_id: UUID, key: str) -> Iterator[bytes]:
        """See `Blobs.open`."""
        try:
            file = (self.root / path_of(tenant_id, key)).open("rb", buffering=0)
        except FileNotFoundError:
            raise BlobMissing(key) from None
        except OSError as error:
            raise translated(error) from error
        return _Chunks(file)

    def exists(self, tenant_id: UUID, key: str) -> bool:
        """See `Blobs.exists`."""
        try:
            return (self.root / path_of(tenant_id, key)).is_file()
        except BlobMissing:
            return False

    def delete(self, tenant_id: UUID, key: str) -> None:
        """See `Blobs.delete`."""
        try:
            (self.root / path_of(tenant_id, key)).unlink(missing_ok=True)
        except OSError as error:
            raise translated(error) from error

    def older_than(self, tenant_id: UUID, moment: dt.datetime) -> Iterator[str]:
        """See `Blobs.older_than`."""
        return (path.name for path in _files_before(self.root / prefix_of(tenant_id), "*/*", moment))

    def tidy(self, moment: dt.datetime) -> int:
        """See `Blobs.tidy`."""
        left = list(_files_before(self._incoming, "put-*", moment))
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def answers(self) -> bool:
        """See `Blobs.answers`."""
        try:
            self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError:
            return False
        return os.access(self._incoming, os.R_OK | os.W_OK | os.X_OK)

    def check(self) -> None:
        """See `Blobs.check`."""
        probe = self.put(_NOBODY, io.BytesIO(b"probe"))
        if b"".join(self.open(_NOBODY, probe.key)) != b"probe":
            message = "the storage's folder returned other bytes than were written"
            raise StorageUnavailable(message)
        self.delete(_NOBODY, probe.key)

    @staticmethod
    def _place(made: Path, home: Path, blob: Blob) -> None:
        """Give a finished file its name; one that's there already only becomes young again."""
        if home.exists() and home.stat().st_size == blob.size:
            os.utime(home)
            return
        home.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made.replace(home)
        folder = os.open(home.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class _Chunks:
    """A file's content, chunk by chunk; closing it early, or before it was begun, closes the file."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        """The next chunk. Closes the file at its end."""
        chunk = b"" if self._file.closed else self._file.read(CHUNK_BYTES)
        if not chunk:
            self.close()
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Let the file go; a server calls it when the reader has gone away."""
        self._file.close()


def _files_before(folder: Path, pattern: str, moment: dt.datetime) -> Iterator[Path]:
    limit = moment.timestamp()
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < limit:
                yield path
