"""Tenants and the names they answer at, as other domains look them up."""

from uuid import UUID

from sqlalchemy import Select, select

from portal.tenants.models import Tenant, TenantHost


def tenant(tenant_id: UUID) -> Select[Tenant]:
    """The tenant's own row; of another tenant than the scope's there is none."""
    return select(Tenant).where(Tenant.id == tenant_id)


def own_host(tenant_id: UUID) -> Select[str]:
    """The verified own domain that links point at, where the tenant has one."""
    return select(TenantHost.host).where(
        TenantHost.tenant_id == tenant_id, TenantHost.is_primary, TenantHost.verified_at.is_not(None)
    )


def brand_color(tenant_id: UUID) -> Select[str | None]:
    """The tenant's colour, None for the product's own."""
    return select(Tenant.brand_color).where(Tenant.id == tenant_id)
