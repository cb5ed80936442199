"""What the session filter can't cover is refused, and work without a scope raises."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, aliased

from portal.clients.models import Client, Site
from portal.core import clock
from portal.core.tenancy import filter as session_filter
from portal.core.tenancy.filter import ForeignRow, UnfilteredStatement
from portal.core.tenancy.numbers import Counter
from portal.core.tenancy.scope import NoScope, Reach, Scope, ScopeChanged, entered, system_scope
from portal.core.tenancy.session import transaction
from portal.extensions import db
from portal.identity.models import Password, User
from portal.tenants.models import Tenant, TenantHost
from portal.tickets.models import Board, Comment, Ticket
from tests import factories as make
from tests import world
from tests.core.tenancy import defences
from tests.databases import Database

HARBOR, SUMMIT = world.tenant_id("harbor"), world.tenant_id("summit")
SAM = Scope(
    tenant_id=HARBOR, reach=Reach.CLIENT, client_id=world.SAM.client_id, user_id=world.SAM.id,
    contact_id=world.SAM.contact_id, membership_id=world.SAM.membership_id,
)  # fmt: skip


GATE = Scope(tenant_id=HARBOR, reach=Reach.GATE, user_id=world.SAM.id)


@pytest.fixture
def inside(app: Flask) -> Callable[[Scope | None], Any]:
    """`with inside(scope) as session:` a transaction of this scope."""

    @contextmanager
    def opened(scope: Scope | None) -> Iterator[Session]:
        with app.app_context(), transaction(scope) as session:
            yield session

    return opened


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.scalars(select(Ticket)).all(),
        lambda s: s.get(Ticket, (HARBOR, world.ticket_id(1001))),
        lambda s: s.execute(update(Ticket).values(subject="x")),
        lambda s: s.execute(delete(Comment)),
        lambda s: (s.add(Board(tenant_id=HARBOR, name="x", position=9)), s.flush()),
        lambda s: s.query(Ticket).count(),
        lambda s: s.scalars(select(Tenant)).all(),
        lambda s: s.scalars(select(TenantHost).where(TenantHost.tenant_id.in_(select(Ticket.tenant_id)))).all(),
        lambda s: s.execute(select(TenantHost.host, aliased(Ticket).subject)).all(),
    ],
    ids=[
        "select",
        "get",
        "update",
        "delete",
        "flush",
        "legacy",
        "tenants",
        "hidden in a global one",
        "beside a global one",
    ],
)
def test_without_a_scope_scoped_work_raises(inside: Any, act: Callable[[Session], object]) -> None:
    with pytest.raises(NoScope), inside(None) as session:
        act(session)


def test_tables_of_no_tenant_may_be_read_and_written_without_a_scope(inside: Any) -> None:
    with inside(None) as session:
        session.add(TenantHost(host="portal.harbor.example", tenant_id=HARBOR))
    with inside(None) as session:
        host = session.execute(select(TenantHost.host, TenantHost.tenant_id)).one()
    assert tuple(host) == ("portal.harbor.example", HARBOR)


@pytest.mark.parametrize("scope", [SAM, GATE, system_scope(HARBOR)], ids=["client", "gate", "system"])
def test_a_scope_sees_its_own_tenant_alone(inside: Any, scope: Scope) -> None:
    with inside(scope) as session:
        assert session.scalars(select(Tenant.slug)).all() == ["harbor"]
        assert session.get(Tenant, SUMMIT) is None


def test_only_the_staff_and_the_system_change_a_tenant_and_only_their_own(inside: Any) -> None:
    with pytest.raises(UnfilteredStatement), inside(SAM) as session:
        session.execute(update(Tenant).values(display_name="x"))
    with pytest.raises(ForeignRow), inside(SAM) as session:
        session.scalars(select(Tenant)).one().display_name = "x"
    with pytest.raises(ForeignRow), inside(system_scope(HARBOR)) as session:
        session.add(Tenant(id=SUMMIT, slug="x", name="x", display_name="x", created_at=clock.now()))
    with inside(system_scope(HARBOR)) as session:
        assert session.execute(update(Tenant).values(display_name="Harbor")).rowcount == 1


@pytest.mark.parametrize(
    "statement",
    [
        text("SELECT 1 FROM tickets"),
        Ticket.__table__.select(),
        Ticket.__table__.update().values(subject="x"),
        select(Ticket.__table__.c.subject),
        Ticket.__table__.insert().values(tenant_id=SUMMIT),
        insert(Board).from_select(
            ["tenant_id", "id", "name", "position"], select(Board.tenant_id, Board.id, Board.name, 1)
        ),
        insert(Board).values(tenant_id=SUMMIT, id=uuid.uuid4(), name="x", position=1),
        upsert(Board).values(tenant_id=HARBOR, name="x", position=1).on_conflict_do_nothing(),
        update(Ticket).values(subject=Client.name).where(Ticket.client_id == Client.id),
        update(Ticket).values(subject="x").where(Ticket.client_id == aliased(Client).id),
        update(Ticket).values(subject="x").where(Ticket.client_id == select(Client.id).subquery().c.id),
        delete(Comment).where(Comment.ticket_id == Ticket.id),
    ],
    ids=lambda statement: type(statement).__name__,
)
def test_statements_that_escape_the_filter_are_refused(inside: Any, statement: Any) -> None:
    with pytest.raises(UnfilteredStatement), inside(system_scope(HARBOR)) as session:
        session.execute(statement)


@pytest.mark.parametrize(
    ("scope", "statement"),
    [
        (system_scope(HARBOR), update(Board).values(tenant_id=SUMMIT)),
        (system_scope(HARBOR), update(Ticket).values(client_id=world.NOAH.client_id)),
        (system_scope(HARBOR), update(Password).values({Password.user_id: world.NOAH.id})),
        (SAM, update(Board).values(name="x")),
        (SAM, delete(Counter)),
        (GATE, update(Board).values(name="x")),
    ],
    ids=["tenant", "client", "person", "shared", "staff's", "at the gate"],
)
def test_changes_beyond_the_reach_are_refused(inside: Any, scope: Scope, statement: Any) -> None:
    with pytest.raises(UnfilteredStatement), inside(scope) as session:
        session.execute(statement)


def test_bulk_updates_by_key_are_refused(inside: Any) -> None:
    rows = [{"tenant_id": SUMMIT, "id": world.ticket_id(world.DELTA_NUMBER), "subject": "x"}]
    with pytest.raises(UnfilteredStatement), inside(system_scope(HARBOR)) as session:
        session.execute(update(Ticket), rows)


def test_lists_of_rows_to_insert_are_refused(inside: Any) -> None:
    foreign = {"tenant_id": SUMMIT, "id": uuid.uuid4(), "name": "x", "position": 7}
    with pytest.raises(UnfilteredStatement), inside(system_scope(HARBOR)) as session:
        session.execute(insert(Board), [foreign])


def test_one_transaction_serves_one_scope(inside: Any) -> None:
    with inside(system_scope(HARBOR)) as session:
        session.scalars(select(Ticket)).all()
        with entered(system_scope(SUMMIT)), pytest.raises(ScopeChanged):
            session.scalars(select(Ticket)).all()
        with entered(system_scope(SUMMIT)), pytest.raises(ScopeChanged):
            make.put(Board(name="x", position=1))
        session.rollback()


def test_new_rows_get_the_scopes_tenant_and_client(inside: Any) -> None:
    with inside(SAM) as session:
        site = make.put(Site(name="Branch"))
        assert (site.tenant_id, site.client_id) == (HARBOR, world.SAM.client_id)
        assert session.info["scope"] == SAM


@pytest.mark.parametrize(
    ("scope", "row"),
    [
        (system_scope(HARBOR), lambda: Board(tenant_id=SUMMIT, name="x", position=1)),
        (SAM, lambda: Site(client_id=world.NOAH.client_id, name="x")),
        (SAM, lambda: Client(id=world.NOAH.client_id, number=1, name="x", created_at=clock.now())),
        (
            SAM,
            lambda: Comment(
                ticket_id=world.ticket_id(1001), author_contact_id=world.SAM.contact_id, body="x",
                visibility="internal", created_at=clock.now(),
            ),
        ),
        (SAM, lambda: Board(name="x", position=9)),
        (SAM, lambda: Password(user_id=world.NOAH.id, hash="x", changed_at=clock.now())),
        (GATE, lambda: Site(client_id=world.SAM.client_id, name="x")),
        (GATE, lambda: Password(user_id=world.NOAH.id, hash="x", changed_at=clock.now())),
    ],
    ids=["tenant", "client", "the client itself", "visibility", "shared", "person", "gate: client", "gate: person"],
)  # fmt: skip
def test_rows_of_another_owner_are_refused_before_they_are_sent(
    inside: Any, scope: Scope, row: Callable[[], object]
) -> None:
    with pytest.raises(ForeignRow), inside(scope):
        make.put(row())


def test_a_row_cannot_be_given_away(inside: Any) -> None:
    with inside(system_scope(HARBOR)) as session:
        session.scalars(select(Board)).first().tenant_id = SUMMIT
        with pytest.raises(ForeignRow):
            session.flush()
        session.rollback()
    with inside(SAM) as session:
        session.scalars(select(Site)).first().client_id = world.NOAH.client_id
        with pytest.raises(ForeignRow):
            session.flush()
        session.rollback()


@pytest.mark.parametrize(
    ("scope", "model"),
    [
        (system_scope(HARBOR), Ticket),
        (SAM, Board),
        (SAM, Site),
        (SAM, Comment),
        (SAM, User),
        (SAM, Counter),
        (Scope(tenant_id=HARBOR, reach=Reach.GATE), Site),
        (Scope(tenant_id=HARBOR, reach=Reach.GATE), User),
        (GATE, User),
    ],
)
def test_a_foreign_row_that_is_loaded_all_the_same_raises_the_alarm(
    inside: Any, database: Database, scope: Scope, model: type[Any]
) -> None:
    """As if the filter and the policies had failed together: only the guard is left."""
    defences.row_security_off(database)
    event.remove(Session, "do_orm_execute", session_filter.restrict)
    try:
        with pytest.raises(ForeignRow), inside(scope) as session:
            session.scalars(select(model)).all()
    finally:
        event.listen(Session, "do_orm_execute", session_filter.restrict)


def test_an_ended_transaction_leaves_nothing_behind(app: Flask) -> None:
    key = (HARBOR, world.ticket_id(1001))
    with app.app_context():
        with entered(system_scope(HARBOR)):
            session = db.session()
            assert session.get(Ticket, key) is not None
            session.commit()
        assert list(session.identity_map) == []
        with entered(system_scope(SUMMIT)):
            assert session.get(Ticket, key) is None
            session.commit()
        db.session.remove()
