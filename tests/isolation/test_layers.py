"""Two lines of defence, each of which holds alone: pages, every model through the ORM, and changes.

With one line off the cases still pass; with both off they must fail, or they would prove nothing.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import ProgrammingError

from portal.core.db import Base
from portal.core.tenancy.filter import UnfilteredStatement
from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from tests import every_model, world
from tests.core.tenancy import defences
from tests.core.tenancy.test_row_security import condition
from tests.isolation import sweep
from tests.isolation.house import House

ENDPOINTS = ("tickets.show", "tickets.comment", "tickets.file", "desk.show", "identity.client_end_session")
SCOPES = {
    "client": Scope(
        tenant_id=world.SAM.tenant_id, reach=Reach.CLIENT, client_id=world.SAM.client_id, user_id=world.SAM.id,
        contact_id=world.SAM.contact_id, membership_id=world.SAM.membership_id,
    ),
    "staff": Scope(tenant_id=world.TECH.tenant_id, reach=Reach.STAFF, user_id=world.TECH.id),
    "system": Scope(tenant_id=world.TECH.tenant_id, reach=Reach.SYSTEM),
    "gate": Scope(tenant_id=world.SAM.tenant_id, reach=Reach.GATE, user_id=world.SAM.id),
}  # fmt: skip


def models() -> dict[str, type[Any]]:
    """Every mapped class of the product by its table, but the global ones."""
    declared = every_model.tables()
    found = {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}
    return {name: found[name] for name, table in declared.items() if name in found and not table.is_global}


def settings_of(scope: Scope) -> dict[str, Any]:
    """The scope as `condition` wants it."""
    found = {"tenant": scope.tenant_id, "reach": str(scope.reach), "client": scope.client_id, "user": scope.user_id}
    return {name: value for name, value in found.items() if value is not None}


def leaks(house: House) -> Iterator[str]:
    """What any scope reads or changes beyond what its reach gives it, by the ORM; and what the pages tell."""
    with psycopg.connect(house.database.owner_url) as owner:
        for who, scope in SCOPES.items():
            for name, model in models().items():
                for writing in (False, True):
                    where, values = condition(every_model.tables()[name], settings_of(scope), writing=writing)
                    expected = set(owner.execute(f"SELECT tenant_id, id FROM {name} WHERE {where}", values))  # noqa: S608  # our own names
                    seen = _changed(house, scope, model) if writing else _read(house, scope, model)
                    if extra := seen - expected:
                        yield f"{who} {'changes' if writing else 'reads'} {len(extra)} foreign rows of {name}"
    rows = [row for row in sweep.swept(house.app) if row["endpoint"] in ENDPOINTS]
    yield from sweep.faults(house, rows)


def _read(house: House, scope: Scope, model: type[Any]) -> set[Any]:
    with house.app.app_context(), transaction(scope) as session:
        return {tuple(row) for row in session.execute(select(model.tenant_id, model.id))}


def _changed(house: House, scope: Scope, model: type[Any]) -> set[Any]:
    """The rows that an update reaches; undone at once. A table that may not be updated at all counts as none."""
    with house.app.app_context(), transaction(scope) as session:
        try:
            statement = update(model).values(id=model.id).returning(model.tenant_id, model.id)
            found = {tuple(row) for row in session.execute(statement.execution_options(synchronize_session=False))}
        except (UnfilteredStatement, ProgrammingError):
            found = set()  # the guard or the grants refuse such a change as a whole
        session.rollback()
    return found


@pytest.mark.timeout(900)
@pytest.mark.parametrize("off", ["neither", "the session filter", "row-level security"])
def test_each_line_holds_alone(house: House, off: str) -> None:
    with ExitStack() as stack:
        if off == "the session filter":
            stack.enter_context(defences.filter_off())
        if off == "row-level security":
            defences.row_security_off(house.database)
        assert list(leaks(house)) == []


def test_without_both_lines_the_cases_fail(house: House) -> None:
    defences.row_security_off(house.database)
    with defences.filter_off():
        found = list(leaks(house))
    tables = {leak.rsplit(" ", 1)[-1] for leak in found if " foreign rows of " in leak}
    assert tables == set(models()), f"these tables never leaked, so nothing is proven of them: {set(models()) - tables}"
    assert any("/tickets/" in leak and "another tenant's" in leak for leak in found)
    assert any("/tickets/" in leak and "another client's" in leak for leak in found)
