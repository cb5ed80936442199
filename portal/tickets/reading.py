"""What ticket pages show, read in as few statements as the page's budget allows."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for
from markupsafe import Markup
from werkzeug.exceptions import Forbidden

from portal.core import clock, text
from portal.core.policy import one_or_404
from portal.core.tenancy.scope import Viewer
from portal.core.web.paging import first
from portal.core.web.place import here
from portal.extensions import db
from portal.files.wording import why
from portal.tickets import policy, queries, sealed, wording
from portal.tickets.models import Ticket

SHOWN = 100
"""Entries of a timeline on one page; earlier ones are a link away."""
CHECKED_WITHIN = dt.timedelta(minutes=10)
"""How long a page asks by itself whether a file is ready."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a letter, as `templates/ui/attachments.html` shows it.

    `is_awaited`: the page asks by itself how it stands. `reason`: why it was refused.
    """

    name: str
    size: int
    state: str
    url: str
    thumbnail_url: str | None
    is_awaited: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A comment or note in the timeline. `us`: the MSP's people wrote it; `mine`: the reader."""

    id: UUID
    seen: int
    at: dt.datetime
    name: str
    role: str
    us: bool
    note: bool
    body: Markup
    edited: bool
    files: Sequence[File]
    files_url: str

    kind = "letter"


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened between two letters."""

    seen: int
    at: dt.datetime
    text: str

    kind = "line"


@dataclass(frozen=True, slots=True)
class Conversation:
    """Part of a timeline, oldest first. `before`: the version from which earlier ones are read, None at the start."""

    entries: Sequence[Letter | Line]
    before: int | None = None


def ticket_to_change(viewer: Viewer, number: int, verb: str) -> Ticket:
    """The ticket, locked until the transaction ends. Raises NotFound, and Forbidden for a verb that isn't given there.

    The view's own rule has asked whether the viewer may do such a thing at all; here it is asked for this
    ticket, since a role may count at some sites only.
    """
    one_or_404(queries.ticket_lock(viewer, number))
    ticket = one_or_404(queries.ticket(viewer, number).execution_options(populate_existing=True))
    if not policy.may(viewer, verb, ticket):
        raise Forbidden
    sealed.note_reading(viewer, ticket)
    return ticket


def conversation(viewer: Viewer, ticket: Ticket, *, since: int = 0, before: int | None = None) -> Conversation:
    """The timeline's latest entries, after `since` and before `before`, with their files: two statements."""
    statement = queries.timeline(viewer, ticket.id, since=since, before=before).limit(first(SHOWN + 1))
    rows = db.session.execute(statement).all()
    shown = rows[:SHOWN]
    letters = [row.id for row in shown if row.kind == "letter"]
    files = files_of(viewer, ticket.id, ticket.number, letters)
    entries = [
        _letter(viewer, ticket, row, files[row.id]) if row.kind == "letter" else _line(viewer, row)
        for row in reversed(shown)
    ]
    return Conversation(entries, before=shown[-1].seen if len(rows) > SHOWN else None)


def files_of(viewer: Viewer, ticket_id: UUID, number: int, comment_ids: Sequence[UUID]) -> dict[UUID, list[File]]:
    """The files of these comments of a ticket that the viewer has already been given, by comment."""
    found: dict[UUID, list[File]] = defaultdict(list)
    if comment_ids:
        for row in db.session.execute(queries.files(ticket_id, comment_ids)):
            found[row.comment_id].append(_file(viewer, number, row))
    return found


def _file(viewer: Viewer, number: int, row: Any) -> File:
    face = face_of(viewer)
    return File(
        name=row.name,
        size=row.size,
        state=row.state,
        url=url_for(f"{face}.file", number=number, file_id=row.id),
        thumbnail_url=url_for(f"{face}.thumbnail", number=number, file_id=row.id) if row.thumbnail_key else None,
        reason=why(row.refusal),
        is_awaited=row.state == "checking" and row.created_at > clock.business_now() - CHECKED_WITHIN,
    )


def face_of(viewer: Viewer) -> str:
    """The blueprint of this viewer's side."""
    return "desk" if viewer.is_staff else "tickets"


def _letter(viewer: Viewer, ticket: Ticket, row: Any, files: Sequence[File]) -> Letter:
    us = row.user_id is not None
    client = ticket.client.name if viewer.is_staff else ""
    return Letter(
        id=row.id,
        seen=row.seen,
        at=row.at,
        name=row.name,
        role=wording.sent_by(mine=_is_mine(viewer, row), us=us, tenant=here().display_name, client=client),
        us=us,
        note=row.visibility == "internal",
        body=text.to_html(row.body),
        edited=row.edited_at is not None,
        files=files,
        files_url=url_for(f"{face_of(viewer)}.files", number=ticket.number, comment_id=row.id),
    )


def _line(viewer: Viewer, row: Any) -> Line:
    said = wording.staff_line if viewer.is_staff else wording.client_line
    words = said(row.kind, name=row.name or here().display_name, old=row.old, new=row.new, mine=_is_mine(viewer, row))
    return Line(seen=row.seen, at=row.at, text=words)


def _is_mine(viewer: Viewer, row: Any) -> bool:
    if viewer.is_staff:
        return row.user_id is not None and row.user_id == viewer.user_id
    return row.contact_id is not None and row.contact_id == viewer.contact_id


def seen_by(viewer: Viewer, ticket: Ticket) -> int:
    """The version that this viewer's page shows."""
    return ticket.version if viewer.is_staff else ticket.public_version


def offered(viewer: Viewer) -> dict[str, list[Any]]:
    """What a client's person can choose when opening a ticket: the boards and sites that are open to them."""
    found = choices()
    sites = viewer.sites_of("ticket:create")
    boards = [row for row in found["board"] if viewer.board_ids is None or row.id in viewer.board_ids]
    return found | {"board": boards, "site": [row for row in found["site"] if policy.is_at(row.id, sites)]}


def choices(board_id: UUID | None = None) -> dict[str, list[Any]]:
    """What forms offer, by kind: one statement."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in db.session.execute(queries.choices(board_id)):
        found[row.kind].append(row)
    return found
