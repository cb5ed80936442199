"""How many statements a page costs, and that each is led by an index."""

import re

import pytest
from sqlalchemy import event, select, update

from portal.clients.models import Contact
from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.core.web.paging import first
from portal.tickets import queries
from portal.tickets.models import Ticket
from portal.tickets.rules import Phase
from tests import factories as make
from tests.tickets import crowd
from tests.world import DANA, SAM, TECH

LIST, TICKET = 5, 6
"""The budgets: all that is sent but BEGIN, COMMIT and settings."""
PAGES = [
    (SAM, "/tickets?state=with-us", LIST),
    (DANA, "/tickets?state=with-us", LIST),
    (TECH, "/msp/tickets", LIST),
    (TECH, "/msp/tickets?view=unassigned", LIST),
    (SAM, "/tickets/7001", TICKET),
    (TECH, "/msp/tickets/7001", TICKET),
    (SAM, "/tickets/new", LIST),
]


def furnish(system, tickets, letters):
    with system() as session:
        sam = session.get(Contact, (SAM.tenant_id, SAM.contact_id))
        for number in range(tickets):
            ticket = make.a_ticket(sam, f"Ticket {number}", number=7001 + number)
            for place in range(letters - 1):
                make.an_attachment(make.a_comment(ticket, f"letter {place}", author=sam))
            if not number:
                for name in range(letters):
                    make.a_person_on(ticket, make.a_contact(sam.client_id, f"Person {name}"))


@pytest.mark.parametrize(("person", "path", "budget"), PAGES)
def test_a_page_costs_the_same_for_one_row_and_for_thirty(visit, system, statements, person, path, budget):
    visitor = visit(person)
    furnish(system, 1, 1)
    with statements() as few:
        small = visitor.get(path)
    with system() as session:
        session.execute(update(Ticket).where(Ticket.number == 7001).values(number=6000))
    furnish(system, 30, 4)
    with statements() as many:
        large = visitor.get(path)

    assert small.status == large.status == 200
    assert len(few) <= len(many) <= budget, [sent[:80] for sent in many]
    assert len(many) - len(few) <= ("/7001" in path), "files are asked for only where there are letters with files"
    assert len(large.text) > len(small.text) or path == "/tickets/new"


@pytest.fixture
def crowded(app, database):
    """Harbor with 2,500 tickets for each of eight clients, as many as a million tickets leave each of 400."""
    from portal.extensions import db

    with app.app_context():
        db.engine.dispose()
    crowd.fill(database, tickets=20_000, clients=8)
    return app


def plan_of(session, statement):
    """The plan of a statement as the app sends it: filtered, as portal_app, under row-level security."""
    plans = []

    def explain(_connection, cursor, sent, parameters, _context, _many):
        if "set_config" not in sent:
            cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {sent}", parameters)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", explain)
    try:
        session.execute(statement)
    finally:
        event.remove(engine, "before_cursor_execute", explain)
    return plans[-1]


def reads(plan):
    """Rows of tickets that the plan touched, over all its nodes."""
    nodes = re.findall(r"on tickets\b.*?actual rows=([\d.]+) loops=(\d+)", plan)
    return sum(float(rows) * int(loops) for rows, loops in nodes)


def staff():
    return Scope(tenant_id=TECH.tenant_id, reach=Reach.STAFF, user_id=TECH.id)


def page(statement, column):
    return statement.order_by(column.desc(), Ticket.id.desc()).limit(first(26))


def test_every_list_is_read_along_its_index(crowded):
    with crowded.app_context(), transaction(staff()) as session:
        somebody = session.scalars(select(Contact).where(Contact.name == "Person 3").order_by(Contact.id)).first()
        plans = {
            f"queue {view}": plan_of(session, page(queries.queue(staff(), view), Ticket.touched_at))
            for view in queries.VIEWS
        }
        plans["queue counts"] = plan_of(session, queries.queue_counts(staff()))
    company = Scope(
        tenant_id=TECH.tenant_id, reach=Reach.CLIENT, client_id=somebody.client_id, user_id=SAM.id,
        contact_id=somebody.id, ticket_scope="company", permissions=frozenset({"ticket:read"}),
    )  # fmt: skip
    with crowded.app_context(), transaction(company) as session:
        plans |= {
            f"list {phase}": plan_of(session, page(queries.client_list(company, phase), Ticket.updated_at))
            for phase in Phase
        }
        plans["list counts"] = plan_of(session, queries.phase_counts(company))

    for name, plan in plans.items():
        assert "counts" in name or "Sort Key: tickets" not in plan, f"{name}\n{plan}"
        assert not re.search(r"Seq Scan on (tickets|contacts)", plan), f"{name}\n{plan}"
        assert reads(plan) <= (26 if "counts" not in name else 4001), f"{name}\n{plan}"


def test_one_ticket_is_found_without_looking_at_another(crowded):
    with crowded.app_context(), transaction(staff()) as session:
        ticket = session.scalars(queries.ticket(staff(), 3_000_100)).one()
        plans = [
            plan_of(session, statement)
            for statement in (
                queries.ticket(staff(), 3_000_100),
                queries.ticket_version(staff(), 3_000_100),
                queries.timeline(staff(), ticket.id),
                queries.files(ticket.id, [ticket.id]),
                queries.beside(staff(), ticket),
                queries.people(ticket.id),
            )
        ]

    for plan in plans:
        assert not re.search(r"Seq Scan on (tickets|comments|ticket_people|contacts)\b", plan), plan
        assert reads(plan) <= 1 + queries.RECENT + 1, plan


def test_who_takes_part_reads_no_further_than_that_takes(crowded):
    with crowded.app_context(), transaction(staff()) as session:
        somebody = session.scalars(select(Contact).where(Contact.name == "Person 3").order_by(Contact.id)).first()
    for ticket_scope in ("own", "taking_part", "site"):
        scope = Scope(
            tenant_id=TECH.tenant_id, reach=Reach.CLIENT, client_id=somebody.client_id, user_id=SAM.id,
            contact_id=somebody.id, ticket_scope=ticket_scope, site_id=somebody.id,
            permissions=frozenset({"ticket:read"}),
        )  # fmt: skip
        with crowded.app_context(), transaction(scope) as session:
            for phase in Phase:
                plan = plan_of(session, page(queries.client_list(scope, phase), Ticket.updated_at))
                assert "Seq Scan on tickets" not in plan, plan
                assert reads(plan) <= 350, plan
