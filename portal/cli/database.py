"""`flask database`: the roles and the database that everything stands on."""

import secrets
import sys

import click
import psycopg
from flask.cli import AppGroup

from portal.core.tenancy import roles
from portal.settings import Settings, current

database_group = AppGroup("database", help="Roles and database.")
STDIN = "-"


@database_group.command("prepare")
@click.option(
    "--admin-url", required=True, help="postgresql://admin:password@host/… or - to read it from standard input."
)
@click.option("--database", "name", help="The database's name; otherwise the one in the address, or portal.")
def prepare(*, admin_url: str, name: str | None) -> None:
    """Create the roles portal_owner, portal_app and portal_door, and the database; or bring them up to date.

    The administrator must be allowed to create roles and databases; being a
    superuser isn't needed. In production the roles get the passwords that stand in
    DATABASE_OWNER_URL and DATABASE_URL; elsewhere ones that follow from the
    administrator's, and the addresses are printed.
    """
    if admin_url == STDIN:
        admin_url = sys.stdin.readline().strip()
    settings = current()
    try:
        owner, app = _passwords(settings, admin_url)
        made = roles.prepare(admin_url, database=name, owner_password=owner, app_password=app)
    except roles.PrepareError as error:
        raise click.ClickException(str(error)) from error
    except psycopg.OperationalError as error:
        message = f"the administrator's address can't be reached: {' '.join(str(error).split())}"
        raise click.ClickException(message) from error
    click.echo(f"Roles {roles.OWNER}, {roles.APP} and {roles.DOOR} and database {made.database} are ready.")
    for extension in made.missing_extensions:
        click.echo(f"The server doesn't offer the extension {extension}: search will be slower.")
    if not settings.is_production:
        click.echo(f"DATABASE_URL={made.app_url}")
        click.echo(f"DATABASE_OWNER_URL={made.owner_url}")


def _passwords(settings: Settings, admin_url: str) -> tuple[str | None, str | None]:
    """Owner's and app's password; None leaves an existing role's as it is."""
    if settings.is_production:
        owner = _password_in("DATABASE_OWNER_URL", settings.database_owner_url, roles.OWNER)
        return owner, _password_in("DATABASE_URL", settings.database_url, roles.APP)
    there = roles.existing(admin_url)
    return _password_for(roles.OWNER, admin_url, there), _password_for(roles.APP, admin_url, there)


def _password_for(role: str, admin_url: str, there: frozenset[str]) -> str | None:
    """A role's password outside production: following from the administrator's, else random for a new role."""
    derived = roles.derived_password(admin_url, role)
    return derived or (None if role in there else secrets.token_urlsafe(24))


def _password_in(name: str, url: str | None, role: str) -> str:
    """The password that a setting holds for this role. Raises ClickException where it holds another or none."""
    password = roles.password_of(url) if url else None
    if url is None or password is None or roles.user_of(url) != role:
        message = f"set {name} to postgresql://{role}:PASSWORD@host/database first: the role is made with that password"
        raise click.ClickException(message)
    return password
