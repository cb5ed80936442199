"""The sweep: every route with an object in its address, with everybody else's objects.

Whatever isn't theirs must answer like what doesn't exist: same status, headers
and body. Nothing may change. Routes join by existing.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError, Map, Rule

from portal.cli.routes import routes
from tests import world
from tests.core.tenancy import filling
from tests.isolation import kinds
from tests.isolation.house import House, told
from tests.world import Person

ACTORS: dict[str, tuple[Person, ...]] = {
    "client": (world.SAM, world.DANA),
    "staff": (world.TECH, world.ADMIN),
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WORKS = frozenset({200, 204, 303, 422})
"""What a route answers to somebody who may: a page, nothing new, elsewhere, or a form that was filled in wrongly."""
OF_NOBODY = frozenset({
    "/brand/<any(client, msp):side>/<int:version>.css", "/brand/<int:version>/logo", "/auth/sso/<slug>",
    "/auth/t/<purpose>/<token>",
})  # fmt: skip
"""Routes whose address names nothing that is anybody's: a version of what the host itself decides, or one of
the buttons of its sign-in page (test_sso.py tries the other tenants'). Or a token of a mail, which leads everybody to
the same page (accounts/test_forgotten.py tries it elsewhere)."""


def swept(app: Flask) -> list[dict[str, Any]]:
    """The routes with something in their address, but for the product's own samples."""
    return [
        row
        for row in routes(app)
        if row["arguments"] and row["rule"] not in OF_NOBODY and not row["rule"].startswith(("/ui/", "/static/"))
    ]


def faults(house: House, rows: Iterable[dict[str, Any]] | None = None) -> list[str]:
    """One line for each answer that tells something, and for each change that was made."""
    found: list[str] = []
    for row in swept(house.app) if rows is None else rows:
        if row["object"] not in kinds.FINDS or row["face"] not in ACTORS:
            found.append(f"{row['rule']}: say with of= what stands in the address, and where it is found in kinds.py")
            continue
        for actor in ACTORS[row["face"]]:
            before = house.tally()
            found += _of_route(house, row, actor)
            found += changes(before, house.tally(), f"{actor.email} on {row['rule']}")
    return found


@contextmanager
def added_route(app: Flask, rule: str, view: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """The app with one route more; its line as `flask routes-table` would print it."""
    kept = app.url_map
    app.url_map = Map([each.empty() for each in kept.iter_rules()], converters=kept.converters)
    app.view_functions["added"] = view
    app.url_map.add(Rule(rule, endpoint="added", methods={"GET"}))
    try:
        yield next(row for row in routes(app) if row["endpoint"] == "added")
    finally:
        app.url_map = kept
        del app.view_functions["added"]


def changes(before: dict[Any, Any], after: dict[Any, Any], who: str) -> list[str]:
    """Tables whose rows are not what they were.

    But for sessions, which the sweep makes itself, and the trail's head, which hears of misses.
    """
    return [
        f"{who} changed {name} of {tenant}"
        for name, tenant in before.keys() | after.keys()
        if before.get((name, tenant)) != after.get((name, tenant)) and name not in {"sessions", "audit_heads"}
    ]


def _of_route(house: House, row: dict[str, Any], actor: Person) -> Iterator[str]:
    kind = row["object"]
    mine = kinds.own(house, kind, actor)
    house.token(actor)
    for method in METHODS:
        faces = (False, True) if method in row["methods"] else (False,)
        for part in faces:
            baseline = _answer(house, row, actor, method, kinds.nobodys(mine), part=part)
            for whose, values in kinds.foreign(house, kind, actor):
                tried = [values, *(kinds.mixed(mine, values) if method in row["methods"] else ())]
                for each in tried:
                    answer = _answer(house, row, actor, method, each, part=part)
                    if answer != baseline:
                        yield (
                            f"{actor.email}: {method} {row['rule']} with {whose} {kind}"
                            f" answers {answer.status}, not as for nobody's ({baseline.status})"
                        )


def _answer(house: House, row: dict[str, Any], actor: Person, method: str, values: kinds.Values, *, part: bool) -> Any:
    path = address(house.app, row, values, actor)
    return told(house.send(actor, method, path, body_for(house, row["rule"], actor), part=part), path)


def address(app: Flask, row: dict[str, Any], values: kinds.Values, actor: Person) -> str:
    """The route's address with these values."""
    adapter = app.url_map.bind(f"{actor.tenant}.localhost")
    try:
        return adapter.build(row["endpoint"], values, method=row["methods"][0])
    except (BuildError, HTTPException) as error:
        message = f"kinds.py does not give what {row['rule']} needs: {row['arguments']}"
        raise AssertionError(message) from error


def body_for(house: House, rule: str, actor: Person) -> dict[str, Any]:
    """Fields that would do something if the address were let through."""
    choice = {
        "assignment": "SELECT user_id FROM staff_profiles WHERE tenant_id = %s LIMIT 1",
        "status": "SELECT id FROM statuses WHERE tenant_id = %s AND category = 'waiting'",
        "priority": "SELECT id FROM priorities WHERE tenant_id = %s AND rank = 1",
    }.get(rule.rsplit("/", 1)[-1])
    fields: dict[str, Any] = {"body": "words that must not arrive"}
    if rule.startswith(("/admin/", "/msp/clients/")):
        fields |= {"name": "words that must not arrive", "ticket_scope": "own", "site": "", "board_group": ""}
        fields["boards"] = str(house.ask("SELECT id FROM boards WHERE tenant_id = %s LIMIT 1", actor.tenant_id)[0][0])
    if rule.rsplit("/", 1)[-1] in {"roles", "invitation", "data"}:
        role = "SELECT id FROM roles WHERE tenant_id = %s AND side = %s AND key IN ('user', 'technician')"
        side = "internal" if rule.startswith("/admin/") else "client"
        fields |= {"roles": str(house.ask(role, actor.tenant_id, side)[0][0]), "email": "else@brightdental.example"}
        fields |= {"name": "words that must not arrive", "ticket_scope": "own"}
    if rule.endswith("/grants"):
        role = house.ask("SELECT id FROM roles WHERE tenant_id = %s AND key = 'user'", actor.tenant_id)[0][0]
        somebody = world.SAM if actor.tenant == "harbor" else world.DELTA_SAM
        fields |= {"email": somebody.email, "role": str(role), "ticket_scope": "own"}
    if rule.endswith("/domains/check"):
        fields["domain"] = filling.DOMAIN
    if rule.endswith("/state"):
        fields["state"] = "locked"
    if rule.endswith(("/people", "/people/removal")):
        somebody = world.DANA if actor.tenant == "harbor" else world.DELTA_DANA
        fields |= {"part": "affected", "choice": str(somebody.contact_id)}
    if choice:
        fields["choice"] = str(house.ask(choice, actor.tenant_id)[0][0])
    return fields
