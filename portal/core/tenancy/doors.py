"""The doors this part of the house goes through: functions of the database that look across tenants.

A test lists every door and its callers; the relay and the schedule have the
other ones in `portal/core/events`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from portal.core import clock
from portal.core.ids import new_id
from portal.core.tenancy.filter import RAW
from portal.core.tenancy.scope import Reach, Scope, current_scope, set_scope
from portal.extensions import db

_ENTER = text(
    "SELECT * FROM door.enter(:slug, :host, :side, :token, :other, :now, CAST(:idle AS interval))"
).execution_options(**{RAW: True})
_RECOGNISE = text("SELECT * FROM door.recognise(:kind, :email_key)").execution_options(**{RAW: True})
_RECOGNISE_USER = text("SELECT * FROM door.recognise_user(:kind, :user_id)").execution_options(**{RAW: True})
_NEEDS_SECOND_FACTOR = text("SELECT door.needs_second_factor()").execution_options(**{RAW: True})
_OWNER_OF_PASSKEY = text("SELECT door.owner_of_passkey(:kind, :credential_id)").execution_options(**{RAW: True})
_OWNER_OF_IDENTITY = text("SELECT door.owner_of_identity(:provider_id, :subject)").execution_options(**{RAW: True})
_OWNER_OF_MAIL_TOKEN = text("SELECT * FROM door.owner_of_mail_token(:purpose, :token_hash, :now)").execution_options(
    **{RAW: True}
)
_CANDIDATES = text("SELECT user_id FROM door.candidates(:digits, :most)").execution_options(**{RAW: True})
_REDEEM = text(
    "SELECT * FROM door.redeem_access_code(:digits, :code_hash, :user_id, :email, :email_key, :name,"
    " :password_id, :password_hash, :membership_id, :membership_role_id, :now)"
).execution_options(**{RAW: True})
_INVITEE = text("SELECT door.invitee(:user_id, :email, :email_key, :name, :now)").execution_options(**{RAW: True})
_ACCOUNT_STATES = text("SELECT * FROM door.account_states()").execution_options(**{RAW: True})
_LEAVE = text("SELECT door.leave(:session_id)").execution_options(**{RAW: True})
_ROTATE = text("SELECT door.rotate(:session_id, :token, :new_token, :privileges, :now, :until)").execution_options(
    **{RAW: True}
)
_OWN_SEATS = text("SELECT * FROM door.own_seats()").execution_options(**{RAW: True})
_END_SEAT = text("SELECT door.end_seat(:membership_id)").execution_options(**{RAW: True})
_THROTTLE = text(
    "SELECT * FROM door.throttle(:key, CAST(:limits AS integer[]), CAST(:windows AS interval[]), :at)"
).execution_options(**{RAW: True})
_FORGIVE = text("SELECT door.forgive(:key, :at)").execution_options(**{RAW: True})
_TENANT = text("SELECT door.tenant_of_host(:slug, :host)").execution_options(**{RAW: True})
_TENANTS = text("SELECT * FROM door.tenants(:slug)").execution_options(**{RAW: True})


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
        at_sites=frozenset(_at_site(held) for held in row.at_sites or ()),
        board_ids=None if row.board_ids is None else frozenset(row.board_ids),
        client_ids=None if row.client_ids is None else frozenset(row.client_ids),
        staff_user_id=row.staff_user_id,
        proved_at=row.proved_at,
    )
    _adopt(scope)
    return Entry(scope, row)


def recognise(*, kind: str, email_key: str) -> tuple[UUID | None, UUID | None]:
    """At the gate: let the scope see this one person from here on; nobody of that address is seen as nobody.

    Returns the person and, for a client's, the membership that a sign-in begins with.
    """
    return _seen(_RECOGNISE, {"kind": kind, "email_key": email_key})


def recognise_user(*, kind: str, user_id: UUID | None) -> tuple[UUID | None, UUID | None]:
    """At the gate: the same for somebody whose id is known; of another side it is nobody."""
    return _seen(_RECOGNISE_USER, {"kind": kind, "user_id": user_id})


def _seen(statement: TextClause, arguments: dict[str, Any]) -> tuple[UUID | None, UUID | None]:
    gate = current_scope()
    row = db.session.execute(statement, arguments).one()
    _adopt(Scope(tenant_id=gate.tenant_id, reach=Reach.GATE, user_id=row.user_id))
    return row.user_id, row.membership_id


def needs_second_factor() -> bool:
    """At the gate: whether a role of the person who was recognised asks for a second factor."""
    return bool(db.session.execute(_NEEDS_SECOND_FACTOR).scalar_one())


def owner_of_passkey(*, kind: str, credential_id: str) -> UUID | None:
    """At the gate: whose passkey this is, by its id in base64url; it proves nothing yet."""
    owner: UUID | None = db.session.execute(
        _OWNER_OF_PASSKEY, {"kind": kind, "credential_id": credential_id}
    ).scalar_one()
    return owner


def owner_of_identity(*, provider_id: UUID, subject: str) -> UUID | None:
    """At the gate: who is known to this SSO provider under this subject."""
    owner: UUID | None = db.session.execute(
        _OWNER_OF_IDENTITY, {"provider_id": provider_id, "subject": subject}
    ).scalar_one()
    return owner


def owner_of_mail_token(*, purpose: str, token_hash: str, at: dt.datetime) -> tuple[UUID, str] | None:
    """At the gate: whose token of this purpose this is, and their kind, if it is good then. It consumes nothing."""
    row = db.session.execute(
        _OWNER_OF_MAIL_TOKEN, {"purpose": purpose, "token_hash": token_hash, "now": at}
    ).one_or_none()
    return None if row is None else (row.user_id, row.kind)


def candidates(*, digits: str, most: int) -> list[UUID]:
    """At the gate: the users whom a client number or phone number may mean, at most so many."""
    return list(db.session.execute(_CANDIDATES, {"digits": digits, "most": most}).scalars())


@dataclass(frozen=True, slots=True)
class Linked:
    """Whose seat an access code became. `is_new`: the login was made with it, and waits for proof of its mailbox.

    Else the address had one before: the seat waits until its owner takes it; None where they had one at this client.
    """

    user_id: UUID
    client_id: UUID
    membership_id: UUID | None
    is_new: bool


def redeem_access_code(
    *, digits: str, code_hash: str, email: str, email_key: str, name: str, password_hash: str
) -> Linked | None:
    """At the gate: use an access code up for this address; None for a code that isn't good."""
    row = db.session.execute(
        _REDEEM,
        {"digits": digits, "code_hash": code_hash, "email": email, "email_key": email_key, "name": name,
         "password_hash": password_hash, "user_id": new_id(), "password_id": new_id(), "membership_id": new_id(),
         "membership_role_id": new_id(), "now": clock.now()},
    ).one_or_none()  # fmt: skip
    return None if row is None else Linked(row.user_id, row.client_id, row.membership_id, row.is_new)


def invitee(*, user_id: UUID, email: str, email_key: str, name: str) -> UUID:
    """For a client's scope: the id of the client user of this address, made as pending under `user_id` if missing."""
    found: UUID = db.session.execute(
        _INVITEE, {"user_id": user_id, "email": email, "email_key": email_key, "name": name, "now": clock.now()}
    ).scalar_one()
    return found


@dataclass(frozen=True, slots=True)
class AccountState:
    """What a client's Admin learns of a login: its state, and whether it has a second factor."""

    state: str
    has_second_factor: bool


def account_states() -> dict[UUID, AccountState]:
    """For a client's scope: what became of the logins of its own people, by membership."""
    rows = db.session.execute(_ACCOUNT_STATES).all()
    return {row.membership_id: AccountState(row.state, row.has_second_factor) for row in rows}


def leave(session_id: UUID) -> None:
    """For a client's scope: end the session at hand, if somebody of the staff looks on through it."""
    db.session.execute(_LEAVE, {"session_id": session_id})


def rotate(
    session_id: UUID, *, token_hash: str, new_hash: str, privileges: str, grace: dt.timedelta
) -> dt.datetime | None:
    """Give a session another token, once: when it is over at the latest, None where another request did it."""
    now = clock.now()
    expires_at: dt.datetime | None = db.session.execute(
        _ROTATE,
        {"session_id": session_id, "token": token_hash, "new_token": new_hash, "privileges": privileges,
         "now": now, "until": now + grace},
    ).scalar_one()  # fmt: skip
    return expires_at


def own_seats() -> list[tuple[UUID, str]]:
    """For a client's scope: the memberships that the person may take up, with the companies' names, by name."""
    return [(row.membership_id, row.client_name) for row in db.session.execute(_OWN_SEATS)]


def end_seat(membership_id: UUID) -> None:
    """For a client's scope: end the sessions of somebody at the own client."""
    db.session.execute(_END_SEAT, {"membership_id": membership_id})


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


def tenants(slug: str | None = None) -> list[tuple[UUID, str]]:
    """For commands, outside a scope or in the system's: every tenant with its slug, or the one of this slug.

    In the order of the slugs, suspended ones too. A person's scope is refused by the door.
    """
    return [(row.tenant_id, row.slug) for row in db.session.execute(_TENANTS, {"slug": slug})]


def _at_site(held: str) -> tuple[str, UUID]:
    permission, _, site_id = held.partition(" ")
    return permission, UUID(site_id)


def _adopt(scope: Scope) -> None:
    """The door has set the transaction's settings; let the session know the same scope."""
    set_scope(scope)
    db.session().info["scope"] = scope
