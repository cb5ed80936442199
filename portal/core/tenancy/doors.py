"""The doors this part of the house goes through: functions of the database that look across tenants.

A test lists every door and its callers; the relay and the schedule have the
other ones in `portal/core/events`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from portal.core import clock
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.scope import Reach, Scope, current_scope, set_scope
from portal.extensions import db

_ENTER = text(
    "SELECT * FROM door.enter(:slug, :host, :side, :token, :other, :now, CAST(:idle AS interval))"
).execution_options(**{RAW: True})
_RECOGNISE = text("SELECT * FROM door.recognise(:kind, :email_key)").execution_options(**{RAW: True})
_THROTTLE = text(
    "SELECT * FROM door.throttle(:key, CAST(:limits AS integer[]), CAST(:windows AS interval[]), :at)"
).execution_options(**{RAW: True})
_FORGIVE = text("SELECT door.forgive(:key, :at)").execution_options(**{RAW: True})
_TENANT = text("SELECT door.tenant_of_host(:slug, :host)").execution_options(**{RAW: True})


@dataclass(frozen=True, slots=True)
class Entry:
    """What the first door found: the scope, and the own facts that every page shows."""

    scope: Scope
    facts: Any


def enter(  # what a request brings along; each is checked by the door
    *, slug: str, host: str, side: str, token_hash: str, other_token_hash: str, idle: dt.timedelta
) -> Entry | None:
    """Resolve tenant, session and permissions, and put the scope in force. None: no such tenant.

    It is the request's first statement; the database has the scope's settings
    from here to the end of the transaction.
    """
    row = db.session.execute(
        _ENTER,
        {"slug": slug, "host": host, "side": side, "token": token_hash, "other": other_token_hash,
         "now": clock.now(), "idle": idle},
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    scope = Scope(
        tenant_id=row.tenant_id,
        reach=Reach(row.reach),
        client_id=row.client_id,
        user_id=row.user_id,
        contact_id=row.contact_id,
        membership_id=row.membership_id,
        session_id=row.session_id,
        site_id=row.site_id,
        ticket_scope=row.ticket_scope or "own",
        permissions=frozenset(row.permissions or ()),
    )
    _adopt(scope)
    return Entry(scope, row)


def recognise(*, kind: str, email_key: str) -> tuple[UUID | None, UUID | None]:
    """At the gate: let the scope see this one person from here on; nobody of that address is seen as nobody.

    Returns the person and, for a client's, the membership that a sign-in begins with.
    """
    gate = current_scope()
    row = db.session.execute(_RECOGNISE, {"kind": kind, "email_key": email_key}).one()
    _adopt(Scope(tenant_id=gate.tenant_id, reach=Reach.GATE, user_id=row.user_id))
    return row.user_id, row.membership_id


def throttle(key: str, *, limits: Sequence[tuple[int, dt.timedelta]], at: dt.datetime) -> tuple[float, bool]:
    """Count a try under the key: seconds to wait, 0 where this one may be evaluated, and whether a refusal is news.

    `limits`: at most so many tries within any such span. The caller commits at once:
    the count must stand whatever follows.
    """
    row = db.session.execute(
        _THROTTLE,
        {"key": key, "limits": [each[0] for each in limits], "windows": [each[1] for each in limits], "at": at},
    ).one()
    return row.wait, row.is_news


def forgive(key: str, *, at: dt.datetime) -> None:
    """Take back the try that was counted under the key at that time: it was the owner's."""
    db.session.execute(_FORGIVE, {"key": key, "at": at})


def tenant_of_host(*, slug: str, host: str) -> UUID | None:
    """The active tenant that answers at this host."""
    tenant_id: UUID | None = db.session.execute(_TENANT, {"slug": slug, "host": host}).scalar_one()
    return tenant_id


def _adopt(scope: Scope) -> None:
    """The door has set the transaction's settings; let the session know the same scope."""
    set_scope(scope)
    db.session().info["scope"] = scope
