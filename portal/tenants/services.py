"""Making tenants."""

import re
import uuid
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.core import audit, clock
from portal.core.tenancy import doors
from portal.core.tenancy.scope import Reach, current_scope
from portal.extensions import db
from portal.tenants.models import Tenant
from portal.tenants.provisioning import steps

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
RESERVED = frozenset({"www", "api", "app", "admin", "mail", "static", "status", "msp", "auth", "portal"})


class TenantError(ValueError):
    """The tenant can't be made like that; the text says why."""


class BadSlug(TenantError):
    """The slug can't be a part of a host's name, or is kept for the installation itself."""


class SlugTaken(TenantError):
    """Another tenant answers at that name."""


class BadTimeZone(TenantError):
    """The time zone is none that the world uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTenant:
    """What is known of an MSP when it is taken on; the rest it sets itself."""

    slug: str
    name: str
    display_name: str = ""
    locale: str | None = None
    time_zone: str = "Europe/Berlin"
    support_email: str = ""
    support_phone: str = ""
    support_hours: str = ""
    website: str = ""
    brand_color: str | None = None


def create_tenant(new: NewTenant) -> Tenant:
    """Make a tenant with all that it needs to work. Raises BadSlug, SlugTaken, BadTimeZone.

    The scope in force must be the system's for the id that the tenant is to have,
    so that the tenant and its first rows are one transaction.
    """
    scope = current_scope()
    if scope.reach is not Reach.SYSTEM:
        message = "only the system makes tenants"
        raise PermissionError(message)
    _check(new)
    tenant = Tenant(
        id=scope.tenant_id,
        slug=new.slug,
        name=new.name,
        display_name=new.display_name or new.name,
        locale=new.locale,
        time_zone=new.time_zone,
        support_email=new.support_email,
        support_phone=new.support_phone,
        support_hours=new.support_hours,
        website=new.website,
        brand_color=new.brand_color,
        created_at=clock.now(),
    )
    db.session.add(tenant)
    db.session.flush()
    audit.record("tenant.created", tenant, new={"slug": new.slug, "name": new.name})
    provision(tenant.id)
    return tenant


def provision(tenant_id: uuid.UUID) -> None:
    """Give a tenant the first rows of every domain, or those that it lacks. Raises PermissionError elsewhere."""
    scope = current_scope()
    if scope.reach is not Reach.SYSTEM or scope.tenant_id != tenant_id:
        message = "a tenant is provisioned in its own system scope"
        raise PermissionError(message)
    for _name, step in steps():
        step()
        db.session.flush()


def _check(new: NewTenant) -> None:
    if not SLUG.fullmatch(new.slug):
        message = f"“{new.slug}” can't be part of a host's name: use a to z, 0 to 9 and hyphens, at most 63 characters"
        raise BadSlug(message)
    if new.slug in RESERVED:
        message = f"“{new.slug}” is kept for the installation itself"
        raise BadSlug(message)
    if doors.tenants(new.slug):
        message = f"there is a tenant {new.slug} already"
        raise SlugTaken(message)
    try:
        ZoneInfo(new.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        message = f"{new.time_zone} is no time zone; write it as in Europe/Berlin"
        raise BadTimeZone(message) from None
