"""Signed-in browsers, and the counts of tries."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, references, unique
from portal.core.tenancy.tables import PersonOwned, StaffOwned


class LoginSession(PersonOwned, Base):
    """One signed-in browser. The cookie holds a random token, the row its SHA-256 in hex.

    `proved_at`: when the person last proved who they are; sensitive acts ask for a
    fresh proof. `country`: as a trusted proxy told it, two letters, else empty.
    `privileges`: hash of what the person could do and see when it was last asked, None
    before the first time. Once that has changed the session gets another token;
    `former_hash` is the one before, good for what was on its way until `former_until`.

    *Open portal as…*: a session of the client side that belongs to a member of the
    staff and shows the portal as `as_contact_id` sees it. It ends with `parent_id`,
    the console's session that opened it.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        references("users", user_id="id"),
        references("memberships", membership_id="id"),
        references("contacts", as_client_id="client_id", as_contact_id="id"),
        unique("token_hash"),
        Index("ix_sessions_user", "tenant_id", "user_id", "last_used_at"),
        Index("ix_sessions_former", "tenant_id", "former_hash", postgresql_where=text("former_hash IS NOT NULL")),
        CheckConstraint("side IN ('client', 'msp')", name="side"),
        CheckConstraint(
            "(side = 'client') = ((membership_id IS NOT NULL) <> (as_contact_id IS NOT NULL))", name="seat"
        ),
        CheckConstraint(
            "(as_contact_id IS NULL) = (as_client_id IS NULL) AND (as_contact_id IS NULL) = (parent_id IS NULL)",
            name="as_contact",
        ),
    )

    side: Mapped[str]
    token_hash: Mapped[str]
    membership_id: Mapped[uuid.UUID | None]
    as_client_id: Mapped[uuid.UUID | None]
    as_contact_id: Mapped[uuid.UUID | None]
    parent_id: Mapped[uuid.UUID | None]
    created_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    proved_at: Mapped[dt.datetime | None]
    former_hash: Mapped[str | None]
    former_until: Mapped[dt.datetime | None]
    privileges: Mapped[str | None]
    address: Mapped[str] = mapped_column(default="")
    agent: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="")


class Throttle(StaffOwned, Base):
    """Tries counted under one key, which is a keyed hash of an account, a device or an address.

    `tries` are the times of those that were let through, newest first, as far back as
    the longest window asks. `told_at`: when a refusal was last written to the trail.
    """

    __tablename__ = "throttles"
    __table_args__ = (unique("key"), Index("ix_throttles_last_at", "tenant_id", "last_at"))

    key: Mapped[str]
    tries: Mapped[list[dt.datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    last_at: Mapped[dt.datetime]
    told_at: Mapped[dt.datetime | None]
