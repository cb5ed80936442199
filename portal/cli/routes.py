"""`flask routes-table`: every address with who may call it, as its view says."""

import json
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from portal.core.policy import rule_of

SILENT = frozenset({"HEAD", "OPTIONS"})


@click.command("routes-table")
@click.option("--json", "as_json", is_flag=True, help="For programs: one object a route.")
@with_appcontext
def routes_command(*, as_json: bool) -> None:
    """List every route: methods, face, permission and the kind of object in its address."""
    rows = routes(current_app._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001  # Flask's documented way
    if as_json:
        click.echo(json.dumps({"routes": rows}, indent=2))
        return
    for row in rows:
        needs = row["permission"] or ("any" if row["face"] in {"client", "staff"} else f"- ({row['reason']})")
        click.echo(f"{','.join(row['methods']):5} {row['rule']:50} {row['face']:8} {needs}")


def routes(app: Flask) -> list[dict[str, Any]]:
    """One row a route, in the order of the addresses.

    `hidden`: whoever lacks the permission is told 404 instead of 403. `fresh`: it
    wants a proof of the last 15 minutes. `csrf` names
    the other proof where a route needs no token.
    """
    return sorted((_row(app, rule) for rule in app.url_map.iter_rules()), key=lambda row: (row["rule"], row["methods"]))


def _row(app: Flask, rule: Any) -> dict[str, Any]:
    said = rule_of(app, rule.endpoint)
    return {
        "rule": rule.rule,
        "endpoint": rule.endpoint,
        "methods": sorted(set(rule.methods or ()) - SILENT),
        "arguments": sorted(rule.arguments),
        "face": said.face if said else None,
        "permission": said.permission if said else None,
        "hidden": said.hidden if said else None,
        "fresh": said.fresh if said else None,
        "object": said.object_kind if said else "",
        "reason": said.reason if said else "",
        "csrf": getattr(app.view_functions[rule.endpoint], "__csrf_exempt__", ""),
    }
