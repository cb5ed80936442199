"""In whose name a command works: the system's, inside one tenant."""

import click
from sqlalchemy import select

from portal.core.tenancy.scope import Scope, system_scope
from portal.core.tenancy.session import transaction
from portal.tenants.models import Tenant


def scope_of(slug: str) -> Scope:
    """The system's scope in the tenant of this slug. Ends the command where there is none."""
    with transaction(None) as session:
        tenant_id = session.execute(select(Tenant.id).where(Tenant.slug == slug)).scalar_one_or_none()
    if tenant_id is None:
        message = f"there is no tenant {slug}"
        raise click.ClickException(message)
    return system_scope(tenant_id)
