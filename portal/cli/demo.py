"""`flask demo`: two MSPs with clients, people and conversations to look at; or any size of them."""

import datetime as dt
import random
import sys
from typing import Any
from uuid import UUID

import click
import psycopg
from flask.cli import with_appcontext
from tqdm import tqdm

from portal.clients import demo as clients
from portal.core import audit
from portal.core import canaries as markers
from portal.core.bulk import Load, Loader, seeded_ids, without_indexes
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.identity.demo import access, people, trail
from portal.settings import current
from portal.tenants import demo as tenants
from portal.tickets.demo import loading

FEW_TICKETS = 44
MONTHS = 18
"""How far back the conversations go."""
MONTH = dt.timedelta(days=30.5)
DAY = dt.timedelta(days=1)
SLOW = 4000
"""Tickets from which a bar shows the progress; fewer are there in two seconds."""


@click.command("demo")
@click.option("--tickets", type=click.IntRange(0, 20_000_000), default=FEW_TICKETS, show_default=True, help="A tenant.")
@click.option("--clients", "client_count", type=click.IntRange(1, 100_000), default=1, help="A tenant, or more.")
@click.option("--tenants", "tenant_count", type=click.IntRange(1, 10_000), default=2, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same data.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day that the data ends, today if not given.")
@click.option("--canaries", is_flag=True, help="End every text with a marker that names its owner, table and column.")
@with_appcontext
def demo_command(  # options of a command
    *, tickets: int, client_count: int, tenant_count: int, seed: int, until: dt.datetime | None, canaries: bool
) -> None:
    """Load believable data: the two demo MSPs, or any size.

    What is loaded stays as it is: a tenant that is there already is left alone.
    """
    settings = current()
    if settings.is_production:
        message = "the demo is not for production: its passwords are published"
        raise click.ClickException(message)
    if not settings.database_owner_url:
        message = "the demo is loaded by the tables' owner: set DATABASE_OWNER_URL"
        raise click.ClickException(message)
    end = until.replace(tzinfo=dt.UTC) + DAY if until else dt.datetime.now(dt.UTC)
    for msp in tenants.msps(tenant_count):
        found = tenants.tenant_of(msp)
        if found is not None and _is_filled(settings.database_owner_url, found):
            click.echo(f"{msp.name} is there already: {msp.slug}")
            continue
        tenant_id = found if found is not None else _tenant_id(msp.slug, seed, end)
        if found is None:
            tenants.make_tenant(msp, tenant_id)
        with psycopg.connect(settings.database_owner_url) as connection:
            load = Load(
                loader=Loader(connection), tenant_id=str(tenant_id), slug=msp.slug, seed=seed,
                since=_milliseconds(end - MONTHS * MONTH), until=_milliseconds(end),
            )  # fmt: skip
            past = _fill(connection, load, tickets, client_count)
            if canaries:
                markers.release(connection, tenant_id, msp.slug)
            connection.execute("UPDATE tenants SET state = 'active' WHERE id = %s", [tenant_id])
        with transaction(system_scope(tenant_id)):
            audit.retell(past)
        click.echo(f"{msp.name}: {tickets} tickets")


def _is_filled(owner_url: str, tenant_id: UUID) -> bool:
    """Whether the tenant has its data; a load that was cut short left none."""
    with psycopg.connect(owner_url) as owner:
        return owner.execute("SELECT FROM clients WHERE tenant_id = %s LIMIT 1", [tenant_id]).fetchone() is not None


def _tenant_id(slug: str, seed: int, end: dt.datetime) -> UUID:
    """The same for the same seed and day; time first, as in all ids."""
    chance = random.Random(f"{seed} {slug} tenant")  # noqa: S311  # an id that anybody may know
    return UUID(seeded_ids(chance)(_milliseconds(end.replace(hour=0, minute=0, second=0, microsecond=0))))


def _milliseconds(at: dt.datetime) -> int:
    return int(at.timestamp()) * 1000


def _fill(connection: psycopg.Connection[Any], load: Load, tickets: int, client_count: int) -> list[trail.Entry]:
    """Everything of one tenant, domain by domain, in the caller's transaction; what the trail is to tell of it."""
    roles = people.roles_of(connection, load.tenant_id)
    boards = loading.boards_of(connection, load)
    with without_indexes(connection, loading.TABLES, rows=tickets):
        companies = clients.load_companies(load, count=client_count)
        people.add_reader(load, roles)
        staff, ids = people.load_staff(load, roles, companies)
        bounds = access.load_bounds(load, boards[""].id, companies)
        cast = people.Cast(ids, people.load_members(load, companies, roles, bounds))
        made = access.load_access(load, cast, roles, bounds)
        desk = loading.Loading(load, boards, companies, staff)
        hidden = tickets < SLOW or not sys.stderr.isatty()
        for _ in tqdm(desk.tell(tickets), total=tickets, unit=" tickets", disable=hidden, file=sys.stderr):
            pass
        load.loader.finish()
    upcoming = {"ticket": desk.number, "client": clients.FIRST_NUMBER + len(companies)}
    for kind, number in upcoming.items():
        connection.execute(
            "INSERT INTO counters (tenant_id, id, kind, upcoming) VALUES (%s, gen_random_uuid(), %s, %s)"
            " ON CONFLICT (tenant_id, kind) DO UPDATE SET upcoming = excluded.upcoming",
            [load.tenant_id, kind, number],
        )
    return trail.entries(load, cast, roles, bounds, made)
