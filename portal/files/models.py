"""Files on their way into something."""

import datetime as dt
import uuid

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, big_int, references
from portal.core.tenancy.tables import PersonOwned


class StagedFile(PersonOwned, Base):
    """A file that was sent with a form which was refused, or ahead of one; it waits a day for the form.

    `form_key` is the form's own random key: a person's two open forms don't mix.
    """

    __tablename__ = "staged_files"
    __table_args__ = (
        references("users", user_id="id"),
        Index("ix_staged_files_form", "tenant_id", "user_id", "form_key", "id"),
        Index("ix_staged_files_expiry", "tenant_id", "expires_at"),
    )

    form_key: Mapped[uuid.UUID]
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int] = mapped_column(big_int)
    blob_key: Mapped[str]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
