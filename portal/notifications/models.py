"""Mail on its way out."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, references, unique
from portal.core.tenancy.tables import StaffOwned


class OutgoingMail(StaffOwned, Base):
    """One mail to one person, rendered when it was decided upon.

    `key` says what it tells of (event, template, person) and is unique, so that
    a handler that runs twice can't write twice. `message_id` is stable over all
    attempts, so that a receiver may drop a second copy. `thread_id` is the id
    that all mails of one conversation refer to, empty for a mail that stands alone.
    """

    __tablename__ = "outgoing_mail"
    __table_args__ = (
        unique("key"),
        references("contacts", client_id="client_id", contact_id="id"),
        references("users", user_id="id"),
        CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="state"),
        Index("ix_outgoing_mail_created_at", "tenant_id", "created_at", "id"),
        Index("ix_outgoing_mail_state", "tenant_id", "state", "created_at", "id"),
    )

    key: Mapped[str]
    template: Mapped[str]
    client_id: Mapped[uuid.UUID | None]
    contact_id: Mapped[uuid.UUID | None]
    user_id: Mapped[uuid.UUID | None]
    recipient: Mapped[str]
    recipient_name: Mapped[str] = mapped_column(default="")
    sender: Mapped[str]
    sender_name: Mapped[str]
    reply_to: Mapped[str] = mapped_column(default="")
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str]
    message_id: Mapped[str]
    thread_id: Mapped[str] = mapped_column(default="")
    is_urgent: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]
