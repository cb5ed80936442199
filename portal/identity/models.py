"""Users, what proves them, their sessions, memberships and roles."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, DateTime, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, synonym

from portal.core.db import Base, references, unique
from portal.core.tenancy.tables import PersonOwned, Shared, StaffOwned


class User(PersonOwned, Base):
    """A login of one tenant: MSP staff (`internal`) or a client's person (`client`).

    `email_key` is the address in NFKC and casefold; mail goes to `email`.
    """

    __tablename__ = "users"
    __person_key__ = "id"
    __table_args__ = (
        unique("kind", "email_key"),
        UniqueConstraint("tenant_id", "id", "kind"),
        CheckConstraint("kind IN ('internal', 'client')", name="kind"),
        CheckConstraint("state IN ('pending', 'active', 'suspended', 'locked')", name="state"),
    )

    user_id: Mapped[uuid.UUID] = synonym("id")
    kind: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str]
    name: Mapped[str]
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="active")
    created_at: Mapped[dt.datetime]


class Password(PersonOwned, Base):
    """The argon2id hash of a user's password."""

    __tablename__ = "passwords"
    __table_args__ = (references("users", user_id="id"), unique("user_id"))

    hash: Mapped[str]
    changed_at: Mapped[dt.datetime]


class LoginSession(PersonOwned, Base):
    """One signed-in browser. The cookie holds a random token, the row its SHA-256 in hex."""

    __tablename__ = "sessions"
    __table_args__ = (
        references("users", user_id="id"),
        references("memberships", membership_id="id"),
        unique("token_hash"),
        Index("ix_sessions_user", "tenant_id", "user_id", "last_used_at"),
        CheckConstraint("side IN ('client', 'msp')", name="side"),
        CheckConstraint("(side = 'client') = (membership_id IS NOT NULL)", name="membership"),
    )

    side: Mapped[str]
    token_hash: Mapped[str]
    membership_id: Mapped[uuid.UUID | None]
    created_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    address: Mapped[str] = mapped_column(default="")
    agent: Mapped[str] = mapped_column(default="")


class Membership(PersonOwned, Base):
    """Ties a client user to one client, as one contact, with a scope over its tickets.

    A sign-in chooses the one used last.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        references("users", user_id="id"),
        references("clients", client_id="id"),
        references("contacts", client_id="client_id", contact_id="id"),
        references("sites", client_id="client_id", site_id="id"),
        unique("contact_id"),
        unique("user_id", "client_id"),
        CheckConstraint("ticket_scope IN ('own', 'taking_part', 'site', 'company')", name="ticket_scope"),
    )

    client_id: Mapped[uuid.UUID]
    contact_id: Mapped[uuid.UUID]
    site_id: Mapped[uuid.UUID | None]
    ticket_scope: Mapped[str] = mapped_column(default="taking_part")
    is_active: Mapped[bool] = mapped_column(default=True)
    last_used_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]


class Role(Shared, Base):
    """A named set of permissions for one side. `key` is set for the roles that are shipped."""

    __tablename__ = "roles"
    __table_args__ = (unique("side", "name"), CheckConstraint("side IN ('internal', 'client')", name="side"))

    key: Mapped[str | None]
    name: Mapped[str]
    side: Mapped[str]
    is_giveable: Mapped[bool] = mapped_column(default=False)


class RolePermission(Shared, Base):
    """One permission of a role."""

    __tablename__ = "role_permissions"
    __table_args__ = (references("roles", role_id="id"), unique("role_id", "permission"))

    role_id: Mapped[uuid.UUID]
    permission: Mapped[str]


class MembershipRole(PersonOwned, Base):
    """A role that a client user has at one client."""

    __tablename__ = "membership_roles"
    __table_args__ = (
        references("users", user_id="id"),
        references("memberships", membership_id="id"),
        references("roles", role_id="id"),
        unique("membership_id", "role_id"),
    )

    membership_id: Mapped[uuid.UUID]
    role_id: Mapped[uuid.UUID]


class StaffRole(PersonOwned, Base):
    """A role that a member of the MSP's staff has."""

    __tablename__ = "staff_roles"
    __table_args__ = (
        references("users", user_id="id"),
        references("roles", role_id="id"),
        unique("user_id", "role_id"),
    )

    role_id: Mapped[uuid.UUID]


class StaffProfile(Shared, Base):
    """What clients see of a member of the staff."""

    __tablename__ = "staff_profiles"
    __table_args__ = (references("users", user_id="id"), unique("user_id"))

    user_id: Mapped[uuid.UUID]
    display_name: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    is_active: Mapped[bool] = mapped_column(default=True)


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
