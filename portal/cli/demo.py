"""`flask demo`: invented data, as the README shows it or of any size."""

import sys

import click
from flask.cli import with_appcontext
from tqdm import tqdm

from portal.demo import loading
from portal.settings import current


@click.command("demo")
@click.option("--tickets", type=click.IntRange(1), default=loading.TICKETS, show_default=True, help="Per tenant.")
@click.option("--clients", type=click.IntRange(1), default=None, help="Per tenant; default: the named ones.")
@click.option("--tenants", type=click.IntRange(1), default=2, show_default=True)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed gives the same data on the same day."
)
@click.option(
    "--canaries", is_flag=True, help="Put a mark into every text that names tenant, client, table and column."
)
@with_appcontext
def demo_command(*, tickets: int, clients: int | None, tenants: int, seed: int, canaries: bool) -> None:
    """Load the demo tenants that aren't there yet. Refused in production."""
    if current().is_production:
        message = "the demo is for trying out; it doesn't load with PORTAL_ENV=production"
        raise click.ClickException(message)
    size = loading.Size(tickets=tickets, clients=clients, tenants=tenants, seed=seed, canaries=canaries)
    with tqdm(total=tickets * tenants, unit=" tickets", delay=2, file=sys.stderr) as bar:
        made = loading.load(size, bar.update)
    click.echo(f"loaded: {', '.join(made)}" if made else "the demo is there already")
