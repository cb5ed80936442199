"""Single sign-on: a tenant's providers, what their groups mean, whom they know, and which domains are proven."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, references, unique
from portal.core.sealed import Sealed
from portal.core.tenancy.tables import Common, PersonOwned, StaffOwned


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


class EmailDomain(StaffOwned, Base):
    """A mail domain that the tenant says is a client's or its own, and whether its owner has shown that.

    `record`: the text of a TXT record by which the owner shows it; no secret, but nobody else is told to publish
    it, and each tenant has another. `outcome`: what the last look said, "" before the first. `asked_at` without a
    later `checked_at`: somebody waits for the look. `missing_since`: from when on a proven record is gone.
    """

    __tablename__ = "email_domains"
    __table_args__ = (
        references("users", proven_by_user_id="id"),
        unique("domain"),
        CheckConstraint("outcome IN ('', 'found', 'other', 'no_name', 'timeout', 'failed')", name="outcome"),
    )

    domain: Mapped[str]
    record: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="")
    created_at: Mapped[dt.datetime]
    asked_at: Mapped[dt.datetime | None]
    checked_at: Mapped[dt.datetime | None]
    proven_at: Mapped[dt.datetime | None]
    proven_by_user_id: Mapped[uuid.UUID | None]
    missing_since: Mapped[dt.datetime | None]

    @property
    def is_proven(self) -> bool:
        """Whether people of this domain may be given accounts by a company sign-in."""
        return self.proven_at is not None


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
