"""Identifiers of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uuid_utils.compat import uuid7

if TYPE_CHECKING:
    from uuid import UUID


def new_id() -> UUID:
    """Return a new UUID version 7: ordered by time, made before the row is flushed.

    Made in the application because PostgreSQL has `uuidv7()` only from 18 on, and because events
    and files name a row before it is written. The library reseeds itself in forked children, so
    two work horses of one worker never draw the same id.
    """
    return uuid7()
