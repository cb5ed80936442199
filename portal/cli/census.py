"""`flask census`: every table with its class, its defences, and rows and checksum per tenant."""

import json
import sys
from typing import Any

import click
from flask.cli import with_appcontext

from portal.cli.scopes import tenants
from portal.core.tenancy import census
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction

Counted = dict[str, dict[str, census.Tally]]
INSTALLATION = "*"
"""Stands in a tenant's place for tables that belong to none."""
SHOWN_APART = 4
"""Up to so many tenants' rows are told one by one; more than that fits no terminal."""


@click.command("census")
@click.option("--json", "as_json", is_flag=True, help="Everything, for programs: policies and checksums included.")
@click.option("--tenant", "slug", help="Count only this tenant's rows.")
@with_appcontext
def census_command(*, as_json: bool, slug: str | None) -> None:
    """List every table: class, owner key, row-level security, keys, rows and checksum per tenant.

    Checksums are SHA-256 over whole rows in the order of their ids, made inside
    the database: equal before a backup and after its restore.
    """
    declared = census.declared()
    with transaction(None) as session:
        found = census.found(session)
        shared = census.tallies(session, [table for table in declared.values() if table.tenant_key is None])
    counted: Counted = {name: {INSTALLATION: tally} for name, tally in shared.items()}
    scoped = [table for table in declared.values() if table.tenant_key is not None]
    with click.progressbar(tenants(slug), label="Counting", file=sys.stderr, hidden=not sys.stderr.isatty()) as steps:
        for tenant_id, name_of_tenant in steps:
            with transaction(system_scope(tenant_id)) as session:
                for name, tally in census.tallies(session, scoped).items():
                    counted.setdefault(name, {})[name_of_tenant] = tally
    if as_json:
        lines = [census.as_json(table, found.get(name), counted.get(name, {})) for name, table in declared.items()]
        click.echo(json.dumps({"tables": lines}, indent=2))
    else:
        click.echo("\n".join(_lines(declared, found, counted)))


def _lines(declared: dict[str, census.Declared], found: dict[str, census.Found], counted: Counted) -> list[str]:
    rows: list[tuple[Any, ...]] = [("table", "class", "owner key", "security", "policies", "keys", "rows")]
    rows += [_row(table, found.get(name), counted.get(name, {})) for name, table in declared.items()]
    widths = [max(len(str(row[place])) for row in rows) for place in range(len(rows[0]))]
    return ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(table: census.Declared, fact: census.Found | None, counted: dict[str, census.Tally]) -> tuple[Any, ...]:
    key = (table.owner_key or "-") + (", visibility" if table.has_visibility else "")
    if fact is None:
        return (table.name, table.table_class, key, "MISSING", 0, "-", "-")
    security = "forced" if fact.is_secured and fact.is_forced else "-" if table.is_global else "OPEN"
    keys = "-" if table.is_global else "composite" if census.is_composite(fact) else "PLAIN"
    return (table.name, table.table_class, key, security, len(fact.policies), keys, _rows(counted))


def _rows(counted: dict[str, census.Tally]) -> str:
    if len(counted) > SHOWN_APART:
        return f"{sum(tally.rows for tally in counted.values())} of {len(counted)} tenants"
    return ", ".join(f"{tenant} {tally.rows}" for tenant, tally in sorted(counted.items())) or "0"
