"""Tenants and the hosts they answer at."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base
from portal.core.tenancy.tables import Global, TenantItself


class Tenant(TenantItself, Base):
    """An MSP.

    `brand_version` rises with every change of look and stands in the address of
    the brand's stylesheet, so that it may be cached for ever. `brand_color` is
    `#rrggbb` or None for the product's own. A suspended tenant answers like an
    unknown host.
    """

    __tablename__ = "tenants"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'suspended')", name="state"),
        CheckConstraint("slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'", name="slug"),
    )

    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    display_name: Mapped[str]
    state: Mapped[str] = mapped_column(default="active")
    locale: Mapped[str | None]
    time_zone: Mapped[str] = mapped_column(default="Europe/Berlin")
    support_email: Mapped[str] = mapped_column(default="")
    support_phone: Mapped[str] = mapped_column(default="")
    support_hours: Mapped[str] = mapped_column(default="")
    website: Mapped[str] = mapped_column(default="")
    brand_color: Mapped[str | None]
    brand_version: Mapped[int] = mapped_column(default=1)
    logo_key: Mapped[str | None]
    logo_alt: Mapped[str] = mapped_column(default="")
    created_at: Mapped[dt.datetime]


class TenantHost(Global, Base):
    """An own domain of a tenant; it counts once `verified_at` is set."""

    __tablename__ = "tenant_hosts"

    host: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tenants.id"))
    is_primary: Mapped[bool] = mapped_column(default=False)
    verified_at: Mapped[dt.datetime | None]
