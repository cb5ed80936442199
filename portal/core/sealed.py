"""`Sealed`: a model's attribute that reads and writes plain text and stores it encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, overload

from sqlalchemy import event

from portal.core.crypto import seal, unseal
from portal.core.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection
    from sqlalchemy.orm import Mapper

REGISTRY: Final[list[Sealed]] = []
"""Every sealed attribute of every model that was imported; `flask keys rotate` walks it."""


class _Row(Protocol):
    """What a model with sealed columns must have; every tenant-owned table does."""

    __tablename__: str
    tenant_id: UUID
    id: UUID


class Sealed:
    """Plain text to the program, sealed text in the column named.

    ```python
    tax_id_sealed: Mapped[str | None]
    tax_id = Sealed("tax_id_sealed")
    ```

    The value is bound to the row's tenant and id. A new row may not have them yet, so its plain
    text is kept beside the column and sealed just before the insert, when the session has stamped
    the row; nothing unsealed ever reaches a statement.
    """

    def __init__(self, column: str) -> None:
        """Name the mapped text column that holds the sealed value."""
        self.column = column
        self.owner: type[_Row]
        self._kept = f"_plain_{column}"

    def __set_name__(self, owner: type[_Row], name: str) -> None:
        """Join the registry and seal new rows of this class before they are inserted."""
        self.owner = owner
        REGISTRY.append(self)
        event.listen(owner, "before_insert", self._seal_new, propagate=True)

    @overload
    def __get__(self, row: None, owner: type) -> Sealed: ...
    @overload
    def __get__(self, row: _Row, owner: type) -> str | None: ...
    def __get__(self, row: _Row | None, owner: type) -> Sealed | str | None:
        """Return the plain text. Raises UnknownKey or NotAuthentic."""
        if row is None:
            return self
        kept: str | None = vars(row).get(self._kept)
        if kept is not None:
            return kept
        sealed: str | None = getattr(row, self.column)
        return None if sealed is None else unseal(sealed, **self.place(row))

    def __set__(self, row: _Row, value: str | None) -> None:
        """Seal a text into the column; None empties it."""
        vars(row).pop(self._kept, None)
        if value is None:
            setattr(row, self.column, None)
        elif _has_identity(row):
            setattr(row, self.column, seal(value, **self.place(row)))
        else:
            vars(row)[self._kept] = value

    def place(self, row: _Row) -> dict[str, Any]:
        """Return what binds the value to this row: the keyword arguments of `seal`."""
        return {"table": row.__tablename__, "column": self.column, "tenant_id": row.tenant_id, "id": row.id}

    def _seal_new(self, _mapper: Mapper[Any], _connection: Connection, row: _Row) -> None:
        kept: str | None = vars(row).pop(self._kept, None)
        if kept is None:
            return
        if vars(row).get("id") is None:
            row.id = new_id()
        setattr(row, self.column, seal(kept, **self.place(row)))


def _has_identity(row: _Row) -> bool:
    """Whether the row is in the database already, so that its tenant and id can't change any more."""
    state: Any = vars(row)["_sa_instance_state"]
    return state.key is not None
