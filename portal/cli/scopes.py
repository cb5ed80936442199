"""In whose name a command works: the system's, inside one tenant."""

from uuid import UUID

import click

from portal.core.tenancy import doors
from portal.core.tenancy.scope import Scope, system_scope
from portal.core.tenancy.session import transaction


def scope_of(slug: str) -> Scope:
    """The system's scope in the tenant of this slug. Ends the command where there is none."""
    return system_scope(tenants(slug)[0][0])


def tenants(slug: str | None = None) -> list[tuple[UUID, str]]:
    """Id and slug of every tenant, or of this one. Ends the command where there is none of that slug."""
    with transaction(None):
        found = doors.tenants(slug)
    if slug and not found:
        message = f"there is no tenant {slug}"
        raise click.ClickException(message)
    return found
