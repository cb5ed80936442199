"""`flask permissions`: which shipped role may do what."""

import json

import click
from flask.cli import with_appcontext

from portal.identity.permissions import GRANTS, ROLES, as_rows


@click.command("permissions")
@click.option("--json", "as_json", is_flag=True, help="For programs: one object a role.")
@with_appcontext
def permissions_command(*, as_json: bool) -> None:
    """List the roles that every new tenant gets, and their permissions."""
    if as_json:
        click.echo(json.dumps({"permissions": sorted(GRANTS), "roles": as_rows()}, indent=2))
        return
    width = max(map(len, GRANTS))
    click.echo("  ".join([" " * width, *(role.name for role in ROLES)]))
    for permission, keys in GRANTS.items():
        marks = [("yes" if role.key in keys else "-").ljust(len(role.name)) for role in ROLES]
        click.echo("  ".join([permission.ljust(width), *marks]).rstrip())
