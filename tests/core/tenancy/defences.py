"""Switches a line of defence off, for tests alone: the product has no setting that could."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.orm import Session

from portal.core.tenancy import filter as session_filter
from portal.core.tenancy.tables import TenantOwned
from tests.databases import Database


@contextmanager
def filter_off() -> Iterator[None]:
    """Without the session filter and its guards; the settings of row-level security are still sent."""
    listeners = [
        (Session, "do_orm_execute", session_filter.restrict, {}),
        (Session, "before_flush", session_filter.stamp, {}),
        (TenantOwned, "load", session_filter.check_loaded, {"propagate": True}),
        (TenantOwned, "refresh", session_filter.check_loaded, {"propagate": True}),
    ]
    for target, name, listener, _ in listeners:
        event.remove(target, name, listener)
    event.listen(Session, "before_flush", _stamp_only)
    try:
        yield
    finally:
        event.remove(Session, "before_flush", _stamp_only)
        for target, name, listener, options in listeners:
            event.listen(target, name, listener, **options)


def _stamp_only(session: Session, context: object, instances: object) -> None:
    """New rows still need an owner; rows that carry another one are let through."""
    from portal.core.tenancy.scope import current_scope

    scope = current_scope()
    for row in session.new:
        if isinstance(row, TenantOwned):
            row.tenant_id = vars(row).get("tenant_id") or scope.tenant_id
            key = getattr(row, "__client_key__", None)
            if scope.is_client and key and vars(row).get(key) is None:
                setattr(row, key, scope.client_id)


def row_security_off(database: Database) -> None:
    """Without row-level security, in this test's copy of the database."""
    with psycopg.connect(database.owner_url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND rowsecurity"
        ).fetchall()
        for (name,) in tables:
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(sql.Identifier(name)))
