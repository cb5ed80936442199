"""`flask user`: people of one MSP."""

import sys

import click
from flask.cli import AppGroup

from portal.cli.scopes import scope_of
from portal.core.tenancy.session import transaction
from portal.identity.passwords import PasswordRefused
from portal.identity.permissions import ROLES
from portal.identity.roles import MissingRole
from portal.identity.services import people
from portal.settings import current

user_group = AppGroup("user", help="People who sign in.")

STAFF_ROLES = [role.key for role in ROLES if role.side == "internal"]


@user_group.command("create")
@click.argument("slug")
@click.argument("email")
@click.argument("name")
@click.option("--role", type=click.Choice(STAFF_ROLES), default="administrator", show_default=True)
@click.option("--title", default="", help="What clients read beside the name.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it.")
def create_command(*, slug: str, email: str, name: str, role: str, title: str, password_stdin: bool) -> None:
    """Make a member of the staff of the MSP SLUG, with a password.

    Meant for a tenant's first administrator, who then looks after everybody else.
    """
    scope = scope_of(slug)
    password = _typed() if password_stdin else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        with transaction(scope):
            user = people.create_colleague(email, name, roles=(role,), title=title)
            people.set_password(user, password)
    except PasswordRefused as refused:
        raise click.ClickException(" ".join(str(fault) for fault in refused.faults)) from refused
    except (people.BadAddress, people.AddressTaken, MissingRole) as error:
        raise click.ClickException(str(error)) from error
    settings = current()
    host = settings.origin(f"{slug}.{settings.base_domain}")
    click.echo(f"{email} ({role}) can sign in at {host}/auth/msp/signin")


def _typed() -> str:
    return sys.stdin.readline().rstrip("\n")
