"""Files of a form that was refused wait a day for it, since no browser fills a file field again.

They belong to the person and the form: nobody else finds them, and a person's two open forms don't mix.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import delete, update

from portal.core import clock
from portal.core.events.schedule import ScheduleDue, every
from portal.core.tenancy.scope import NoScope, current_scope
from portal.extensions import db
from portal.files import queries
from portal.files.models import StagedFile

if TYPE_CHECKING:
    from portal.files.uploads import KeptFile

WAIT = dt.timedelta(hours=24)
MOST_BYTES = 300_000_000
"""Of one person over all forms; the oldest give way."""


def can_wait() -> bool:
    """Whether files of a refused form can wait: who looks on as somebody else is no person to wait for."""
    return current_scope().staff_user_id is None


def stage(form_key: UUID, files: Sequence["KeptFile"]) -> None:
    """Let these files wait. Raises NoScope where nobody is signed in."""
    if not can_wait():
        return
    user_id, now = _person(), clock.now()
    _make_room(user_id, form_key, sum(each.size for each in files))
    for each in files:
        row = StagedFile(
            id=each.id,
            user_id=user_id,
            form_key=form_key,
            name=each.name,
            content_type=each.content_type,
            size=each.size,
            blob_key=each.blob_key,
            created_at=now,
            expires_at=now + WAIT,
        )
        db.session.add(row)


def restore(form_key: UUID, keep: Iterable[str]) -> list[StagedFile]:
    """The person's files that wait for this form and whose ids are among `keep`; the others are let go."""
    if not can_wait():
        return []
    kept = {each for each in (_id_of(text) for text in keep) if each is not None}
    rows = db.session.scalars(queries.waiting(_person(), form_key, now=clock.now())).all()
    gone = [row.id for row in rows if row.id not in kept]
    if gone:
        _remove(gone)
    return [row for row in rows if row.id in kept]


def hand_over(form_key: UUID, to: UUID) -> None:
    """What waits for one form of the person waits for another from now on."""
    if not can_wait():
        return
    statement = update(StagedFile).where(StagedFile.user_id == _person(), StagedFile.form_key == form_key)
    db.session.execute(statement.values(form_key=to).execution_options(synchronize_session=False))


def forget(form_key: UUID) -> None:
    """Let go of everything that waits for this form of the person."""
    if not can_wait():
        return
    statement = delete(StagedFile).where(StagedFile.user_id == _person(), StagedFile.form_key == form_key)
    db.session.execute(statement.execution_options(synchronize_session=False))


@every(dt.timedelta(hours=1), name="files.sweep_staged", queue="bulk", seconds=60, clock="real")
def sweep(_due: ScheduleDue) -> None:
    """Let go of what has waited for a day; the bytes follow with the orphans."""
    statement = delete(StagedFile).where(StagedFile.expires_at <= clock.now())
    db.session.execute(statement.execution_options(synchronize_session=False))


def _make_room(user_id: UUID, form_key: UUID, size: int) -> None:
    """Let go of the person's oldest files of other forms until all of them together stay within bounds."""
    rows = db.session.execute(queries.sizes(user_id)).all()
    over = sum(row.size for row in rows) + size - MOST_BYTES
    gone: list[UUID] = []
    for row in rows:
        if over <= 0:
            break
        if row.form_key != form_key:
            gone.append(row.id)
            over -= row.size
    if gone:
        _remove(gone)


def _remove(ids: list[UUID]) -> None:
    statement = delete(StagedFile).where(StagedFile.user_id == _person(), StagedFile.id.in_(ids))
    db.session.execute(statement.execution_options(synchronize_session=False))


def _person() -> UUID:
    user_id = current_scope().user_id
    if user_id is None:
        message = "only a signed-in person has files waiting"
        raise NoScope(message)
    return user_id


def _id_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
