"""Bugs planted on purpose, one at a time, each in a copy that only this test sees. The alarms must ring for every one.

Both lines of defence hold a leak back alone, so most of these bugs leak nothing
yet; the alarms look at each line by itself and ring all the same.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session, aliased

from portal.core import policy
from portal.core.tenancy import boot_check, census, roles
from portal.core.tenancy import filter as session_filter
from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.tickets import policy as ticket_policy
from portal.tickets.models import Comment, Ticket
from tests import databases, world
from tests.core.tenancy.defences import row_security_off
from tests.databases import Database
from tests.isolation.rig import NEIGHBOUR, OURS, SIBLING, random_things, secrets_of
from tests.shape import catalogue, table_rules

SEE_OTHER = 303
"""To the sign-in, where a stranger is sent."""
DANA = Scope(
    tenant_id=world.DANA.tenant_id, reach=Reach.CLIENT, client_id=world.DANA.client_id, user_id=world.DANA.id,
    contact_id=world.DANA.contact_id, membership_id=world.DANA.membership_id, ticket_scope="company",
    permissions=frozenset({"ticket:read"}),
)  # fmt: skip
STAFF = Scope(tenant_id=world.TECH.tenant_id, reach=Reach.STAFF, user_id=world.TECH.id)


class Stage:
    """One world to plant a bug in, and what may be asked of it."""

    def __init__(self, app: Flask, database: Database, visit) -> None:
        self.app, self.database, self.visit = app, database, visit

    def sql(self, statement: str) -> None:
        with psycopg.connect(self.database.superuser_url, autocommit=True) as connection:
            connection.execute(statement)

    def alarms(self) -> list[str]:
        """What looks wrong to the first question that finds anything, the cheapest first."""
        for question in (self._catalogue, self._row_security, self._pages, self._pool, self._filter):
            found = list(question())
            if found:
                return found
        return []

    def _catalogue(self) -> Iterator[str]:
        engine = create_engine(self.database.superuser_url.replace("postgresql://", "postgresql+psycopg://"))
        with Session(engine) as session:
            yield from table_rules.faults(census.declared(), census.found(session))
        engine.dispose()
        yield from (f"models and database differ: {each}" for each in catalogue.differences(self.database))
        try:
            boot_check.check_database(self.database.app_url)
        except boot_check.UnsafeRole as error:
            yield from error.faults

    def _row_security(self) -> Iterator[str]:
        """Plain SQL as the application, with the settings of a client of ours: the second line alone."""
        with psycopg.connect(self.database.app_url) as connection:
            if connection.execute("SELECT count(*) FROM tickets").fetchone() != (0,):
                yield "without a scope rows are seen"
            for name, value in (
                ("tenant", DANA.tenant_id), ("reach", "client"), ("client", DANA.client_id), ("user", DANA.user_id),
            ):  # fmt: skip
                connection.execute("SELECT set_config(%s, %s, true)", (f"app.{name}", str(value)))
            for table, owner in (("tickets", "client_id"), ("comments", "client_id"), ("contacts", "client_id")):
                seen = connection.execute(f"SELECT DISTINCT {owner} FROM {table}").fetchall()  # noqa: S608  # names above
                if seen != [(DANA.client_id,)]:
                    yield f"{table}: rows of another client"
            if connection.execute("SELECT count(*) FROM comments WHERE visibility = 'internal'").fetchone() != (0,):
                yield "internal notes are seen"
            if connection.execute("SELECT count(*) FROM users").fetchone() != (1,):
                yield "other people are seen"

    def _pages(self) -> Iterator[str]:
        sam, dana, tech = self.visit(world.SAM), self.visit(world.DANA), self.visit(world.TECH)
        if sam.get(f"/tickets/{world.OUR_NUMBER}").status != 200:
            yield "the own ticket is gone"
        nobody = random_things()["number"]
        for owner in (SIBLING, NEIGHBOUR):
            if (got := dana.get(f"/tickets/{owner.number}").status) != dana.get(f"/tickets/{nobody}").status:
                yield f"the ticket of {owner.name} answers {got}"
        if tech.get(f"/msp/tickets/{NEIGHBOUR.number}").status != 404:
            yield "the staff see another tenant's ticket"
        if self.visit(world.FIN).get(f"/tickets/{world.OUR_NUMBER}").status != 404:
            yield "a colleague sees a ticket without taking part"
        page = sam.get(f"/tickets/{world.OUR_NUMBER}")
        if "SECRET" in page:
            yield "a note is on the client's page"
        hidden = secrets_of(self.app, OURS)
        if sam.get(f"/tickets/{world.OUR_NUMBER}/files/{hidden['file_id']}").status != 404:
            yield "a note's file is served"
        yield from self._elsewhere(sam)

    def _elsewhere(self, sam) -> Iterator[str]:
        token = sam.http.get_cookie("session", domain=sam.host).value
        for host, name in (("summit.localhost", "session"), (sam.host, "msp")):
            other = self.visit(None, host=host.partition(".")[0])
            other.http.set_cookie(name, token, domain=host)
            if other.get("/msp/settings" if name == "msp" else "/settings").status != SEE_OTHER:
                yield f"the session counts as {name} at {host}"

    def _pool(self) -> Iterator[str]:
        from portal.extensions import db

        with self.app.app_context():
            with transaction(STAFF) as session:
                session.execute(select(func.count()).select_from(Ticket)).scalar_one()
            with db.engine.connect() as connection:
                left = connection.exec_driver_sql("SELECT current_setting('app.tenant', true)").scalar()
            if left:
                yield "a pooled connection remembers its tenant"
            db.engine.dispose()

    def _filter(self) -> Iterator[str]:
        """The ORM alone, with row-level security switched off: the first line by itself. Comes last, for good."""
        row_security_off(self.database)
        other = aliased(Ticket)
        asked = {
            "tickets": select(Ticket.client_id),
            "an alias": select(other.client_id),
            "a subquery": select(select(Ticket.client_id).subquery().c.client_id),
            "comments": select(Comment.client_id),
        }
        with self.app.app_context():
            for name, statement in asked.items():
                try:
                    with transaction(DANA) as session:
                        if set(session.scalars(statement)) != {DANA.client_id}:
                            yield f"the filter lets {name} through"
                except session_filter.ForeignRow:
                    yield f"a guard rang for {name}"
            with transaction(DANA) as session:
                if session.scalars(select(Comment.visibility).where(Comment.visibility == "internal")).all():
                    yield "the filter lets notes through"
            with transaction(STAFF) as session:
                if session.scalar(select(func.count()).select_from(Ticket).where(Ticket.number == NEIGHBOUR.number)):
                    yield "the filter lets another tenant through"


Plant = Callable[[Stage, pytest.MonkeyPatch], None]
BUGS: dict[str, Plant] = {}


def bug(plant: Plant) -> Plant:
    """Put a bug on the list under its function's name."""
    BUGS[plant.__name__] = plant
    return plant


@bug
def the_filter_forgets_clients(_stage, patch):
    patch.setitem(session_filter.CRITERIA, Reach.CLIENT, session_filter.CRITERIA[Reach.STAFF])


@bug
def the_filter_forgets_everything(_stage, patch):
    for reach in Reach:
        patch.setitem(session_filter.CRITERIA, reach, ())


@bug
def the_filter_forgets_visibility(_stage, patch):
    kept = session_filter.CRITERIA[Reach.CLIENT]
    patch.setitem(session_filter.CRITERIA, Reach.CLIENT, (*kept[:2], *kept[3:]))


@bug
def the_filter_overlooks_aliases(_stage, patch):
    def held(owner, condition):
        return session_filter.with_loader_criteria(owner, condition, include_aliases=False)

    patch.setitem(
        session_filter.CRITERIA,
        Reach.CLIENT,
        (
            held(session_filter.TenantOwned, session_filter._of_tenant),
            held(session_filter.ClientOwned, session_filter._of_client),
        ),
    )


@bug
def settings_outlive_their_transaction(_stage, patch):
    def bind(session, transaction, connection):
        scope = session_filter.scope_or_none()
        if scope is None or session_filter.at_the_door() or transaction.nested:
            return
        connection.exec_driver_sql("SELECT set_config('app.tenant', %s, false)", (str(scope.tenant_id),))
        session_filter_bind(session, transaction, connection)

    session_filter_bind = session_filter.bind
    _swap(patch, "after_begin", session_filter.bind, bind)


def _swap(patch, name, old, new):
    from sqlalchemy import event

    event.remove(Session, name, old)
    event.listen(Session, name, new)
    patch.setattr(
        session_filter,
        "_undo",
        lambda: (event.remove(Session, name, new), event.listen(Session, name, old)),
        raising=False,
    )


@bug
def a_table_without_policies(stage, _patch):
    stage.sql("ALTER TABLE tickets DISABLE ROW LEVEL SECURITY")


@bug
def a_table_whose_owner_is_free(stage, _patch):
    stage.sql("ALTER TABLE comments NO FORCE ROW LEVEL SECURITY")


@bug
def a_policy_for_everybody(stage, _patch):
    stage.sql("CREATE POLICY later ON tickets TO portal_app USING (true)")


@bug
def the_client_policy_is_gone(stage, _patch):
    stage.sql("DROP POLICY client ON contacts")


@bug
def the_client_policy_forgets_notes(stage, _patch):
    stage.sql("DROP POLICY client ON comments")
    stage.sql(
        "CREATE POLICY client ON comments AS RESTRICTIVE TO portal_app USING (current_setting('app.reach', true) IN"
        " ('staff', 'system') OR client_id = nullif(current_setting('app.client', true), '')::uuid)"
    )


@bug
def a_policy_that_checks_reads_alone(stage, _patch):
    stage.sql("DROP POLICY tenant ON sites")
    stage.sql(
        "CREATE POLICY tenant ON sites FOR ALL TO portal_app"
        " USING (tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::uuid)) WITH CHECK (true)"
    )


@bug
def a_key_that_points_across_tenants(stage, _patch):
    stage.sql("ALTER TABLE clients ADD CONSTRAINT clients_id_alone UNIQUE (id)")
    stage.sql("ALTER TABLE sites ADD CONSTRAINT sites_loose FOREIGN KEY (client_id) REFERENCES clients (id)")


@bug
def a_file_less_hidden_than_its_note(stage, _patch):
    stage.sql(
        "DO $$ DECLARE name text; BEGIN SELECT conname INTO name FROM pg_constraint WHERE"
        " conrelid = 'attachments'::regclass AND contype = 'f'; EXECUTE format('ALTER TABLE attachments"
        " DROP CONSTRAINT %I', name); END $$"
    )


@bug
def a_new_table_that_nobody_declared(stage, _patch):
    stage.sql("CREATE TABLE notes (id uuid PRIMARY KEY, body text)")
    stage.sql("ALTER TABLE notes OWNER TO portal_owner")


@bug
def a_view_that_reads_as_its_owner(stage, _patch):
    stage.sql("CREATE VIEW all_tickets AS SELECT * FROM tickets")
    stage.sql("GRANT SELECT ON all_tickets TO portal_app")


@bug
def the_application_owns_a_table(stage, _patch):
    stage.sql("GRANT CREATE ON SCHEMA public TO portal_app")
    stage.sql("ALTER TABLE tickets OWNER TO portal_app")


@bug
def a_door_that_forgets_the_tenant(stage, _patch):
    with psycopg.connect(stage.database.superuser_url) as connection:
        body = connection.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'enter'").fetchone()[0]
    loose = body.replace("a.tenant_id = tenant.id AND a.token_hash = p_token", "a.token_hash = p_token")
    loose = loose.replace("WHERE s.tenant_id = tenant.id AND s.side = p_side", "WHERE s.side = p_side")
    assert body.count("tenant.id") - loose.count("tenant.id") == 2, "the door was rewritten; plant the bug anew"
    stage.sql(loose)


@bug
def a_door_that_takes_either_cookie(stage, _patch):
    with psycopg.connect(stage.database.superuser_url) as connection:
        body = connection.execute("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = 'enter'").fetchone()[0]
    of_its_kind = (
        "AND u.kind = CASE WHEN p_side = 'msp' OR s.as_contact_id IS NOT NULL THEN 'internal' ELSE 'client' END"
    )
    loose = body.replace("AND s.side = p_side", "").replace(of_its_kind, "")
    assert loose.count("p_side") == body.count("p_side") - 2, "the door was rewritten; plant the bug anew"
    stage.sql(loose)


@bug
def the_rule_of_taking_part_is_forgotten(_stage, patch):
    from sqlalchemy import true

    patch.setattr(ticket_policy, "visible_to", lambda _viewer: true())


@bug
def hidden_things_are_called_forbidden(_stage, patch):
    from werkzeug.exceptions import Forbidden

    from portal.extensions import db

    def one(statement):
        found = db.session.execute(statement).unique().scalar_one_or_none()
        if found is None:
            number = next((str(value) for value in statement.compile().params.values() if isinstance(value, int)), "")
            raise Forbidden if number.startswith("900") else policy.NotFound
        return found

    patch.setattr(policy, "one_or_404", one)
    for name in ("client_views", "staff_views", "reading", "pages", "attachments"):
        module = __import__(f"portal.tickets.{name}", fromlist=["x"])
        if hasattr(module, "one_or_404"):
            patch.setattr(module, "one_or_404", one)


@contextmanager
def planted(stage: Stage, plant: Plant, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """With the bug; whatever it hooked into the session is taken out again."""
    plant(stage, patch)
    try:
        yield
    finally:
        undo = vars(session_filter).get("_undo")
        if undo is not None:
            undo()


def test_without_a_bug_no_alarm_rings(app, database, visit):
    assert Stage(app, database, visit).alarms() == []


@pytest.mark.parametrize("name", sorted(BUGS))
def test_a_planted_bug_is_caught(app, database, visit, monkeypatch, name):
    stage = Stage(app, database, visit)
    with planted(stage, BUGS[name], monkeypatch):
        assert stage.alarms(), f"nobody noticed: {name.replace('_', ' ')}"


def test_there_are_enough_bugs(record_property):
    assert len(BUGS) >= 15
    record_property("bugs planted, each caught by a test of its own", len(BUGS))


def test_an_unsafe_role_is_refused(database, admin_url):
    """Roles are the cluster's, so this bug is planted in words: the superuser's own address."""
    with pytest.raises(boot_check.UnsafeRole):
        boot_check.check_database(roles.address(admin_url, database=database.name))
    assert databases.FURNISHED
