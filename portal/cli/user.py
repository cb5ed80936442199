"""`flask user`: people of one MSP."""

import sys
from uuid import UUID

import click
from flask.cli import AppGroup
from sqlalchemy import select

from portal.cli.scopes import scope_of
from portal.clients.models import Client
from portal.core.tenancy.session import transaction
from portal.extensions import db
from portal.identity.passwords import PasswordRefused
from portal.identity.permissions import ROLES
from portal.identity.roles import MissingRole
from portal.identity.roles import role as role_of
from portal.identity.services import invitations, people
from portal.settings import current

user_group = AppGroup("user", help="People who sign in.")

STAFF_ROLES = [role.key for role in ROLES if role.side == "internal"]
EVERY_ROLE = [role.key for role in ROLES]


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


@user_group.command("invite")
@click.argument("slug")
@click.argument("email")
@click.argument("name")
@click.option("--client", "number", type=int, help="Number of the client that the person works for; staff without it.")
@click.option("--role", type=click.Choice(EVERY_ROLE), help="Role by key.  [default: user, or technician for staff]")
def invite_command(*, slug: str, email: str, name: str, number: int | None, role: str | None) -> None:
    """Send somebody an invitation to the MSP SLUG, good for 72 hours; the worker mails it.

    A person of a client with --client, else a member of the MSP's staff.
    """
    scope = scope_of(slug)
    try:
        with transaction(scope):
            if number is None:
                invitations.invite_colleague(
                    scope, email=email, name=name, roles=[role_of("internal", role or "technician")]
                )
            else:
                invitee = invitations.Invitee(client_id=_client(number), name=name, email=email)
                invitations.invite_client_person(scope, invitee, roles=[role_of("client", role or "user")])
    except (invitations.InvitationRefused, people.BadAddress, people.AddressTaken, MissingRole) as error:
        raise click.ClickException(str(error) or type(error).__doc__ or "") from error
    click.echo(f"{email} is invited")


def _client(number: int) -> UUID:
    found: UUID | None = db.session.execute(select(Client.id).where(Client.number == number)).scalar_one_or_none()
    if found is None:
        message = f"there is no client {number}"
        raise click.ClickException(message)
    return found


def _typed() -> str:
    return sys.stdin.readline().rstrip("\n")
