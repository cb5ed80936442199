"""The boot check: web and worker refuse a database role that could get around row-level security."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

import psycopg

if TYPE_CHECKING:
    Connection = psycopg.Connection[Any]

GLOBAL_WITH_TENANT = ("tenant_hosts",)
"""Tables of class Global that hold a tenant's id and yet are read before the tenant is known."""

REMEDY = (
    "sign in as portal_app, made by `flask database prepare --admin-url URL`, "
    "on a database migrated by `flask db upgrade`"
)
CONNECT_PATIENCE = 10
"""Seconds."""


class UnsafeRole(Exception):
    """The database role may do what it must not; `faults` holds one line for each thing."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the faults and join them, one a line."""
        self.faults = faults
        super().__init__("\n".join(faults))


_ATTRIBUTES: LiteralString = """
    SELECT 'the role ' || quote_ident(rolname) || ' ' || fault
      FROM pg_catalog.pg_roles
     CROSS JOIN LATERAL (VALUES (rolsuper, 'is a superuser'),
                                (rolbypassrls, 'may bypass row-level security (BYPASSRLS)'),
                                (rolcreaterole, 'may create roles (CREATEROLE)'),
                                (rolcreatedb, 'may create databases (CREATEDB)'),
                                (rolreplication, 'may replicate (REPLICATION)')) AS attribute (is_set, fault)
     WHERE rolname IN (current_user, session_user) AND is_set
"""
_MEMBERSHIPS: LiteralString = """
    SELECT DISTINCT 'the role ' || quote_ident(current_user) || ' is a member of ' || quote_ident(other.rolname)
      FROM pg_catalog.pg_auth_members
      JOIN pg_catalog.pg_roles other ON other.oid = roleid
     WHERE member = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)
"""
_POSSESSIONS: LiteralString = """
    SELECT 'the role ' || quote_ident(current_user) || ' owns ' || count(*) || ' ' || kind || ': '
               || array_to_string((array_agg(thing ORDER BY thing))[:3], ', ')
               || CASE WHEN count(*) > 3 THEN ', …' ELSE '' END
      FROM (SELECT relowner AS owner, 'tables, views or sequences' AS kind, oid::regclass::text AS thing
              FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
             UNION ALL SELECT nspowner, 'schemas', quote_ident(nspname) FROM pg_catalog.pg_namespace
             UNION ALL SELECT proowner, 'functions', oid::regprocedure::text FROM pg_catalog.pg_proc
             UNION ALL SELECT datdba, 'databases', quote_ident(datname) FROM pg_catalog.pg_database) AS possession
     WHERE owner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)
       AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
     GROUP BY kind
     ORDER BY kind
"""
_CREATION: LiteralString = """
    SELECT 'the role ' || quote_ident(current_user) || ' may create things in schema ' || quote_ident(nspname)
      FROM pg_catalog.pg_namespace
     WHERE nspname IN ('public', 'door') AND has_schema_privilege(oid, 'CREATE')
       AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
"""
_UNGUARDED: LiteralString = """
    SELECT 'table ' || quote_ident(relname) || CASE
               WHEN NOT relrowsecurity THEN ' has row-level security switched off'
               WHEN NOT relforcerowsecurity THEN ' does not force row-level security'
               ELSE ' has no policy' END
      FROM pg_catalog.pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname <> ALL (%s)
       AND (relname = 'tenants'
            OR EXISTS (SELECT FROM pg_catalog.pg_attribute
                        WHERE attrelid = pg_class.oid AND attname = 'tenant_id' AND NOT attisdropped))
       AND NOT (relrowsecurity AND relforcerowsecurity
                AND EXISTS (SELECT FROM pg_catalog.pg_policy WHERE polrelid = pg_class.oid))
     ORDER BY relname
"""
_SIDE_DOORS: LiteralString = """
    SELECT 'view ' || oid::regclass::text || ' reads with its owner''s rights (no security_invoker)'
      FROM pg_catalog.pg_class
     WHERE relnamespace = 'public'::regnamespace
       AND (relkind = 'm' OR relkind = 'v' AND NOT coalesce(reloptions::text[], '{}') && %s::text[])
     UNION ALL
    SELECT 'function ' || oid::regprocedure::text || ' runs with its owner''s rights outside schema door'
      FROM pg_catalog.pg_proc
     WHERE prosecdef AND pronamespace = 'public'::regnamespace AND has_function_privilege(oid, 'EXECUTE')
"""
_INVOKER = ["security_invoker=true", "security_invoker=on", "security_invoker=1"]


def check_roles(connection: Connection) -> None:
    """Raise UnsafeRole unless this connection's role and the tables keep tenants apart.

    Refused: superuser, BYPASSRLS and other attributes that lead there, any membership,
    owning anything, creating anything, a table with tenants' rows that doesn't force
    row-level security, and views or functions that read with their owner's rights.
    """
    questions: list[tuple[LiteralString, list[object]]] = [
        (_ATTRIBUTES, []),
        (_MEMBERSHIPS, []),
        (_POSSESSIONS, []),
        (_CREATION, []),
        (_UNGUARDED, [list(GLOBAL_WITH_TENANT)]),
        (_SIDE_DOORS, [_INVOKER]),
    ]
    faults: list[str] = []
    for query, values in questions:
        faults += [row[0] for row in connection.execute(query, values or None)]
    if faults:
        raise UnsafeRole([*faults, REMEDY])


def check_database(url: str) -> None:
    """`check_roles` over a connection of its own. Raises UnsafeRole, or psycopg.OperationalError."""
    with psycopg.connect(url, connect_timeout=CONNECT_PATIENCE) as connection:
        check_roles(connection)
