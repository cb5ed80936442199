"""Statements that stand are shared by everybody, and everybody gets their own rows by them."""

import gc
import threading
import weakref
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.standing import kept_for_viewer, kept_with_statement, verbatim
from portal.core.tenancy.scope import Scope, entered, viewer
from portal.core.tenancy.session import transaction
from portal.core.web import paging
from portal.core.web.paging import page_of
from portal.tickets.models import Ticket
from tests.core.tenancy import defences
from tests.core.tenancy.careless import VIEWPOINTS
from tests.core.tenancy.test_threads import SEEN
from tests.databases import Database

LIST = select(Ticket.number, Ticket.updated_at, Ticket.id)
COUNT = select(func.count()).select_from(LIST.subquery())
POINTS = [viewpoint for viewpoint in VIEWPOINTS if viewpoint.name in SEEN]


def ask(app: Flask, thread: int, wrong: list[str]) -> None:
    for turn in range(30):
        viewpoint = POINTS[(thread + turn) % len(POINTS)]
        expected = SEEN[viewpoint.name]
        with app.app_context(), transaction(viewpoint.scope) as session:
            newest = page_of(LIST, Ticket.updated_at, Ticket.id, key=lambda row: (row.updated_at, row.id))
            back = paging.cursor_of("b", (newest.rows[-1].updated_at, newest.rows[-1].id))
            before = page_of(LIST, Ticket.updated_at, Ticket.id, key=lambda row: (row.updated_at, row.id), cursor=back)
            found = [
                {row.number for row in session.execute(LIST)},
                {row.number for row in newest.rows},
                {row.number for row in before.rows} | {newest.rows[-1].number},
                session.scalar(COUNT),
            ]
        if found != [expected, expected, expected, len(expected)]:
            wrong.append(f"{viewpoint.name}: {found}")


@pytest.mark.parametrize("layer", ["both", "filter"])
def test_one_statement_serves_all_scopes_at_once(app: Flask, database: Database, layer: str) -> None:
    if layer == "filter":
        defences.row_security_off(database)
    wrong: list[str] = []
    threads = [threading.Thread(target=ask, args=(app, number, wrong)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_is_made_of_a_statement_is_kept_with_that_statement_alone() -> None:
    made: list[tuple[Any, ...]] = []

    @kept_with_statement
    def limited(statement: Any, rows: int) -> Any:
        made.append((statement, rows))
        return statement.limit(rows)

    one, other = select(Ticket.id), select(Ticket.id)
    assert limited(one, 1) is limited(one, 1)
    assert limited(one, 2) is not limited(one, 1)
    assert limited(other, 1) is not limited(one, 1)
    assert len(made) == 3


def test_a_statement_is_kept_for_the_whole_scope_and_for_no_other() -> None:
    @kept_for_viewer
    def own(viewer: Scope, phase: str) -> Any:
        return select(Ticket.id).where(Ticket.requester_contact_id == viewer.contact_id, Ticket.phase == phase)

    first = POINTS[0].scope
    others = [
        *(each.scope for each in POINTS[1:]),
        replace(first, permissions=frozenset({"ticket:read"})),
        replace(first, ticket_scope="company"),
    ]
    assert own(first, "done") is own(replace(first), "done")
    assert own(first, "done") is not own(first, "with_us")
    assert len({own(scope, "done") for scope in (first, *others)}) == 1 + len(others)


def test_the_proxy_of_the_viewer_is_kept_as_whom_it_stands_for() -> None:
    @kept_for_viewer
    def own(viewer: Scope) -> Any:
        return select(Ticket.id).where(Ticket.requester_contact_id == viewer.contact_id)

    found = {}
    for point in POINTS * 2:
        with entered(point.scope):
            statement = own(viewer)
            assert found.setdefault(point.name, statement) is statement
            assert own(point.scope) is statement
    assert len(set(found.values())) == len(POINTS)


def test_a_statement_of_one_request_is_forgotten_with_it() -> None:
    @kept_with_statement
    def limited(statement: Any) -> Any:
        return statement.limit(1)

    statement = select(Ticket.id)
    kept = weakref.ref(limited(statement))
    del statement
    gc.collect()
    assert kept() is None


def test_constants_stand_in_the_text() -> None:
    assert str(select(verbatim("with_us"), verbatim(26))) == "SELECT 'with_us', 26"


@pytest.mark.parametrize("text", ["it's", "", "A", "a b", "1", "a\n"])
def test_nothing_else_stands_in_the_text(text: str) -> None:
    with pytest.raises(ValueError, match="not a constant"):
        verbatim(text)
