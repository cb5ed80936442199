"""The audit trail: what was done, by whom, as whom, from where; append-only and chained by hash.

Entries are collected on the session and handed to `door.audit_append` as the
last statement before the commit: the door alone may lock and move the tenant's
chain head, and it holds that lock only for the commit itself.
"""

import datetime as dt
import json
import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.core import clock
from portal.core.db import Base, Json, unique
from portal.core.ids import new_id
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.scope import Scope, current_scope
from portal.core.tenancy.tables import ClientOwned, StaffOwned, WithVisibility
from portal.extensions import db

PENDING = "audit"
SECRET_FIELDS = frozenset({"password", "hash", "token", "token_hash", "secret", "key", "code"})


class AuditHead(StaffOwned, Base):
    """The last link of a tenant's chain, and the last one that was taken off its old end (`door.audit_trim`)."""

    __tablename__ = "audit_heads"
    __table_args__ = (unique(),)

    position: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str]
    trimmed_position: Mapped[int] = mapped_column(BigInteger, default=0)
    trimmed_digest: Mapped[str] = mapped_column(default="")


class AuditEntry(ClientOwned, WithVisibility, Base):
    """One link: `digest` is SHA-256 over the digest before it and this entry's facts as canonical JSON.

    An act that concerns no client has no `client_id` and is the staff's alone. A
    client reads those of its own that are `public`; nobody writes but the door.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        unique("position"),
        Index("ix_audit_entries_at", "tenant_id", "at", "id"),
        Index("ix_audit_entries_object", "tenant_id", "object_kind", "object_id"),
        Index("ix_audit_entries_client", "tenant_id", "client_id", "at", "id"),
        Index("ix_audit_entries_user", "tenant_id", "user_id", "at", "id"),
        Index("ix_audit_entries_action", "tenant_id", "action", "at", "id"),
    )

    position: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[dt.datetime]
    action: Mapped[str]
    facts: Mapped[Json]
    object_kind: Mapped[str]
    object_id: Mapped[uuid.UUID | None]
    client_id: Mapped[uuid.UUID | None]  # type: ignore[assignment]  # unlike other tables of clients
    user_id: Mapped[uuid.UUID | None]
    digest: Mapped[str]


def masked(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """The values with secrets replaced by `***`; None stays None."""
    if values is None:
        return None
    return {name: "***" if name in SECRET_FIELDS else value for name, value in values.items()}


def record(
    action: str,
    target: object = None,
    *,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    client_id: uuid.UUID | None = None,
    shown: bool = False,
    **facts: str | int | None,
) -> None:
    """Note an act for the trail of the scope's tenant; it is written when the transaction commits.

    `client_id`: the client it concerns, where neither target nor scope says so.
    `shown`: the client's Admins may read of it.

    Raises NoScope where nobody is asking: an act without actor is an error, not
    a line that may be skipped.
    """
    scope = current_scope()
    session = db.session()
    session.info.setdefault(PENDING, []).append(
        {
            "id": str(new_id()),
            "at": clock.now().isoformat(),
            "action": action,
            "object_kind": getattr(target, "__tablename__", ""),
            "object_id": _text(getattr(target, "id", None)),
            "client_id": _text(client_id or getattr(target, "client_id", None) or scope.client_id),
            "user_id": _text(scope.actor_id),
            "visibility": "public" if shown else "internal",
            "facts": {**_seen_from(session, scope), "old": masked(old), "new": masked(new), **facts},
        }
    )


def retell(entries: Iterable[dict[str, Any]]) -> None:
    """Note entries that have times of their own, as `record` makes them: for demo data, whose past is invented.

    They are chained like all others, behind whatever the trail holds already.
    """
    db.session().info.setdefault(PENDING, []).extend(entries)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _seen_from(session: Session, scope: Scope) -> dict[str, str]:
    seen = {"reach": str(scope.reach), **session.info.get("origin", {})}
    if scope.staff_user_id is not None:
        seen["as_contact"] = str(scope.contact_id)
    return seen


def append(session: Session) -> None:
    """Hand the collected entries to the door. Listens to `before_commit`; a failure aborts the commit."""
    entries = session.info.pop(PENDING, None)
    if entries:
        session.flush()
        session.execute(
            text("SELECT door.audit_append(CAST(:entries AS jsonb))").execution_options(**{RAW: True}),
            {"entries": json.dumps(entries)},
        )


def drop(session: Session) -> None:
    """Forget what a rolled back transaction would have told. Listens to `after_rollback`."""
    session.info.pop(PENDING, None)
