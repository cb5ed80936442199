"""Lists by name: a page is read from where the last one ended, A to Z."""

import base64
import binascii
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from portal.core.web.paging import SIZE, Page, first
from portal.extensions import db

Key = tuple[str, UUID]


def cursor_of(direction: str, key: Key) -> str:
    """An opaque word that a link can carry."""
    name, row_id = key
    return base64.urlsafe_b64encode(f"{direction}{row_id}|{name}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[str, Key] | None:
    """Direction and key of a cursor; None for anything else, which shows the first page."""
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        row_id, _, name = plain[1:].partition("|")
        key = (name, UUID(row_id))
    except (ValueError, binascii.Error):
        return None
    return (plain[0], key) if plain[0] in "ab" and "\x00" not in name else None


def named_page_of(
    statement: Select[Any],
    name: InstrumentedAttribute[str],
    row_id: InstrumentedAttribute[UUID],
    *,
    key: Callable[[Any], Key],
    cursor: str | None = None,
    size: int = SIZE,
) -> Page[Any]:
    """One page of the statement by (name, id), A to Z; `older` is the page after it, `newer` the one before.

    Reads one row more than it shows, so that "more" is offered only where there is more.
    """
    place = read_cursor(cursor) if cursor else None
    backwards = place is not None and place[0] == "b"
    column = tuple_(name, row_id)
    if place is not None:
        bound = tuple_(*place[1])
        statement = statement.where(column < bound if backwards else column > bound)
    order = (name.desc(), row_id.desc()) if backwards else (name.asc(), row_id.asc())
    found = list(db.session.execute(statement.order_by(None).order_by(*order).limit(first(size + 1))).unique())
    more = len(found) > size
    rows = found[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([])
    has_newer = more if backwards else place is not None
    return Page(
        rows,
        older=cursor_of("a", key(rows[-1])) if more or backwards else None,
        newer=cursor_of("b", key(rows[0])) if has_newer else None,
    )
