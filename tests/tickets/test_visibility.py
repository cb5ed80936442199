"""One predicate says who sees which ticket; lists, counts, pages, files and polls follow it."""

import pytest
from sqlalchemy import select

from portal.clients.models import Contact
from portal.core.tenancy.scope import Reach, Scope, entered
from portal.core.tenancy.session import transaction
from portal.identity.models import Membership
from portal.tickets import policy, queries
from portal.tickets.models import Ticket
from portal.tickets.rules import Phase
from tests import factories as make
from tests import world
from tests.world import DANA, FIN, OUR_NUMBER, SAM, TECH

EXPECTED = {
    "own": {"asked", "opened"},
    "taking_part": {"asked", "opened", "follows"},
    "site": {"asked", "opened", "follows", "next door"},
    "company": {"asked", "opened", "follows", "next door", "elsewhere", "The VPN is slow"},
}


@pytest.fixture
def office(system):
    """Tickets in every relation to Fin, who sits in the annex."""
    with system() as session:
        fin, dana = (session.get(Contact, (each.tenant_id, each.contact_id)) for each in (FIN, DANA))
        annex = make.a_site(FIN.client_id, "Annex")
        make.a_ticket(fin, "asked", number=7001)
        opened = make.a_ticket(dana, "opened", number=7002, opened_by_contact_id=fin.id)
        make.a_person_on(opened, fin)
        make.a_person_on(make.a_ticket(dana, "follows", number=7003), fin)
        make.a_ticket(dana, "next door", number=7004, site_id=annex.id)
        make.a_ticket(dana, "elsewhere", number=7005)
        return annex.id


@pytest.fixture
def fin(visit, system, office):
    def with_scope(ticket_scope):
        with system() as session:
            membership = session.get(Membership, (FIN.tenant_id, FIN.membership_id))
            membership.ticket_scope = ticket_scope
            membership.site_id = office
        return visit(FIN)

    return with_scope


@pytest.mark.parametrize("ticket_scope", EXPECTED)
def test_list_count_page_and_poll_agree(fin, system, ticket_scope):
    person, expected = fin(ticket_scope), EXPECTED[ticket_scope]

    listed = person.get("/tickets?state=with-us")

    assert {link.get_text(strip=True) for link in listed.dom.select(".item__name a")} == expected
    assert listed.dom.select_one(".tabs [aria-current] .count").get_text() == str(len(expected))
    with system() as session:
        bright = session.scalars(select(Ticket).where(Ticket.client_id == FIN.client_id)).all()
    for ticket in bright:
        status = 200 if ticket.subject in expected else 404
        assert person.get(f"/tickets/{ticket.number}").status == status, ticket.subject
        assert person.get(f"/tickets/{ticket.number}/updates?seen=0", part=True).status == status


@pytest.mark.parametrize("ticket_scope", EXPECTED)
def test_files_follow_the_ticket(fin, system, ticket_scope):
    person = fin(ticket_scope)
    status = 200 if ticket_scope == "company" else 404

    listed = person.get(f"/tickets/{OUR_NUMBER}")

    assert listed.status == status
    file_id = world.fixed(f"file {OUR_NUMBER}")
    assert (f"/files/{file_id}" in listed) is (status == 200)


def test_a_site_scope_without_a_site_sees_what_it_takes_part_in(app, office):
    scope = Scope(
        tenant_id=FIN.tenant_id, reach=Reach.CLIENT, client_id=FIN.client_id, user_id=FIN.id, contact_id=FIN.contact_id,
        ticket_scope="site", permissions=frozenset({"ticket:read"}),
    )  # fmt: skip
    with app.app_context(), transaction(scope) as session:
        shown = {row.subject for row in session.execute(queries.client_list(scope, Phase.WITH_US))}

    assert shown == EXPECTED["taking_part"]


@pytest.mark.parametrize("reach", [Reach.GATE, Reach.CLIENT])
def test_nobody_in_particular_sees_nothing(app, reach):
    more = {"client_id": SAM.client_id, "user_id": SAM.id} if reach is Reach.CLIENT else {}
    scope = Scope(tenant_id=SAM.tenant_id, reach=reach, ticket_scope="company", **more)
    with app.app_context(), entered(scope):
        assert str(policy.visible_to(scope)) == "false"


@pytest.mark.parametrize("ticket_scope", EXPECTED)
def test_lists_that_are_kept_are_kept_apart(app, office, ticket_scope):
    """Fin asks, then Sam of the same client, then Fin again: each is shown their own."""
    shown = []
    for person in (FIN, SAM, FIN):
        scope = Scope(
            tenant_id=person.tenant_id, reach=Reach.CLIENT, client_id=person.client_id, user_id=person.id,
            contact_id=person.contact_id, ticket_scope=ticket_scope, site_id=office,
            permissions=frozenset({"ticket:read"}),
        )  # fmt: skip
        with app.app_context(), transaction(scope) as session:
            shown.append({row.subject for row in session.execute(queries.client_list(scope, Phase.WITH_US))})

    assert shown[0] == shown[2] == EXPECTED[ticket_scope]
    assert (shown[1] == shown[0]) is (ticket_scope == "company")


def test_columns_and_counts_are_held_to_the_scope_without_row_level_security(app, database, office):
    """The session filter alone must cover what lists select: columns, scalar sub-selects, unions."""
    import psycopg

    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        for (table,) in connection.execute("SELECT relname FROM pg_class WHERE relrowsecurity").fetchall():
            connection.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
    scope = Scope(
        tenant_id=DANA.tenant_id, reach=Reach.CLIENT, client_id=DANA.client_id, user_id=DANA.id,
        contact_id=DANA.contact_id, ticket_scope="company", permissions=frozenset({"ticket:read"}),
    )  # fmt: skip
    with app.app_context(), transaction(scope) as session:
        rows = session.execute(queries.client_list(scope, Phase.WITH_US)).all()
        counts = session.execute(queries.phase_counts(scope)).mappings().one()
        ticket_id = world.ticket_id(OUR_NUMBER)
        timeline = session.execute(queries.timeline(scope, ticket_id)).all()
        foreign = session.execute(queries.timeline(scope, world.ticket_id(world.CEDAR_NUMBER))).all()
        files = session.execute(queries.files(ticket_id)).all()
        offered = session.execute(queries.choices()).all()

    assert {row.subject for row in rows} == EXPECTED["company"]
    assert counts["with_us"] == len(EXPECTED["company"])
    assert [row.visibility for row in timeline] == ["public", "public"]
    assert foreign == []
    assert [row.name for row in files] == ["trace.png"]
    assert "CANARY" not in str(offered)


def test_the_queue_is_held_to_the_tenant_without_row_level_security(app, database):
    import psycopg

    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        for (table,) in connection.execute("SELECT relname FROM pg_class WHERE relrowsecurity").fetchall():
            connection.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
    scope = Scope(tenant_id=TECH.tenant_id, reach=Reach.STAFF, user_id=TECH.id)
    with app.app_context(), transaction(scope) as session:
        rows = session.execute(queries.queue(scope, "open")).all()
        counts = session.execute(queries.queue_counts(scope)).mappings().one()
        ticket = session.scalars(queries.ticket(scope, OUR_NUMBER)).one()
        beside = session.execute(queries.beside(scope, ticket)).all()
        offered = session.execute(queries.choices(ticket.board_id)).all()

    assert {row.number for row in rows} == {OUR_NUMBER, world.CEDAR_NUMBER}
    assert counts["open"] == 2
    assert {row.name for row in beside} == {"Sam Bright"}
    assert "CANARY" not in str(offered)
