"""Who is asking: one immutable value, carried by a context variable."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from werkzeug.local import LocalProxy


class Reach(StrEnum):
    """How far a scope sees; never inferred from a missing client."""

    GATE = "gate"
    CLIENT = "client"
    STAFF = "staff"
    SYSTEM = "system"


class NoScope(LookupError):
    """Scoped work was begun without anybody asking for it."""


class ScopeChanged(RuntimeError):
    """One transaction was asked to serve two scopes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Tenant, reach and person of one transaction.

    `ticket_scope` is how much of the own client's tickets a person sees (own,
    taking_part, site, company), `board_ids` on which boards (None: all); both mean
    nothing at other reaches. `at_sites` are permissions that count at one site only.
    `client_ids` are the only clients that a member of the staff sees (None: all).
    `staff_user_id` is who looks on when the staff has opened the portal as somebody.
    `proved_at` is when the person last proved who they are.
    """

    tenant_id: UUID
    reach: Reach
    client_id: UUID | None = None
    user_id: UUID | None = None
    contact_id: UUID | None = None
    membership_id: UUID | None = None
    session_id: UUID | None = None
    site_id: UUID | None = None
    ticket_scope: str = "own"
    permissions: frozenset[str] = frozenset()
    at_sites: frozenset[tuple[str, UUID]] = frozenset()
    board_ids: frozenset[UUID] | None = None
    client_ids: frozenset[UUID] | None = None
    staff_user_id: UUID | None = None
    proved_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse a client scope without client: it would mean "everything" to a careless reader.

        Its person is a user or, where somebody without a login is only written to, a
        contact. Without a user the person tables show nothing, since no row's owner
        equals an unset one, and no session can belong to it.
        """
        if self.reach is not Reach.CLIENT:
            return
        if self.client_id is None or (self.user_id is None and self.contact_id is None):
            message = "a client scope needs its client and its person"
            raise ValueError(message)
        if self.user_id is None and self.session_id is not None and self.staff_user_id is None:
            message = "nobody signs in without a user"
            raise ValueError(message)

    def may(self, permission: str) -> bool:
        """Whether the person holds the permission, be it at one site only; the system holds all."""
        return self.reach is Reach.SYSTEM or permission in self.permissions or self._holds_at_a_site(permission)

    def sites_of(self, permission: str) -> frozenset[UUID] | None:
        """The sites at which the person holds the permission; None: everywhere."""
        if self.reach is Reach.SYSTEM or permission in self.permissions:
            return None
        return frozenset(site_id for held, site_id in self.at_sites if held == permission)

    def _holds_at_a_site(self, permission: str) -> bool:
        return any(held == permission for held, _ in self.at_sites)

    @property
    def actor_id(self) -> UUID | None:
        """Who acts: the person, or the member of the staff who looks on as somebody."""
        return self.staff_user_id or self.user_id

    @property
    def is_staff(self) -> bool:
        """Whether the scope sees every client of the tenant."""
        return self.reach in {Reach.STAFF, Reach.SYSTEM}

    @property
    def is_client(self) -> bool:
        """Whether the scope is one client's."""
        return self.reach is Reach.CLIENT


Viewer = Scope


def system_scope(tenant_id: UUID) -> Scope:
    """The scope of jobs and commands inside one tenant."""
    return Scope(tenant_id=tenant_id, reach=Reach.SYSTEM)


class Unentered:
    """A request whose first statement, the door, has not answered yet."""


UNENTERED = Unentered()
_scope: ContextVar[Scope | Unentered | None] = ContextVar("scope", default=None)


def current_scope() -> Scope:
    """The scope in force. Raises NoScope outside one."""
    scope = _scope.get()
    if isinstance(scope, Scope):
        return scope
    message = "nobody is asking: enter a scope first"
    raise NoScope(message)


def scope_or_none() -> Scope | None:
    """The scope in force, or None outside one."""
    scope = _scope.get()
    return scope if isinstance(scope, Scope) else None


def at_the_door() -> bool:
    """Whether a request is waiting for its door to say who asks."""
    return isinstance(_scope.get(), Unentered)


def set_scope(scope: Scope) -> None:
    """Replace the scope of the running request; for the doors alone."""
    _scope.set(scope)


@contextmanager
def entered(scope: Scope | Unentered | None) -> Iterator[None]:
    """Work under this scope and return to the former one, whatever happens."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


viewer: Scope = LocalProxy(current_scope)  # type: ignore[assignment]  # a proxy stands in for the value itself
