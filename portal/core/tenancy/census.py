"""The census: what the code declares of each table, what the database knows of it, and a checksum per tenant.

Declarations come from the models' table classes, facts from PostgreSQL's
catalogue. Tests hold the one against the other; `flask census` shows both.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from portal.core.db import Base
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.tables import ClientOwned, MemberOwned, PersonOwned, TenantItself, TenantOwned, WithVisibility

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import TextClause
    from sqlalchemy.orm import Session

    from portal.core.tenancy.tables import TableClass


class UndeclaredTable(LookupError):
    """A mapped table whose model inherits none of the table classes."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the code says of a table.

    `owner_key` is the column that names client or person, or the tenant where the rows are the tenants; else None.
    """

    name: str
    table_class: TableClass
    owner_key: str | None
    has_visibility: bool
    order: tuple[str, ...]

    @property
    def is_global(self) -> bool:
        """Whether its rows belong to no tenant."""
        return self.table_class == "global"

    @property
    def tenant_key(self) -> str | None:
        """The column by which a scope sees its own tenant's rows; None: everybody sees all."""
        return self.owner_key if self.is_global else "tenant_id"


@dataclass(frozen=True, slots=True)
class Policy:
    """One row-level security policy as PostgreSQL keeps it."""

    name: str
    verb: str
    roles: tuple[str, ...]
    is_permissive: bool
    using: str | None
    check: str | None


@dataclass(frozen=True, slots=True)
class Key:
    """A primary, unique or foreign key; `references` names the other table of a foreign one."""

    name: str
    kind: str
    columns: tuple[str, ...]
    references: str | None
    referenced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What the database says of a table. `defaults` are columns that the server would fill."""

    name: str
    owner: str
    is_secured: bool
    is_forced: bool
    policies: tuple[Policy, ...]
    keys: tuple[Key, ...]
    defaults: tuple[str, ...]
    grants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows of a table a tenant has, and SHA-256 over them in the order of their ids."""

    rows: int
    checksum: str


VERSION_TABLE = Declared("alembic_version", "global", None, has_visibility=False, order=("version_num",))
"""The one table that no model maps."""

_TABLES = text("""
    SELECT c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
           c.relrowsecurity AS is_secured, c.relforcerowsecurity AS is_forced,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'name', p.policyname, 'verb', p.cmd, 'roles', p.roles,
                       'is_permissive', p.permissive = 'PERMISSIVE', 'using', p.qual, 'check', p.with_check
                   ) ORDER BY p.policyname), '[]')
              FROM pg_catalog.pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname) AS policies,
           (SELECT coalesce(jsonb_agg(jsonb_build_object(
                       'name', k.name, 'kind', k.kind, 'columns', k.columns,
                       'references', k.other, 'referenced', k.referenced
                   ) ORDER BY k.name), '[]')
              FROM (SELECT n.conname AS name, 'foreign' AS kind,
                           ARRAY(SELECT a.attname FROM unnest(n.conkey) WITH ORDINALITY u (number, place)
                                   JOIN pg_catalog.pg_attribute a ON a.attrelid = n.conrelid AND a.attnum = u.number
                                  ORDER BY u.place) AS columns,
                           n.confrelid::regclass::text AS other,
                           ARRAY(SELECT a.attname FROM unnest(n.confkey) WITH ORDINALITY u (number, place)
                                   JOIN pg_catalog.pg_attribute a ON a.attrelid = n.confrelid AND a.attnum = u.number
                                  ORDER BY u.place) AS referenced
                      FROM pg_catalog.pg_constraint n WHERE n.conrelid = c.oid AND n.contype = 'f'
                     UNION ALL
                    SELECT i.indexrelid::regclass::text, CASE WHEN i.indisprimary THEN 'primary' ELSE 'unique' END,
                           ARRAY(SELECT coalesce(a.attname, '(expression)')
                                   FROM unnest(i.indkey) WITH ORDINALITY u (number, place)
                                   LEFT JOIN pg_catalog.pg_attribute a
                                     ON a.attrelid = i.indrelid AND a.attnum = u.number AND u.number > 0
                                  WHERE u.place <= i.indnkeyatts ORDER BY u.place),
                           NULL, ARRAY[]::name[]
                      FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisunique) AS k) AS keys,
           ARRAY(SELECT a.attname FROM pg_catalog.pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                    AND (a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '') ORDER BY a.attname) AS defaults,
           ARRAY(SELECT verb FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS verb
                  WHERE has_table_privilege('portal_app', c.oid, verb)) AS grants
      FROM pg_catalog.pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'f')
     ORDER BY c.relname
""").execution_options(**{RAW: True})

_PLAIN = text("""
    SELECT set_config('statement_timeout', '0', true), set_config('TimeZone', 'UTC', true),
           set_config('DateStyle', 'ISO, YMD', true), set_config('IntervalStyle', 'iso_8601', true),
           set_config('bytea_output', 'hex', true), set_config('extra_float_digits', '1', true)
""").execution_options(**{RAW: True})


def declared() -> dict[str, Declared]:
    """Every table of the models that are imported, by name; an app has imported all. Raises UndeclaredTable."""
    tables = {VERSION_TABLE.name: VERSION_TABLE}
    for mapper in Base.registry.mappers:
        name = mapper.local_table.name  # type: ignore[attr-defined]  # ours are tables, never joins
        tables[name] = _declaration(mapper.class_, name)
    return dict(sorted(tables.items()))


def _declaration(model: type[Any], name: str) -> Declared:
    table_class = getattr(model, "__table_class__", None)
    if table_class is None:
        message = f"{model.__name__} inherits no table class (portal/core/tenancy/tables.py)"
        raise UndeclaredTable(message)
    key: str | None = None
    if issubclass(model, ClientOwned):
        key = model.__client_key__
    elif issubclass(model, PersonOwned):
        key = model.__person_key__
    elif issubclass(model, MemberOwned):
        key = "client_id"
    elif issubclass(model, TenantItself):
        key = "id"
    order = (
        ("tenant_id", "id") if issubclass(model, TenantOwned) else tuple(c.name for c in model.__table__.primary_key)
    )
    return Declared(name, table_class, key, issubclass(model, WithVisibility), order)


def found(session: Session) -> dict[str, Found]:
    """Every table that the database has in schema `public`, by name."""
    return {row.name: _fact(row._asdict()) for row in session.execute(_TABLES)}


def _fact(row: dict[str, Any]) -> Found:
    row["policies"] = tuple(Policy(**{**policy, "roles": tuple(policy["roles"])}) for policy in row["policies"])
    row["keys"] = tuple(
        Key(**{**key, "columns": tuple(key["columns"]), "referenced": tuple(key["referenced"])}) for key in row["keys"]
    )
    row["defaults"] = tuple(row["defaults"])
    row["grants"] = tuple(row["grants"])
    return Found(**row)


def is_composite(table: Found) -> bool:
    """Whether no key of the table can point or clash across tenants: each begins with `tenant_id`."""
    return all(key.columns[0] == "tenant_id" for key in table.keys)


def tally_statement(tables: Iterable[Declared]) -> TextClause:
    """One statement that yields (table, tenant, rows, checksum) for each table and tenant that may be seen.

    In a tenant's system scope that is the one tenant; the owner sees all. Each
    row adds eight bytes of its own SHA-256, so that a table of millions still
    fits into one aggregate.
    """
    return text("\nUNION ALL\n".join(_tally_of(table) for table in tables)).execution_options(**{RAW: True})


def _tally_of(table: Declared) -> str:
    key = table.tenant_key
    tenant, group = (key, f" GROUP BY {key}") if key else ("NULL::uuid", "")
    order = ", ".join(f"t.{column}" for column in table.order)
    return (
        f"SELECT '{table.name}' AS name, {tenant} AS tenant_id, count(*) AS rows,"  # noqa: S608  # names of our own models
        " encode(sha256(coalesce(string_agg(substr(sha256(convert_to(CAST(t AS text), 'UTF8')), 1, 8), ''"
        f" ORDER BY {order}), '')), 'hex') AS checksum FROM {table.name} t{group}"
    )


def tallies(session: Session, tables: Iterable[Declared]) -> dict[str, Tally]:
    """Rows and checksum of each table as far as the scope in force sees it; tables without rows are left out."""
    session.execute(_PLAIN)
    return {row.name: Tally(row.rows, row.checksum) for row in session.execute(tally_statement(tables))}


def as_json(table: Declared, fact: Found | None, counted: dict[str, Tally]) -> dict[str, Any]:
    """One table's line in `flask census --json`; `counted` is by tenant."""
    return {
        "name": table.name,
        "class": table.table_class,
        "owner_key": table.owner_key,
        "visibility": table.has_visibility,
        "rls": {"enabled": bool(fact and fact.is_secured), "forced": bool(fact and fact.is_forced)},
        "policies": [asdict(policy) for policy in fact.policies] if fact else [],
        "keys_composite": bool(fact) and (table.is_global or is_composite(fact)) if fact else False,
        "grants": list(fact.grants) if fact else [],
        "tenants": {tenant: asdict(tally) for tenant, tally in sorted(counted.items())},
    }
