"""The session filter alone, on tables that nothing else guards: every form in which rows can be asked for."""

import psycopg
import pytest
from flask import Flask
from sqlalchemy import delete, update

from portal.core.tenancy.session import transaction
from tests.core.tenancy import careless, defences
from tests.core.tenancy.careless import VIEWPOINTS, Part, Thing, Viewpoint
from tests.core.tenancy.forms import FORMS, Form
from tests.databases import Database

NOT_ALL = {"windows", "union_that_hides_an_entity", "deletes"}
"""Forms that show only some of the rows, whatever is filtered."""

pytestmark = pytest.mark.usefixtures("careless_rows")


@pytest.fixture
def careless_rows(app: Flask, database: Database) -> None:
    careless.furnish(database)


def asked(app: Flask, viewpoint: Viewpoint, form: Form) -> set[str]:
    """What a form brings back from this viewpoint; whatever it changed is rolled back."""

    with app.app_context(), transaction(viewpoint.scope) as session:
        labels = set(form(session))
        session.rollback()
    return labels


@pytest.mark.parametrize("name", FORMS)
def test_no_form_shows_more_than_its_scope_may_see_nor_less(app: Flask, name: str) -> None:
    with defences.filter_off():
        everything = asked(app, VIEWPOINTS[0], FORMS[name])
    for viewpoint in VIEWPOINTS:
        allowed = viewpoint.things | viewpoint.parts | viewpoint.works | viewpoint.secrets | viewpoint.signs
        seen = asked(app, viewpoint, FORMS[name])
        assert seen <= allowed, f"{viewpoint.name} sees {sorted(seen - allowed)}"
        if name not in NOT_ALL and (viewpoint.scope.is_client or viewpoint.scope.is_staff):
            missed = (everything & allowed) - seen
            assert not missed, f"{viewpoint.name} misses {sorted(missed)}"
    assert everything - (VIEWPOINTS[0].things | VIEWPOINTS[0].parts), "the form proves nothing: it never leaks"


def test_changes_reach_own_rows_only(app: Flask, database: Database) -> None:
    a1 = VIEWPOINTS[0]
    with app.app_context(), transaction(a1.scope) as session:
        assert session.execute(update(Thing).values(note="changed")).rowcount == 2
        assert session.execute(delete(Part)).rowcount == 1
    with psycopg.connect(database.owner_url) as connection:
        changed = {row[0] for row in connection.execute("SELECT label FROM careless_things WHERE note = 'changed'")}
        left = {row[0] for row in connection.execute("SELECT label FROM careless_parts")}
    assert changed == a1.things
    assert left == {f"part {o} {v}" for o in ("A1", "A2", "B1") for v in ("public", "internal")} - a1.parts
