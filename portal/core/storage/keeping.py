"""Putting bytes that a row will name, and letting go of bytes that no row names any more, at the same moment.

Blobs are named by their content: while one request puts a photo, a job may delete the same photo's bytes because the
last row that named them is gone. The one wouldn't know of the other, since its row isn't committed. So whoever puts
bytes for a row holds their key, shared, until its transaction ends, and only then makes sure that they lie there;
whoever deletes holds the key alone, and only then looks for rows. If the deleting came first, the bytes are put once
more; if the putting came first, the deleting waits and finds the row. Held keys are advisory locks of PostgreSQL: they
end with the transaction, however that ends.
"""

from typing import IO
from uuid import UUID

from sqlalchemy import text

from portal.core.storage import Blob, blobs
from portal.core.tenancy.filter import RAW
from portal.extensions import db

_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))").execution_options(**{RAW: True})
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))").execution_options(**{RAW: True})


def keep(tenant_id: UUID, file: IO[bytes], *, limit: int | None = None) -> Blob:
    """Put a file's content for a row of this transaction. Raises what `Blobs.put` raises."""
    file.seek(0)
    blob = blobs().put(tenant_id, file, limit=limit)
    db.session.execute(_SHARED, {"name": _name(tenant_id, blob.key)})
    if not blobs().exists(tenant_id, blob.key):
        file.seek(0)
        blob = blobs().put(tenant_id, file, limit=limit)
    return blob


def hold_alone(tenant_id: UUID, key: str) -> None:
    """Wait until nobody puts these bytes, and let nobody until this transaction ends; for whoever deletes them."""
    db.session.execute(_ALONE, {"name": _name(tenant_id, key)})


def _name(tenant_id: UUID, key: str) -> str:
    return f"blob {tenant_id} {key}"
