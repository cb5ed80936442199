"""Routes and roles: what `flask routes-table` says is what happens, for every role, strangers and the other side.

A new route joins by existing. Roles and their permissions are read from the
database, as the product itself reads them.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from portal.cli.routes import routes
from portal.core import policy
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.identity.permissions import ROLES
from tests import factories as make
from tests import world
from tests.isolation import kinds, sweep
from tests.isolation.house import House
from tests.pages import Visitor
from tests.world import Person

DISPATCHER = Person("dispatch@harbor.example", "harbor", "msp", "Dispatcher", "Dora Desk")
PEOPLE = (
    world.ADMIN, DISPATCHER, world.TECH, world.BILLING, world.READER,
    world.DANA, world.SAM, world.FIN,
)  # fmt: skip
FACE_OF = {"client": "client", "msp": "staff"}


@pytest.fixture
def crowded(house: House) -> House:
    """A dispatcher on the staff, and everybody of Bright Dental on the ticket."""
    with house.app.app_context(), transaction(system_scope(world.tenant_id("harbor"))) as session:
        user = make.a_user(DISPATCHER.email, "internal", id=DISPATCHER.id, name=DISPATCHER.name)
        make.a_colleague(user, "Dispatcher")
        ticket = session.get(make.Ticket, (world.tenant_id("harbor"), world.ticket_id(world.OUR_NUMBER)))
        fin = session.get(make.Contact, (world.tenant_id("harbor"), world.FIN.contact_id))
        make.a_person_on(ticket, fin)
    return house


def permissions(house: House, person: Person) -> set[str]:
    rows = house.ask(
        "SELECT p.permission FROM role_permissions p JOIN roles r ON r.tenant_id = p.tenant_id AND r.id = p.role_id"
        " WHERE r.tenant_id = %s AND r.name = %s AND r.side = %s",
        person.tenant_id, person.role, "client" if person.side == "client" else "internal",
    )  # fmt: skip
    return {row[0] for row in rows}


def cells(house: House) -> Iterator[tuple[dict[str, Any], str]]:
    """Every route of a face with people, and each of its methods."""
    for row in routes(house.app):
        if row["face"] in {"client", "staff"}:
            for method in row["methods"]:
                yield row, method


def path_of(house: House, row: dict[str, Any], person: Person) -> str:
    """The route's address, with something of the person's own where it needs it."""
    somebody = person if FACE_OF[person.side] == row["face"] else (world.SAM if row["face"] == "client" else world.TECH)
    values = kinds.own(house, row["object"], somebody) if row["arguments"] else {}
    return sweep.address(house.app, row, values, somebody)


def expected(row: dict[str, Any], person: Person, may: set[str]) -> frozenset[int]:
    """The statuses that the table promises."""
    if FACE_OF[person.side] != row["face"]:
        return frozenset({404})
    if row["permission"] and row["permission"] not in may:
        return frozenset({404 if row["hidden"] else 403})
    return sweep.WORKS


def faults(house: House, person: Person) -> list[str]:
    """One line for each answer that the table doesn't promise."""
    may, wrong, seen = permissions(house, person), [], set()
    assert may, f"{person.role} has no permissions: is it shipped?"
    for row, method in cells(house):
        house.visitors.clear()
        house.tokens.clear()
        house.ask("UPDATE deliveries SET state = 'dead'")
        path = path_of(house, row, person)
        page = house.send(person, method, path, sweep.body_for(house, row["rule"], person))
        promised = expected(row, person, may)
        seen.add(promised)
        if page.status not in promised:
            wrong.append(f"{person.role}: {method} {row['rule']} answers {page.status}, not {sorted(promised)}")
    assert len(seen) > 1, "one answer for everything proves nothing"
    return wrong


@pytest.mark.timeout(900)
@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.role)
def test_each_role_is_answered_as_the_table_says(crowded: House, person: Person) -> None:
    assert faults(crowded, person) == []


def test_without_the_question_for_permissions_the_matrix_fails(crowded: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = policy.admit
    monkeypatch.setattr(policy, "admit", lambda rule: asked(rule and dataclasses.replace(rule, permission=None)))
    found = faults(crowded, world.READER)
    assert any("/admin/outbox" in fault for fault in found)
    assert any("/msp/clients/" in fault for fault in found)
    assert not any("/notes" in fault for fault in found), "what is written on tickets is asked for a second time"


def test_strangers_are_led_to_the_sign_in_of_the_side(crowded: House) -> None:
    wrong = []
    for row, method in cells(crowded):
        stranger = Visitor(crowded.app, "harbor.localhost")
        somebody = world.SAM if row["face"] == "client" else world.TECH
        page = stranger.open(method, path_of(crowded, row, somebody), data={} if method == "POST" else None)
        door = "/auth/client-portal/signin" if row["face"] == "client" else "/auth/msp/signin"
        if page.status != 303 or not page.headers["Location"].startswith(door):
            wrong.append(f"{method} {row['rule']} answers {page.status} to a stranger")
    assert wrong == []


def test_the_matrix_knows_every_shipped_role() -> None:
    assert {person.role for person in PEOPLE} == {role.name for role in ROLES}
