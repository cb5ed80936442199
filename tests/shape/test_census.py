"""No table can be forgotten: declared, forced, composite, nothing filled by the server; on PostgreSQL 18 and 15."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from portal.core.tenancy import census
from portal.launcher import place, postgres
from tests import databases, every_model, servers, world
from tests.databases import Database
from tests.shape import catalogue, table_rules

OF_TENANT = "tenant_id = nullif(current_setting('app.tenant', true), '')::uuid"
OF_TENANTS = "id = nullif(current_setting('app.tenant', true), '')::uuid"
UNIQUE = "ALTER TABLE {} ADD UNIQUE (tenant_id, id)"
UNIQUE_TOO = "ALTER TABLE {} ADD UNIQUE (tenant_id, client_id, id)"
OF_COMMENT = "client_id, comment_id"
KEY = "ALTER TABLE {} ADD FOREIGN KEY (tenant_id, {}) REFERENCES {} (tenant_id, {})"


@pytest.fixture(scope="module")
def still(admin_url: str, worker_name: str) -> Iterator[Database]:
    """One database for all tests that leave nothing behind."""
    database = databases.copied(Database(admin_url, databases.FURNISHED), f"portal_still_{worker_name}")
    yield database
    databases.drop(database)


def found_in(database: Database, *damage: str) -> dict[str, census.Found]:
    """What the catalogue says, after some damage that is undone at once."""
    engine = create_engine(database.superuser_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        for statement in damage:
            connection.exec_driver_sql(statement)
        facts = census.found(Session(connection))
        connection.rollback()
    engine.dispose()
    return facts


def test_every_table_keeps_every_rule(still: Database) -> None:
    assert table_rules.faults(every_model.tables(), found_in(still)) == []


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("CREATE TABLE notes (tenant_id uuid, id uuid)", "notes: in the database, but no model declares it"),
        ("DROP TABLE staged_files", "staged_files: declared, but not in the database"),
        ("ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY", "tickets: row-level security is not enabled and forced"),
        ("ALTER TABLE tickets DISABLE ROW LEVEL SECURITY", "tickets: row-level security is not enabled and forced"),
        ("DROP POLICY owner ON boards", "boards: the owner's own policy is missing"),
        ("DROP POLICY tenant ON sites", "sites: SELECT has no policy"),
        ("DROP POLICY client ON tickets", "tickets: SELECT: no restrictive policy asks for app.client"),
        ("DROP POLICY client ON comments", "comments: UPDATE: no restrictive policy asks for visibility = 'public'"),
        ("ALTER TABLE tenants DISABLE ROW LEVEL SECURITY", "tenants: row-level security is not enabled and forced"),
        ("DROP POLICY tenant_read ON tenants", "tenants: SELECT has no policy"),
        ("ALTER POLICY tenant_read ON tenants USING (true)", "tenants: tenant_read: USING does not compare the tenant"),
        ("ALTER POLICY tenant_update ON tenants USING (true)", "tenants: tenant_update: USING does not compare the"),
        (
            f"ALTER POLICY tenant_update ON tenants WITH CHECK ({OF_TENANTS})",
            "tenants: tenant_update: WITH CHECK lets others in",
        ),
        ("DROP POLICY person ON passwords", "passwords: SELECT: no restrictive policy asks for app.user"),
        ("ALTER POLICY tenant ON tickets WITH CHECK (true)", "tickets: tenant: WITH CHECK does not compare the tenant"),
        (
            f"CREATE POLICY more ON outbox FOR SELECT TO portal_app USING ({OF_TENANT})",
            "outbox: more: USING lets others in",
        ),
        ("CREATE POLICY more ON boards FOR SELECT USING (true)", "boards: has policies for"),
        ("ALTER TABLE boards ALTER COLUMN name SET DEFAULT ''", "boards: the server fills name"),
        ("GRANT TRUNCATE ON tickets TO portal_app", "tickets: the application may TRUNCATE"),
        ("CREATE UNIQUE INDEX ON users (email_key)", "users: a key does not begin with tenant_id"),
        (
            "ALTER TABLE tenants ADD COLUMN board uuid; ALTER TABLE boards ADD COLUMN owner uuid REFERENCES tenants",
            "boards: boards_owner_fkey does not compare the tenant",
        ),
        (
            f"{UNIQUE.format('sites')}; {KEY.format('tickets', 'site_id', 'sites', 'id')}",
            "tickets: tickets_tenant_id_site_id_fkey does not compare the client",
        ),
        (
            f"{UNIQUE_TOO.format('comments')}; {KEY.format('attachments', OF_COMMENT, 'comments', 'client_id, id')}",
            "does not compare the visibility",
        ),
        ("ALTER TABLE boards OWNER TO portal_app", "boards: belongs to portal_app"),
    ],
)
def test_a_table_that_breaks_a_rule_is_named(still: Database, damage: str, complaint: str) -> None:
    assert complaint in "\n".join(table_rules.faults(every_model.tables(), found_in(still, *damage.split("; "))))


def test_migrations_make_exactly_what_the_models_say(still: Database, worker_name: str, admin_url: str) -> None:
    every_model.tables()
    bare = databases.prepared(admin_url, f"portal_bare_{worker_name}")
    try:
        assert catalogue.of_models(bare) == catalogue.of_database(still)
        assert catalogue.differences(still) == []
    finally:
        databases.drop(bare)


def test_a_column_that_only_the_models_have_is_a_difference(app: Flask, database: Database) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("ALTER TABLE boards DROP COLUMN position")
    assert any("position" in str(difference) for difference in catalogue.differences(database))


@pytest.fixture(scope="module")
def oldest(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Database]:
    """A migrated database on the oldest PostgreSQL that the product supports."""
    programs = servers.older_postgres()
    if programs is None:
        pytest.skip("no PostgreSQL older than the embedded one is installed here (Debian: apt-get install postgresql)")
    folder = tmp_path_factory.mktemp("oldest")
    server = postgres.start(folder / "data", bin_dir=programs, durable=False)
    try:
        yield catalogue.migrated(server.url_admin, "portal_oldest", redis_url, folder)
    finally:
        server.kill()
        place.discard(folder / "data")


def test_the_oldest_postgresql_gets_the_same_tables(oldest: Database, still: Database) -> None:
    assert table_rules.faults(every_model.tables(), found_in(oldest)) == []
    assert catalogue.of_database(oldest) == catalogue.of_database(still)
    assert catalogue.doors(oldest) == catalogue.doors(still)


def test_the_command_prints_every_table_with_rows_and_checksums(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["census", "--json"])
    assert result.exit_code == 0, result.output
    tables = {table["name"]: table for table in json.loads(result.stdout)["tables"]}
    assert set(tables) == set(every_model.tables())
    tickets = tables["tickets"]
    assert (tickets["class"], tickets["owner_key"], tickets["keys_composite"]) == ("client", "client_id", True)
    assert tickets["rls"] == {"enabled": True, "forced": True}
    assert tickets["tenants"]["harbor"]["rows"] == 2
    assert tickets["tenants"]["summit"]["rows"] == 1
    assert tickets["tenants"]["harbor"]["checksum"] != tickets["tenants"]["summit"]["checksum"]
    assert "argon2" not in result.output


def test_checksums_stand_still_until_a_row_changes(app: Flask, database: Database) -> None:
    def checksums() -> dict[str, str]:
        result = app.test_cli_runner().invoke(args=["census", "--json"])
        tables = json.loads(result.stdout)["tables"]
        return {f"{t['name']} {slug}": tally["checksum"] for t in tables for slug, tally in t["tenants"].items()}

    before = checksums()
    assert checksums() == before
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(
            "UPDATE comments SET body = body || '!' WHERE client_id = %s", [world.client_id("Delta CANARY")]
        )
    changed = {name for name, checksum in checksums().items() if checksum != before[name]}
    assert changed == {"comments summit"}


def test_the_program_knows_every_table_by_itself(
    app: Flask, database: Database, redis_url: str, tmp_path: Path
) -> None:
    """A model that nobody registers would be missing from filter checks, migrations and this very census."""
    environment = databases.environment(database, redis_url, str(tmp_path))
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "census", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    assert {table["name"] for table in json.loads(done.stdout)["tables"]} == set(every_model.tables())


def test_people_can_read_the_census(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["census"])
    assert result.exit_code == 0, result.output
    line = next(line for line in result.output.splitlines() if line.startswith("comments"))
    assert line.split()[:5] == ["comments", "client", "client_id,", "visibility", "forced"]
    assert "harbor 6, summit 3" in line
