"""Bytes that no row names: left by transactions that failed, forms never sent again, pictures written anew.

The original of a picture tells of place and camera: it goes as soon as the picture written anew has taken its place.
All else is swept. A row is written after its bytes, so the sweep leaves young ones alone; one put again is young again.
"""

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import structlog
from sqlalchemy import select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from portal.core import clock
from portal.core.db import Base
from portal.core.events.declare import handles
from portal.core.events.schedule import ScheduleDue, every
from portal.core.storage import Blobs, blobs, keeping
from portal.core.tenancy.scope import current_scope
from portal.extensions import db
from portal.files.events import OriginalReplaced

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


@handles(OriginalReplaced, name="files.remove_original")
def remove_original(event: OriginalReplaced) -> None:
    """Remove the bytes that a file was sent as, unless another row names them: the same photo was sent twice.

    An event, and so a transaction after the one that replaced them: whatever dies in between, it is run later.
    """
    tenant_id = current_scope().tenant_id
    keeping.hold_alone(tenant_id, event.blob_key)
    if not named([event.blob_key]):
        blobs().delete(tenant_id, event.blob_key)


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
    """Those of these keys that some row names.

    One statement, which sees one moment: asked table by table, a file that moves from a form that waits into a
    comment could be in neither.
    """
    parts = [select(column.label("key")).where(column.in_(keys)) for column in blob_columns()]
    return set(db.session.scalars(union_all(*parts)))


def blob_columns() -> Iterator[InstrumentedAttribute[Any]]:
    """Every mapped column that names blobs."""
    for mapper in Base.registry.mappers:
        for name in sorted(BLOB_COLUMNS & set(mapper.column_attrs.keys())):
            yield getattr(mapper.class_, name)
