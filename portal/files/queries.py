"""Files that wait for their form."""

import datetime as dt
from uuid import UUID

from sqlalchemy import Select, select

from portal.files.models import StagedFile


def waiting(user_id: UUID, form_key: UUID, *, now: dt.datetime) -> Select[StagedFile]:
    """What waits for this form of this person, in the order it came."""
    return (
        select(StagedFile)
        .where(StagedFile.user_id == user_id, StagedFile.form_key == form_key, StagedFile.expires_at > now)
        .order_by(StagedFile.id)
    )


def sizes(user_id: UUID) -> Select[UUID, UUID, int]:
    """Id, form and size of everything that waits for this person, oldest first."""
    return (
        select(StagedFile.id, StagedFile.form_key, StagedFile.size)
        .where(StagedFile.user_id == user_id)
        .order_by(StagedFile.id)
    )
