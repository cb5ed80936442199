"""The trail as CSV, written in portions while it is read: as long as it may be, it never stands in memory whole."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

from flask import Response, g, stream_with_context
from flask_babel import get_locale, gettext

from portal.core import clock
from portal.core.audit import AuditEntry
from portal.core.tenancy.scope import Viewer
from portal.core.tenancy.session import transaction
from portal.core.web import paging
from portal.core.web.place import Place, here
from portal.trail import queries, reading
from portal.trail.filters import Narrowed
from portal.trail.reading import Line

PORTION: Final = 500
BOM: Final = "\ufeff"
"""Spreadsheets take a file for UTF-8 only where it begins so."""
_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(cell: object) -> str:
    """The text, which no spreadsheet will take for a formula.

    >>> harmless("=1+1"), harmless("plain")
    ("'=1+1", 'plain')
    """
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_BEGINNINGS) or text.lstrip().startswith(_BEGINNINGS[:4]) else text


def csv_answer(viewer: Viewer, narrowed: Narrowed, *, name: str) -> Response:
    """A download of all that the viewer may read and has narrowed it to.

    Each portion is read in a transaction of its own under the viewer's scope, after
    the request's own has ended: row-level security holds there as it does here.
    """
    body = stream_with_context(_portions(viewer, narrowed, here()))
    response = Response(body, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{clock.now():%Y-%m-%d}.csv"'
    return response


def _portions(viewer: Viewer, narrowed: Narrowed, place: Place) -> Iterator[str]:
    yield BOM + _csv([_head()])
    cursor: str | None = None
    while True:
        with transaction(viewer):
            g.place = place
            get_locale()
            page = paging.page_of(
                queries.entries(viewer, narrowed),
                AuditEntry.at,
                AuditEntry.id,
                key=lambda row: (row[0].at, row[0].id),
                cursor=cursor,
                size=PORTION,
            )
            text = _csv(_row(line) for line in reading.lines(viewer, (row[0] for row in page.rows)))
        yield text
        cursor = page.older
        if cursor is None:
            return


def _head() -> list[str]:
    return [
        gettext("Time (UTC)"),
        gettext("Act"),
        gettext("What was done"),
        gettext("Who"),
        gettext("Seen as"),
        gettext("Client"),
        gettext("What it was about"),
        gettext("Its number or name"),
        gettext("What changed"),
        gettext("More"),
        gettext("Address"),
        gettext("Country"),
        gettext("Request"),
    ]


def _row(line: Line) -> list[str]:
    changed = "; ".join(f"{each.field}: {each.old or '-'} → {each.new or '-'}" for each in line.changes)
    more = "; ".join(f"{name}: {value}" for name, value in line.more)
    at = line.at.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return [
        at, line.action, line.words, line.who, line.as_whom or "", line.client or "", line.kind, line.about,
        changed, more, line.address, line.country, line.request_id,
    ]  # fmt: skip


def _csv(rows: Iterable[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue()
