"""Sealing anew, under the newest key, what older keys still hold."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, func, select, update

from portal.core.crypto import CryptoError, keyring, seal, unseal
from portal.core.sealed import Sealed
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction

PORTION = 200
_FIRST = UUID(int=0)


@dataclass(slots=True)
class Tally:
    """What became of one column's values. `faults` counts those that couldn't be opened, by reason."""

    resealed: int = 0
    faults: Counter[str] = field(default_factory=Counter)


def reseal(attribute: Sealed, tenant_id: UUID) -> Tally:
    """Seal anew one column's values in one tenant, a transaction a portion. May be stopped and begun again.

    A value that somebody changes meanwhile is left as they made it, which is under the newest key.
    """
    tally, after = Tally(), _FIRST
    while True:
        with transaction(system_scope(tenant_id)) as session:
            rows = session.execute(_stale(attribute, after)).all()
            for row in rows:
                _reseal_row(session, attribute, tenant_id, row, tally)
        if len(rows) < PORTION:
            return tally
        after = rows[-1].id


def stale(attribute: Sealed, tenant_id: UUID) -> int:
    """How many of a column's values in a tenant are sealed with older keys."""
    column, owner = _column(attribute), cast("Any", attribute.owner)
    with transaction(system_scope(tenant_id)) as session:
        statement = select(func.count(owner.id)).where(_is_stale(column))
        return int(session.execute(statement).scalar_one())


def _reseal_row(session: Any, attribute: Sealed, tenant_id: UUID, row: Any, tally: Tally) -> None:
    owner = cast("Any", attribute.owner)
    place = {"table": owner.__tablename__, "column": attribute.column, "tenant_id": tenant_id, "id": row.id}
    try:
        plain = unseal(row.value, **place)
    except CryptoError as error:
        tally.faults[str(error)] += 1
        return
    statement = (
        update(owner)
        .where(owner.tenant_id == tenant_id, owner.id == row.id, _column(attribute) == row.value)
        .values({attribute.column: seal(plain, **place)})
    )
    done = session.execute(statement.execution_options(synchronize_session=False))
    tally.resealed += cast("CursorResult[Any]", done).rowcount


def _stale(attribute: Sealed, after: UUID) -> Any:
    owner, column = cast("Any", attribute.owner), _column(attribute)
    return (
        select(owner.id, column.label("value"))
        .where(_is_stale(column), owner.id > after)
        .order_by(owner.id)
        .limit(PORTION)
    )


def _column(attribute: Sealed) -> Any:
    return getattr(attribute.owner, attribute.column)


def _is_stale(column: Any) -> Any:
    return column.is_not(None) & ~column.startswith(keyring().prefix, autoescape=True)
