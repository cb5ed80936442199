"""Where files lie: a local folder or a bucket, chosen by STORAGE_URL, behind one interface.

A blob is named by the SHA-256 of its content and lies under its tenant's own prefix, so the same
file is kept once a tenant and never shared between tenants. Addresses never name a blob: whoever
serves one has asked a row for permission first.
"""

from functools import lru_cache

from portal.core.storage.base import (
    Blob,
    BlobMissing,
    Blobs,
    BlobTooBig,
    StorageError,
    StorageFull,
    StorageUnavailable,
)
from portal.core.storage.bucket import BucketBlobs
from portal.core.storage.local import LocalBlobs
from portal.settings import current

__all__ = [
    "Blob",
    "BlobMissing",
    "BlobTooBig",
    "Blobs",
    "StorageError",
    "StorageFull",
    "StorageUnavailable",
    "blobs",
    "blobs_at",
]


@lru_cache(maxsize=4)
def blobs_at(url: str) -> Blobs:
    """The blobs at a storage address, `file:///folder` or `s3://bucket?endpoint=…`."""
    if url.startswith("file://"):
        return LocalBlobs.at(url)
    return BucketBlobs.at(url)


def blobs() -> Blobs:
    """The running application's blobs."""
    return blobs_at(current().storage_url)
