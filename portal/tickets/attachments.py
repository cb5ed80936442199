"""Files of tickets: from a form onto a comment, and from there to whoever may read the comment."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response
from werkzeug.exceptions import NotFound

from portal.core.policy import one_or_404
from portal.core.tenancy.scope import Viewer
from portal.core.web import answer
from portal.tickets import queries, reading
from portal.tickets.models import Comment

Kept = Any
BODY_BYTES = 110 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """What came with a form and waits for it to be accepted."""

    files: Sequence[Kept] = ()
    were_refused: bool = False


def receive(form: Any, viewer: Viewer) -> Received:
    return Received()


def attach(comment: Comment, files: Sequence[Kept], *, at: dt.datetime) -> None:
    pass


def files_answer(viewer: Viewer, number: int, comment_id: UUID) -> Response:
    ticket = one_or_404(queries.ticket(viewer, number))
    files = reading.files_of(viewer, ticket, [comment_id])[comment_id]
    if not files:
        raise NotFound
    return answer.nothing_new()


def file_answer(viewer: Viewer, number: int, file_id: UUID) -> Response:
    one_or_404(queries.attachment(viewer, number, file_id))
    raise NotFound


thumbnail_answer = file_answer
