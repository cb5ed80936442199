"""`flask tenant`: MSPs of this installation."""

from typing import Any, BinaryIO

import click
from flask.cli import AppGroup
from sqlalchemy import select

from portal.cli.scopes import scope_of
from portal.core.ids import new_id
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.settings import current
from portal.tenants import branding
from portal.tenants.models import Tenant
from portal.tenants.services import NewTenant, TenantError, create_tenant, provision

tenant_group = AppGroup("tenant", help="MSPs: make one, give one what it lacks, or its looks.")


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


@tenant_group.command("brand")
@click.argument("slug")
@click.option(
    "--color", default=None, metavar="#RRGGBB", help="Of its clients' pages; `default` for the product's own."
)
@click.option("--logo", type=click.File("rb"), default=None, help="A JPEG, PNG, WebP or GIF.")
@click.option("--alt", default="", help="What the logo says, for those who don't see it; default: the tenant's name.")
@click.option("--no-logo", is_flag=True, help="Show its name instead.")
def brand_command(*, slug: str, color: str | None, logo: BinaryIO | None, alt: str, no_logo: bool) -> None:
    """Give a tenant its colour, its logo, or both."""
    if (color is None and logo is None and not no_logo) or (logo is not None and no_logo):
        message = "say --color, and --logo or --no-logo"
        raise click.UsageError(message)
    scope = scope_of(slug)
    try:
        with transaction(scope) as session:
            tenant = session.execute(select(Tenant).where(Tenant.id == scope.tenant_id)).scalar_one()
            if color is not None:
                branding.set_color(tenant, None if color == "default" else color)
            if logo is not None:
                branding.set_logo(tenant, logo.read(branding.LARGEST_BYTES + 1), alt=alt or tenant.display_name)
            if no_logo:
                branding.remove_logo(tenant)
    except branding.NoColour as error:
        message = f"{error} is no colour such as #0b6e4f"
        raise click.ClickException(message) from error
    except branding.LogoRefused as error:
        message = f"the logo can't be used: {error}"
        raise click.ClickException(message) from error
    click.echo(f"{slug} has its new looks.")
