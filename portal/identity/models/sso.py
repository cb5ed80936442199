"""Single sign-on: a tenant's providers, what their groups mean, and whom they know."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, references, unique
from portal.core.sealed import Sealed
from portal.core.tenancy.tables import Common, PersonOwned


class SsoProvider(Common, Base):
    """An OpenID Connect issuer that one side of the tenant may come in by. `slug` stands in addresses.

    `creates_users`: a person with a verified mail of one of `domains` gets an account at the
    first sign-in. `is_required`: this side comes in this way and no other.
    """

    __tablename__ = "sso_providers"
    __table_args__ = (
        unique("slug"),
        CheckConstraint("side IN ('client', 'msp')", name="side"),
        CheckConstraint("kind IN ('entra', 'google', 'other')", name="kind"),
    )

    slug: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    side: Mapped[str]
    issuer: Mapped[str]
    app_id: Mapped[str]
    app_secret_sealed: Mapped[str]
    app_secret = Sealed("app_secret_sealed")
    group_claim: Mapped[str] = mapped_column(default="groups")
    domains: Mapped[list[str]]
    creates_users: Mapped[bool] = mapped_column(default=False)
    is_required: Mapped[bool] = mapped_column(default=False)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime]


class SsoGroupRole(Common, Base):
    """A group of the directory means a role."""

    __tablename__ = "sso_group_roles"
    __table_args__ = (
        references("sso_providers", provider_id="id"),
        references("roles", role_id="id"),
        unique("provider_id", "group_name", "role_id"),
    )

    provider_id: Mapped[uuid.UUID]
    group_name: Mapped[str]
    role_id: Mapped[uuid.UUID]


class SsoIdentity(PersonOwned, Base):
    """A user as an issuer knows them (`sub`)."""

    __tablename__ = "sso_identities"
    __table_args__ = (
        references("users", user_id="id"),
        references("sso_providers", provider_id="id"),
        unique("provider_id", "subject"),
        unique("user_id", "provider_id"),
    )

    provider_id: Mapped[uuid.UUID]
    subject: Mapped[str]
    linked_at: Mapped[dt.datetime]
    last_used_at: Mapped[dt.datetime | None]
