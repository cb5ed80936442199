"""What PostgreSQL's catalogue says of a database, in a form that two databases can be compared by."""

from pathlib import Path
from typing import Any, LiteralString

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from portal.core.db import metadata
from portal.core.tenancy import roles
from tests import databases
from tests.databases import Database

PASSWORD = "of-a-server-of-minutes"

_THINGS: LiteralString = """
    SELECT 'column ' || c.relname || '.' || a.attname,
           format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
     UNION ALL
    SELECT 'constraint ' || conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f', 'p', 'u', 'x')
     UNION ALL
    SELECT 'index ' || indexrelid::regclass, pg_get_indexdef(indexrelid)
      FROM pg_index JOIN pg_class c ON c.oid = indrelid WHERE c.relnamespace = 'public'::regnamespace
"""
_OTHERS: LiteralString = """
    SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view' WHEN 'S' THEN 'sequence'
                ELSE 'relation of kind ' || c.relkind::text END || ' ' || c.oid::regclass
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind NOT IN ('r', 'i', 't') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     UNION ALL
    SELECT 'schema ' || nspname FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public', 'door')
     UNION ALL
    SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal
     UNION ALL
    SELECT 'function ' || p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = 'public'
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
_DOORS: LiteralString = """
    SELECT p.proname, pg_get_userbyid(p.proowner) AS owner, p.prosecdef AS is_definer,
           coalesce(array_to_string(p.proconfig, '; '), '') AS settings,
           has_function_privilege('portal_app', p.oid, 'EXECUTE') AS app_may,
           EXISTS (SELECT FROM aclexplode(p.proacl) a
                    WHERE a.grantee NOT IN ('portal_app'::regrole, 'portal_door'::regrole)) AS others_may,
           p.proacl IS NULL AS never_revoked, pg_get_function_result(p.oid) AS result
      FROM pg_proc p WHERE p.pronamespace = 'door'::regnamespace ORDER BY p.proname
"""
_DOOR_GRANTS: LiteralString = """
    SELECT table_name, privilege_type, column_name FROM information_schema.column_privileges
     WHERE grantee = 'portal_door' AND table_schema = 'public'
"""


def _asked(url: str, question: LiteralString) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(question).fetchall()


def of_database(database: Database) -> dict[str, str]:
    """Columns, constraints and indexes of the migrated database, but the version table's own."""
    things = dict(_asked(database.superuser_url, _THINGS))
    return {name: definition for name, definition in things.items() if "alembic_version" not in name}


def of_models(bare: Database) -> dict[str, str]:
    """The same of an empty database in which the models make their tables themselves."""
    engine = create_engine(bare.owner_url.replace("postgresql://", "postgresql+psycopg://"))
    metadata.create_all(engine)
    engine.dispose()
    return of_database(bare)


def differences(database: Database) -> list[Any]:
    """What Alembic's autogenerate would write into a new migration."""
    engine = create_engine(database.owner_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        found = compare_metadata(context, metadata)
    engine.dispose()
    return list(found)


def others(database: Database) -> list[str]:
    """Views, sequences, triggers, schemas and functions that are neither PostgreSQL's nor an extension's nor a door."""
    return sorted(row[0] for row in _asked(database.superuser_url, _OTHERS))


def doors(database: Database) -> dict[str, dict[str, Any]]:
    """Every function in schema `door`."""
    with psycopg.connect(database.superuser_url, row_factory=psycopg.rows.dict_row) as connection:
        return {row.pop("proname"): row for row in connection.execute(_DOORS)}


def door_grants(database: Database) -> set[tuple[str, str, str]]:
    """(table, verb, column) that the doors' role may use."""
    return set(_asked(database.superuser_url, _DOOR_GRANTS))


class Elsewhere(Database):
    """A database on a server of the test's own."""

    @property
    def app_url(self) -> str:
        return roles.address(self.admin_url, user=roles.APP, password=PASSWORD, database=self.name)

    @property
    def owner_url(self) -> str:
        return roles.address(self.admin_url, user=roles.OWNER, password=PASSWORD, database=self.name)


def migrated(admin_url: str, name: str, redis_url: str, folder: Path) -> Database:
    """A database on any server, made and migrated by the product's own functions."""
    from flask_migrate import upgrade

    from portal import create_app
    from portal.extensions import db
    from portal.settings import read

    roles.prepare(admin_url, database=name, owner_password=PASSWORD, app_password=PASSWORD)
    database = Elsewhere(admin_url, name)
    app = create_app(read(databases.environment(database, redis_url, str(folder))))
    with app.app_context():
        upgrade()
        db.engine.dispose()
    return database
