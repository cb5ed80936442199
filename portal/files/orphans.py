"""Bytes that no row names: left by transactions that failed, forms never sent again, pictures written anew.

A row is written after its bytes, so young ones are left alone; one put again is young again.
"""

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from portal.core import clock
from portal.core.db import Base
from portal.core.events.schedule import ScheduleDue, every
from portal.core.storage import Blobs, blobs
from portal.core.tenancy.scope import current_scope
from portal.extensions import db

BLOB_COLUMNS: Final = frozenset({"blob_key", "thumbnail_key", "logo_key"})
"""Every column of these names, in whichever table, keeps the blob it names. A new one belongs here."""
YOUNG = dt.timedelta(hours=24)
PORTION = 500
_log = structlog.get_logger(__name__)


@every(dt.timedelta(hours=6), name="files.sweep_orphans", queue="bulk", seconds=300, clock="real")
def sweep(_due: ScheduleDue) -> None:
    """Remove what nobody has named for a day."""
    before = clock.now() - YOUNG
    removed = remove_orphans(blobs(), before)
    left = blobs().tidy(before)
    if removed or left:
        _log.info("orphans removed", blobs=removed, leftovers=left)


def remove_orphans(store: Blobs, before: dt.datetime) -> int:
    """Remove the scope's tenant's blobs that were last put before the moment and that no row names; how many."""
    tenant_id, removed = current_scope().tenant_id, 0
    old = store.older_than(tenant_id, before)
    while portion := list(islice(old, PORTION)):
        for key in set(portion) - named(portion):
            store.delete(tenant_id, key)
            removed += 1
    return removed


def named(keys: list[str]) -> set[str]:
    """Those of these keys that some row names."""
    found: set[str] = set()
    for column in blob_columns():
        found.update(db.session.scalars(select(column).where(column.in_(keys))))
    return found


def blob_columns() -> Iterator[InstrumentedAttribute[Any]]:
    """Every mapped column that names blobs."""
    for mapper in Base.registry.mappers:
        for name in sorted(BLOB_COLUMNS & set(mapper.column_attrs.keys())):
            yield getattr(mapper.class_, name)
