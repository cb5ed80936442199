"""`flask tenant`: MSPs of this installation."""

from typing import Any

import click
from flask.cli import AppGroup

from portal.cli.scopes import scope_of
from portal.core.ids import new_id
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.settings import current
from portal.tenants.services import NewTenant, TenantError, create_tenant, provision

tenant_group = AppGroup("tenant", help="MSPs: make one, or give one what it lacks.")


@tenant_group.command("create")
@click.argument("slug")
@click.argument("name")
@click.option("--display-name", default="", help="What its clients read, where that differs from the name.")
@click.option("--locale", default=None, metavar="CODE", help="Language of its pages (en, de); default: the browser's.")
@click.option("--time-zone", default="Europe/Berlin", show_default=True)
@click.option("--support-email", default="", help="Shown to clients wherever they may need help.")
@click.option("--support-phone", default="")
@click.option("--support-hours", default="")
@click.option("--website", default="")
def create_command(**facts: Any) -> None:
    """Make a tenant: its roles, board, statuses and priorities. It answers at SLUG.BASE_DOMAIN.

    Then make its first administrator with `flask user create`.
    """
    scope = system_scope(new_id())
    try:
        with transaction(scope):
            tenant = create_tenant(NewTenant(**facts))
            slug = tenant.slug
    except TenantError as error:
        raise click.ClickException(str(error)) from error
    settings = current()
    click.echo(f"{settings.origin(f'{slug}.{settings.base_domain}')}  made; next: flask user create {slug} --help")


@tenant_group.command("provision")
@click.argument("slug")
def provision_command(*, slug: str) -> None:
    """Give a tenant the roles, boards and priorities that it lacks; what it has stays as it is."""
    scope = scope_of(slug)
    with transaction(scope):
        provision(scope.tenant_id)
    click.echo(f"{slug} has everything that a tenant needs.")
