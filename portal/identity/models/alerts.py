"""What looked unusual."""

import datetime as dt
import uuid

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from portal.core.db import Base, Json, references, unique
from portal.core.tenancy.tables import StaffOwned


class SecurityAlert(StaffOwned, Base):
    """Something unusual that an administrator should look at. `key`: what it tells of, so that it is told once."""

    __tablename__ = "security_alerts"
    __table_args__ = (
        references("users", user_id="id"),
        references("clients", client_id="id"),
        references("users", seen_by_user_id="id"),
        unique("key"),
        Index("ix_security_alerts_at", "tenant_id", "at", "id"),
    )

    key: Mapped[str]
    kind: Mapped[str]
    at: Mapped[dt.datetime]
    user_id: Mapped[uuid.UUID | None]
    client_id: Mapped[uuid.UUID | None]
    facts: Mapped[Json]
    seen_at: Mapped[dt.datetime | None]
    seen_by_user_id: Mapped[uuid.UUID | None]
