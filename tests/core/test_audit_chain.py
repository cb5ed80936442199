"""The audit trail: fifty writers at once make one chain, and nobody changes a link unseen."""

import threading
from typing import Any

import psycopg
import pytest
from flask import Flask

from portal.core import audit, audit_chain
from portal.core.tenancy.scope import NoScope, system_scope
from portal.core.tenancy.session import transaction
from tests import factories as make
from tests import world
from tests.databases import Database

HARBOR = world.tenant_id("harbor")
WRITERS = 50
SWAP_AWAY = "UPDATE audit_entries SET position = -position WHERE position IN (2, 3)"
SWAP_BACK = "UPDATE audit_entries SET position = CASE position WHEN -2 THEN 3 ELSE 2 END WHERE position < 0"
FORGED = """
    INSERT INTO audit_entries
           (tenant_id, id, position, at, action, facts, object_kind, object_id, client_id, user_id, visibility, digest)
    SELECT tenant_id, gen_random_uuid(), 5, at, action, facts, object_kind, object_id, client_id, user_id,
           visibility, digest
      FROM audit_entries WHERE position = 4
"""
AGAIN = """
    UPDATE audit_entries e SET digest = door.audit_digest(
               coalesce((SELECT b.digest FROM audit_entries b WHERE b.position = e.position - 1), ''),
               e.position, e.facts)
     WHERE e.position = %s
"""


@pytest.fixture(autouse=True)
def _new_trail(app: Flask, database: Database) -> None:
    """The world came with entries of its own."""
    run(database, "DELETE FROM audit_entries", "DELETE FROM audit_heads")


def write(app: Flask, count: int = 3, slug: str = "harbor") -> None:
    with app.app_context():
        for number in range(count):
            with transaction(system_scope(world.tenant_id(slug))):
                audit.record("test.done", number=number, new={"name": "x", "password": "secret-word"})


def verdict(app: Flask, slug: str = "harbor", **more: Any) -> audit_chain.Verdict:
    with app.app_context(), transaction(system_scope(world.tenant_id(slug))) as session:
        return audit_chain.verify(session, **more)


def run(database: Database, *statements: str) -> None:
    with psycopg.connect(database.owner_url) as connection:
        for statement in statements:
            connection.execute(statement)


def test_fifty_writers_at_once_make_one_chain(app: Flask) -> None:
    ready = threading.Barrier(WRITERS)
    failed: list[BaseException] = []

    def writer() -> None:
        ready.wait()
        try:
            with app.app_context(), transaction(system_scope(HARBOR)):
                audit.record("test.first")
                audit.record("test.second")
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=writer) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    found = verdict(app)
    assert (found.entries, found.position, found.faults) == (2 * WRITERS, 2 * WRITERS, ())


@pytest.mark.parametrize(
    ("damage", "position"),
    [
        ("UPDATE audit_entries SET facts = facts || '{\"number\": 9}' WHERE position = 2", 2),
        ("UPDATE audit_entries SET action = 'other' WHERE position = 2", 2),
        ("UPDATE audit_entries SET at = at - interval '1 day' WHERE position = 3", 3),
        ("UPDATE audit_entries SET user_id = gen_random_uuid() WHERE position = 1", 1),
        ("UPDATE audit_entries SET visibility = 'public' WHERE position = 2", 2),
        ("UPDATE audit_entries SET object_kind = 'ticket' WHERE position = 1", 1),
        ("UPDATE audit_entries SET digest = repeat('0', 64) WHERE position = 2", 2),
        ("DELETE FROM audit_entries WHERE position = 1", 2),
        ("DELETE FROM audit_entries WHERE position = 2", 3),
        ("DELETE FROM audit_entries WHERE position = 4", 3),
        ("DELETE FROM audit_entries", 0),
        ("UPDATE audit_heads SET position = 9", 4),
        ("UPDATE audit_heads SET digest = ''", 4),
        ("DELETE FROM audit_heads", 4),
        (f"{SWAP_AWAY};{SWAP_BACK}", 2),
        (FORGED, 5),
    ],
)
def test_a_changed_link_is_found(app: Flask, database: Database, damage: str, position: int) -> None:
    write(app, 4)
    assert verdict(app).faults == ()
    run(database, *damage.split(";"))
    assert position in [fault.position for fault in verdict(app).faults]


def test_a_chain_rewritten_as_a_whole_is_found_by_what_was_written_down(app: Flask, database: Database) -> None:
    write(app, 3)
    before = verdict(app)
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE audit_entries SET facts = facts || '{\"number\": 9}' WHERE position = 1")
        for position in (1, 2, 3):
            connection.execute(AGAIN, [position])
        connection.execute("UPDATE audit_heads SET digest = (SELECT digest FROM audit_entries WHERE position = 3)")
    assert verdict(app).faults == ()
    assert verdict(app, anchor=(before.position, before.digest)).faults != ()


def test_the_command_tells_and_fails_by_its_exit_code(app: Flask, database: Database) -> None:
    write(app, 2)
    write(app, 1, "summit")
    run = app.test_cli_runner().invoke
    good = run(args=["audit", "verify"])
    assert good.exit_code == 0
    anchor = next(line.split()[-1] for line in good.output.splitlines() if line.startswith("harbor: 2 entries, holds"))
    assert run(args=["audit", "verify", "--tenant", "harbor", "--anchor", anchor]).exit_code == 0
    assert run(args=["audit", "verify", "--tenant", "nobody"]).exit_code == 1
    assert run(args=["audit", "verify", "--anchor", "harbor"]).exit_code == 2
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("UPDATE audit_entries SET action = 'x' WHERE tenant_id = %s AND position = 2", [HARBOR])
    bad = run(args=["audit", "verify"])
    assert bad.exit_code == 1
    assert "harbor: 2 entries, BROKEN" in bad.output
    assert "entry 2: its columns say something else" in bad.output
    assert "summit: 1 entries, holds" in bad.output


def test_secrets_never_reach_the_trail(app: Flask, database: Database) -> None:
    write(app, 1)
    with psycopg.connect(database.owner_url) as connection:
        facts = connection.execute("SELECT facts::text FROM audit_entries").fetchone()[0]
    assert "secret-word" not in facts
    assert '"password": "***"' in facts


def test_an_act_is_told_with_its_change_or_not_at_all(app: Flask, system: Any) -> None:
    def fail() -> None:
        with system():
            audit.record("test.undone")
            make.a_client("Nobody Ltd")
            message = "the service raised"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError):
        fail()
    assert verdict(app).entries == 0
    with app.app_context(), pytest.raises(NoScope):
        audit.record("test.nobody")


def test_a_trail_that_cannot_be_written_stops_the_change(app: Flask, database: Database, system: Any) -> None:
    run(database, "ALTER TABLE audit_entries ADD CHECK (action <> 'test.refused')")

    def act() -> None:
        with system():
            audit.record("test.refused")
            make.a_client("Nobody Ltd")

    with pytest.raises(Exception, match="audit_entries"):
        act()
    with psycopg.connect(database.owner_url) as connection:
        assert connection.execute("SELECT count(*) FROM clients WHERE name = 'Nobody Ltd'").fetchone() == (0,)
