"""Eight threads, two tenants, three clients: 2,400 queries, and each sees its own."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from portal.core.tenancy.session import transaction
from portal.extensions import db
from portal.tickets.models import Comment, Ticket
from tests.core.tenancy import defences
from tests.core.tenancy.careless import VIEWPOINTS
from tests.databases import Database

THREADS, ROUNDS = 8, 75
QUERIES = 4
SEEN = {"A1": {1001}, "A2": {900501}, "B1": {900001}, "staff of A": {1001, 900501}, "staff of B": {900001}}


def ask(app: Flask, thread: int, wrong: list[str]) -> None:
    """Each round another viewpoint, so that a connection's last user is never its next one."""
    points = [viewpoint for viewpoint in VIEWPOINTS if viewpoint.name in SEEN]
    for turn in range(ROUNDS):
        viewpoint = points[(thread + turn) % len(points)]
        expected = SEEN[viewpoint.name]
        with app.app_context(), transaction(viewpoint.scope) as session:
            found = [
                {ticket.number for ticket in session.scalars(select(Ticket))},
                set(session.scalars(select(Ticket.number).join(Comment, Comment.ticket_id == Ticket.id))),
                {t.number for t in session.scalars(select(Ticket).options(selectinload(Ticket.client)))},
                session.scalar(select(func.count()).select_from(Ticket)),
            ]
        if found != [expected, expected, expected, len(expected)]:
            wrong.append(f"{viewpoint.name}: {found}")


def run(app: Flask) -> list[str]:
    wrong: list[str] = []
    threads = [threading.Thread(target=ask, args=(app, number, wrong)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


@pytest.mark.parametrize("layer", ["both", "filter", "row security"])
def test_2400_queries_over_8_threads_see_their_own(app: Flask, database: Database, layer: str) -> None:
    assert THREADS * ROUNDS * QUERIES == 2400
    if layer == "filter":
        defences.row_security_off(database)
    if layer == "row security":
        with defences.filter_off():
            assert run(app) == []
    else:
        assert run(app) == []


def test_the_same_without_either_layer_sees_everything(app: Flask, database: Database) -> None:
    defences.row_security_off(database)
    with defences.filter_off():
        assert len(run(app)) == THREADS * ROUNDS
    with app.app_context():
        db.session.remove()
