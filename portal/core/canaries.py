"""Canaries: every text of every tenant names its owner, so that one in a foreign hand is recognised at sight.

Outside production only (`flask demo --canaries`). A canary reads
`CANARY-harbor-10001-comments-body-9f3c01ab52d4`: tenant, client (or `-` for
none), table, column, and the end of the row's id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql
from sqlalchemy import CheckConstraint, Text

from portal.core.db import metadata
from portal.core.tenancy.census import declared

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    import psycopg

    from portal.core.tenancy.census import Declared

WORDS_OF_MACHINES = frozenset(
    {
        "email", "email_key", "slug", "host", "locale", "time_zone", "brand_color", "token_hash", "hash", "key", "kind",
        "blob_key", "thumbnail_key", "logo_key", "content_type", "message_id", "thread_id", "digest", "action",
        "object_kind", "handler", "permission", "version_num", "dedupe_key", "email_domain", "phone", "support_email",
        "support_phone", "website", "recipient", "reply_to", "sender", "address", "cause", "part", "visibility",
        "refusal", "template", "tax_id_sealed", "app_secret_sealed", "app_id", "issuer", "group_claim",
        "domain", "record",
    }
)  # fmt: skip
"""Columns that programs read: a word more would break what they are for."""
UNTOUCHED = frozenset({"audit_entries", "audit_heads", "alembic_version", "schedules", "tenant_hosts"})
"""Chained by hash, or of no tenant."""


def columns_of(table: str) -> list[str]:
    """The columns of a table that hold what people wrote, or were told."""
    found = metadata.tables[table]
    limited = " ".join(str(check.sqltext) for check in found.constraints if isinstance(check, CheckConstraint))
    return [
        column.name
        for column in found.columns
        if isinstance(column.type, Text)
        and column.name not in WORDS_OF_MACHINES
        and f"{column.name} IN (" not in limited
        and f"{column.name} ~" not in limited
    ]


def release(connection: psycopg.Connection[Any], tenant_id: UUID, slug: str) -> int:
    """Put a canary at the end of every text of the tenant; how many rows were touched. Runs as the owner."""
    touched = 0
    for name, table in declared().items():
        if name in UNTOUCHED or not columns_of(name):
            continue
        touched += connection.execute(_statement(table), {"tenant": tenant_id, "slug": slug}).rowcount
    return touched


def _statement(table: Declared) -> sql.Composed:
    changes = sql.SQL(", ").join(_change(table, column) for column in columns_of(table.name))
    key = sql.SQL(table.tenant_key or "id")
    return sql.SQL("UPDATE {} t SET {} WHERE t.{} = %(tenant)s").format(sql.Identifier(table.name), changes, key)


def _change(table: Declared, column: str) -> sql.Composed:
    """`body = body || ' CANARY-…'`; a text that isn't there stays so."""
    parts = sql.SQL(" || '-' || ").join(_parts(table, column))
    return sql.SQL("{0} = {0} || CASE WHEN {0} = '' THEN '' ELSE ' ' END || 'CANARY-' || {1}").format(
        sql.Identifier(column), parts
    )


def _parts(table: Declared, column: str) -> Iterator[sql.Composable]:
    yield sql.SQL("%(slug)s")
    yield _client(table)
    yield sql.Literal(table.name)
    yield sql.Literal(column)
    yield sql.SQL("right(t.id::text, 12)")


def _client(table: Declared) -> sql.Composable:
    columns = metadata.tables[table.name].columns
    owner = table.owner_key if table.table_class == "client" else "client_id" if "client_id" in columns else None
    if owner is None:
        return sql.SQL("'-'")
    return sql.SQL(
        "coalesce((SELECT c.number::text FROM clients c WHERE c.tenant_id = t.tenant_id AND c.id = t.{}), '-')"
    ).format(sql.Identifier(owner))
