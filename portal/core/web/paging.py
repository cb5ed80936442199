"""Lists by keyset: a page is read from where the last one ended, however long the list is."""

import base64
import binascii
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from portal.core.standing import kept_with_statement, verbatim
from portal.extensions import db

Row = TypeVar("Row")
Key = tuple[dt.datetime, UUID]
SIZE = 25
ENOUGH = 1000
_BOUND = ("page_at", "page_id")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, newest first, and the cursors of the pages beside them (None: there is none)."""

    rows: Sequence[Row]
    older: str | None = None
    newer: str | None = None


def cursor_of(direction: str, key: Key) -> str:
    """An opaque word that a link can carry."""
    at, row_id = key
    plain = f"{direction}{at.isoformat()}|{row_id}".encode()
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[str, Key] | None:
    """Direction and key of a cursor; None for anything else, which shows the first page."""
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, _, row_id = plain[1:].partition("|")
        key = (dt.datetime.fromisoformat(at), UUID(row_id))
    except (ValueError, binascii.Error):
        return None
    return (plain[0], key) if plain[0] in "ab" and key[0].tzinfo is not None else None


def page_of(
    statement: Select[Any],
    at: InstrumentedAttribute[dt.datetime],
    row_id: InstrumentedAttribute[UUID],
    *,
    key: Callable[[Any], Key],
    cursor: str | None = None,
    size: int = SIZE,
) -> Page[Any]:
    """One page of the statement, newest first by (at, row_id).

    Reads one row more than it shows, so that "older" is offered only where there
    is something older. One statement, whatever the page.
    """
    place = read_cursor(cursor) if cursor else None
    backwards = place is not None and place[0] == "b"
    bound = dict(zip(_BOUND, place[1], strict=True)) if place is not None else {}
    found = db.session.execute(_part(statement, at, row_id, place[0] if place else "", size), bound).all()
    more = len(found) > size
    rows = found[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page([])
    has_older = more or backwards
    has_newer = more if backwards else place is not None
    return Page(
        rows,
        older=cursor_of("a", key(rows[-1])) if has_older else None,
        newer=cursor_of("b", key(rows[0])) if has_newer else None,
    )


@kept_with_statement
def _part(
    statement: Select[Any],
    at: InstrumentedAttribute[dt.datetime],
    row_id: InstrumentedAttribute[UUID],
    direction: str,
    size: int,
) -> Select[Any]:
    """The statement of a page: the first (direction ""), or those after or before a bound key; one row more."""
    column, backwards = tuple_(at, row_id), direction == "b"
    if direction:
        bound = tuple_(*(bindparam(name, type_=each.type) for name, each in zip(_BOUND, (at, row_id), strict=True)))
        statement = statement.where(column > bound if backwards else column < bound)
    order = (at.asc(), row_id.asc()) if backwards else (at.desc(), row_id.desc())
    return statement.order_by(None).order_by(*order).limit(first(size + 1))


def first(rows: int) -> ColumnElement[int]:
    """A limit that stands in the statement itself.

    PostgreSQL plans a statement once for all values of its parameters only where
    that is no dearer; not knowing the limit it expects a tenth of the table, and
    would plan a long list anew each time.
    """
    return verbatim(rows)


def said(count: int) -> str:
    """A total in words that are true: exact up to 999, then `999+`."""
    return str(count) if count < ENOUGH else f"{ENOUGH - 1}+"
