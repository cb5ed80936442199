"""How people get an account, how it is looked over, and what the tenant allows at its doors."""

import datetime as dt
import uuid

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, key_with_client, references, unique
from portal.core.tenancy.tables import ClientOwned, Common, Shared, StaffOwned


class AccessSettings(Common, Base):
    """One row a tenant: which ways in it offers, how far *Open portal as…* goes, and when something is unusual.

    `amount_limit_minor`: amounts above it, in minor units of the tenant's currency, need an
    Administrator; None sets no limit. `night_from` and `night_to` are hours in the tenant's time zone.
    `alert_devices`: so many sign-ins of a person from new browsers on one day; `alert_travel_hours`: two
    countries within so many hours are too far apart; 0 in either raises none. `locks_travellers`: the risk rule;
    who signs in from two countries within that time is locked until they prove their mailbox.
    """

    __tablename__ = "access_settings"
    __table_args__ = (
        unique(),
        CheckConstraint("audit_months >= 12", name="audit_months"),
        CheckConstraint("night_from BETWEEN 0 AND 23 AND night_to BETWEEN 0 AND 23", name="night"),
    )

    number_sign_in: Mapped[bool] = mapped_column(default=False)
    link_sign_in: Mapped[bool] = mapped_column(default=False)
    takes_requests: Mapped[bool] = mapped_column(default=False)
    view_as_may_write: Mapped[bool] = mapped_column(default=False)
    amount_limit_minor: Mapped[int | None] = mapped_column(BigInteger)
    review_days: Mapped[int | None]
    audit_months: Mapped[int] = mapped_column(default=24)
    alert_failures: Mapped[int] = mapped_column(default=20)
    alert_exports: Mapped[int] = mapped_column(default=5)
    alert_devices: Mapped[int] = mapped_column(default=1)
    alert_countries: Mapped[bool] = mapped_column(default=True)
    alert_travel_hours: Mapped[int] = mapped_column(default=1)
    night_from: Mapped[int] = mapped_column(default=22)
    night_to: Mapped[int] = mapped_column(default=5)
    locks_travellers: Mapped[bool] = mapped_column(default=False)


class AccessCode(ClientOwned, Base):
    """What the MSP hands to a contact who is to link an account: per contact, single-use, kept as a hash."""

    __tablename__ = "access_codes"
    __table_args__ = (
        references("contacts", client_id="client_id", contact_id="id"),
        references("users", by_user_id="id"),
        unique("code_hash"),
        Index("ix_access_codes_contact", "tenant_id", "client_id", "contact_id", "created_at"),
    )

    contact_id: Mapped[uuid.UUID]
    code_hash: Mapped[str]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    by_user_id: Mapped[uuid.UUID | None]


class AccessRequest(StaffOwned, Base):
    """Somebody asks for an account; the staff decides, and nothing happens by itself."""

    __tablename__ = "access_requests"
    __table_args__ = (
        references("users", decided_by_user_id="id"),
        CheckConstraint("state IN ('open', 'approved', 'refused')", name="state"),
        Index("ix_access_requests_state", "tenant_id", "state", "created_at", "id"),
    )

    name: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str]
    company: Mapped[str]
    message: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="open")
    created_at: Mapped[dt.datetime]
    decided_at: Mapped[dt.datetime | None]
    decided_by_user_id: Mapped[uuid.UUID | None]


class AccessReview(ClientOwned, Base):
    """A look over who has access at one client; over when each of its people is kept or removed."""

    __tablename__ = "access_reviews"
    __table_args__ = (
        key_with_client(),
        references("clients", client_id="id"),
        Index("ix_access_reviews_due", "tenant_id", "client_id", "due_at"),
    )

    started_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]


class AccessReviewItem(ClientOwned, Base):
    """What was decided about one person. `decision` None: not yet. The deciding side has exactly one name."""

    __tablename__ = "access_review_items"
    __table_args__ = (
        references("access_reviews", client_id="client_id", review_id="id"),
        references("memberships", client_id="client_id", membership_id="id"),
        references("contacts", client_id="client_id", by_contact_id="id"),
        references("users", by_user_id="id"),
        unique("review_id", "membership_id"),
        CheckConstraint("decision IN ('kept', 'removed')", name="decision"),
        CheckConstraint("by_contact_id IS NULL OR by_user_id IS NULL", name="by"),
    )

    review_id: Mapped[uuid.UUID]
    membership_id: Mapped[uuid.UUID]
    decision: Mapped[str | None]
    decided_at: Mapped[dt.datetime | None]
    by_contact_id: Mapped[uuid.UUID | None]
    by_user_id: Mapped[uuid.UUID | None]


class ClientGroup(Shared, Base):
    """Companies that belong together, such as a holding's."""

    __tablename__ = "client_groups"
    __table_args__ = (unique("name"),)

    name: Mapped[str]


class ClientGroupMember(StaffOwned, Base):
    """A client of a group."""

    __tablename__ = "client_group_members"
    __table_args__ = (
        references("client_groups", group_id="id"),
        references("clients", client_id="id"),
        unique("client_id"),
    )

    group_id: Mapped[uuid.UUID]
    client_id: Mapped[uuid.UUID]


class GroupGrant(StaffOwned, Base):
    """One person's explicit grant over a group: a membership, with this role, at each of its clients."""

    __tablename__ = "group_grants"
    __table_args__ = (
        references("client_groups", group_id="id"),
        references("users", user_id="id"),
        references("roles", role_id="id"),
        unique("group_id", "user_id"),
        CheckConstraint("ticket_scope IN ('own', 'taking_part', 'site', 'company')", name="ticket_scope"),
    )

    group_id: Mapped[uuid.UUID]
    user_id: Mapped[uuid.UUID]
    role_id: Mapped[uuid.UUID]
    ticket_scope: Mapped[str] = mapped_column(default="taking_part")
    created_at: Mapped[dt.datetime]
