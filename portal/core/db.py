"""The declarative base and the shapes that all tables share."""

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKeyConstraint, Identity, MetaData, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, registry

__all__ = ["Base", "Identity", "Json", "big_int", "key_with_client", "metadata", "references", "unique"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Json = dict[str, Any]
big_int = BigInteger


class Base(DeclarativeBase):
    """Every table of the product.

    Types come from the annotation: text without length (limits are CHECKs or
    rules), instants with a time zone, UUIDs as the native type.
    """

    registry = registry(
        metadata=metadata,
        type_annotation_map={
            str: Text(),
            uuid.UUID: Uuid(),
            dt.datetime: DateTime(timezone=True),
            Json: JSONB(),
            list[str]: ARRAY(Text()),
        },
    )


def references(target: str, **columns: str) -> ForeignKeyConstraint:
    """A foreign key whose first column is the tenant's, so that no row can point across tenants.

    `references("tickets", client_id="client_id", ticket_id="id")` ties
    (tenant_id, client_id, ticket_id) to the same three of `tickets`. The action
    on deletion is always RESTRICT: rows end by their own services.
    """
    return ForeignKeyConstraint(
        ["tenant_id", *columns], [f"{target}.{name}" for name in ("tenant_id", *columns.values())]
    )


def unique(*columns: str) -> UniqueConstraint:
    """A unique key inside one tenant."""
    return UniqueConstraint("tenant_id", *columns)


def key_with_client(*more: str) -> UniqueConstraint:
    """The key that children of a client's row point at, so that they carry the same client."""
    return UniqueConstraint("tenant_id", "client_id", "id", *more)
