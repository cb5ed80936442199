"""Tenants and the names they answer at, as other domains look them up."""

from uuid import UUID

from sqlalchemy import Select, select

from portal.tenants.models import Tenant, TenantHost


def tenant(tenant_id: UUID) -> Select[Tenant]:
    """The tenant's own row. Tables of class Global know no scope: pass the scope's tenant."""
    return select(Tenant).where(Tenant.id == tenant_id)


def own_host(tenant_id: UUID) -> Select[str]:
    """The verified own domain that links point at, where the tenant has one."""
    return select(TenantHost.host).where(
        TenantHost.tenant_id == tenant_id, TenantHost.is_primary, TenantHost.verified_at.is_not(None)
    )


def brand_color(tenant_id: UUID) -> Select[str | None]:
    """The tenant's colour, None for the product's own."""
    return select(Tenant.brand_color).where(Tenant.id == tenant_id)


def tenants_named(slugs: tuple[str, ...]) -> Select[Tenant]:
    """Active tenants with these slugs, in the order of their names."""
    return select(Tenant).where(Tenant.slug.in_(slugs), Tenant.state == "active").order_by(Tenant.name)
