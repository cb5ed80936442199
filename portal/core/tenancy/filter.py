"""The first line of defence: every ORM statement is held to the scope in force.

The criteria are constants whose values are bound when a statement runs, which
keeps SQLAlchemy's statement cache warm and leaves no closure that could carry
one tenant's id into another's query. What the filter can't cover (Core
statements, identity-map hits, bulk writes by primary key) is refused by the
guards here and, below them, by row-level security.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ARRAY, Table, Uuid, any_, bindparam, event, false, or_
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause, ColumnElement
from sqlalchemy.sql.selectable import FromClause, SelectBase

from portal.core.db import Base
from portal.core.standing import kept_with_statement
from portal.core.tenancy.scope import Reach, Scope, ScopeChanged, at_the_door, current_scope, scope_or_none
from portal.core.tenancy.tables import (
    ClientOwned,
    Common,
    Global,
    MemberOwned,
    PersonOwned,
    Shared,
    StaffOwned,
    TenantItself,
    TenantOwned,
    WithVisibility,
)

_TENANT = bindparam("scope_tenant", callable_=lambda: current_scope().tenant_id, type_=Uuid())
_CLIENT = bindparam("scope_client", callable_=lambda: current_scope().client_id, type_=Uuid())
_USER = bindparam("scope_user", callable_=lambda: current_scope().user_id, type_=Uuid())
_CLIENTS = bindparam("scope_clients", callable_=lambda: sorted(current_scope().client_ids or ()), type_=ARRAY(Uuid()))

RAW = "raw_sql_of_core"


class UnfilteredStatement(RuntimeError):
    """A statement that the session filter can't cover was sent from outside the core."""


class ForeignRow(RuntimeError):
    """A row of another tenant or client reached the session: an isolation bug."""


def _of_tenant(cls: type[TenantOwned]) -> ColumnElement[bool]:
    return cls.tenant_id == _TENANT


def _itself(cls: type[TenantItself]) -> ColumnElement[bool]:
    return cls.id == _TENANT


def _of_client(cls: type[ClientOwned]) -> ColumnElement[bool]:
    return cls.client_id == _CLIENT


def _of_assigned_clients(cls: type[ClientOwned]) -> ColumnElement[bool]:
    return cls.client_id == any_(_CLIENTS)


def _member_of_assigned_clients(cls: type[MemberOwned]) -> ColumnElement[bool]:
    return or_(cls.client_id == any_(_CLIENTS), cls.user_id == _USER)


def _member_of_client(cls: type[MemberOwned]) -> ColumnElement[bool]:
    return or_(cls.client_id == _CLIENT, cls.user_id == _USER)


def _member_itself(cls: type[MemberOwned]) -> ColumnElement[bool]:
    return cls.user_id == _USER


def _public(cls: type[WithVisibility]) -> ColumnElement[bool]:
    return cls.visibility == "public"


def _of_person(cls: type[PersonOwned]) -> ColumnElement[bool]:
    return cls.user_id == _USER


def _nothing(_cls: type[object]) -> ColumnElement[bool]:
    return false()


def _held(owner: type[Any], condition: Any) -> Any:  # SQLAlchemy's own option type is untyped here
    return with_loader_criteria(owner, condition, include_aliases=True, propagate_to_loaders=True)


_ALL = (_held(TenantOwned, _of_tenant), _held(TenantItself, _itself))
CRITERIA: dict[Reach, tuple[Any, ...]] = {
    Reach.STAFF: _ALL,
    Reach.SYSTEM: _ALL,
    Reach.CLIENT: (
        *_ALL,
        _held(ClientOwned, _of_client),
        _held(WithVisibility, _public),
        _held(PersonOwned, _of_person),
        _held(MemberOwned, _member_of_client),
        _held(StaffOwned, _nothing),
    ),
    Reach.GATE: (
        *_ALL,
        _held(PersonOwned, _of_person),
        _held(MemberOwned, _member_itself),
        _held(ClientOwned, _nothing),
        _held(Shared, _nothing),
        _held(StaffOwned, _nothing),
    ),
}
ASSIGNED = (*_ALL, _held(ClientOwned, _of_assigned_clients), _held(MemberOwned, _member_of_assigned_clients))
"""Instead of the staff's criteria, for somebody who sees assigned clients only."""


def _criteria(scope: Scope) -> tuple[Any, ...]:
    return CRITERIA[scope.reach] if scope.client_ids is None else ASSIGNED


def restrict(state: ORMExecuteState) -> None:
    """Add the scope's criteria to a statement, or refuse it. Listens to `do_orm_execute`."""
    if not state.is_orm_statement:
        if state.execution_options.get(RAW):
            return
        message = "only the core may send SQL that the session filter can't read"
        raise UnfilteredStatement(message)
    if scope_or_none() is None and _is_of_no_tenant(state.statement):
        return
    scope = current_scope()
    _same_transaction(state.session, scope)
    if state.is_insert:
        message = "an insert statement escapes the stamp: add the rows to the session"
        raise UnfilteredStatement(message)
    if state.is_update or state.is_delete:
        _refuse_bulk_by_key(state)
        _refuse_second_table(state)
        _refuse_foreign_change(state, scope)
    state.statement = _held_to(state.statement, _criteria(scope))


@kept_with_statement
def _held_to(statement: Any, criteria: tuple[Any, ...]) -> Any:
    """The statement with the criteria of a reach; safe to share, since it holds no value of a scope."""
    return statement.options(*criteria)


def _is_of_no_tenant(statement: Any) -> bool:
    """Whether a statement names tables of class Global alone, at any depth; these may be read without a scope."""
    shared_by_all = {
        mapper.local_table
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, Global) and not issubclass(mapper.class_, TenantItself)
    }
    return all(part in shared_by_all for part in visitors.iterate(statement) if isinstance(part, Table))


def _refuse_bulk_by_key(state: ORMExecuteState) -> None:
    if isinstance(state.parameters, list):
        message = "bulk updates by primary key escape the session filter"
        raise UnfilteredStatement(message)


def _refuse_second_table(state: ORMExecuteState) -> None:
    """UPDATE … FROM, DELETE … USING: the filter holds the target, not what it is joined with; sub-selects are held."""
    mapper = state.bind_mapper
    target = set(mapper.tables) if mapper is not None else set()
    if any(table not in target for table in _tables_beside_selects(state.statement)):
        message = "an update or delete that joins a second table escapes the session filter: use a sub-select"
        raise UnfilteredStatement(message)


def _refuse_foreign_change(state: ORMExecuteState, scope: Scope) -> None:
    """No row is given to another owner; and what a reach can only read, or only add to, it can't change."""
    model = state.bind_mapper.class_ if state.bind_mapper is not None else Global
    if not scope.is_staff and issubclass(model, TenantItself | Common | Shared | StaffOwned):
        message = f"this {scope.reach} may not change {model.__name__} rows"
        raise UnfilteredStatement(message)
    keys = {"tenant_id", getattr(model, "__client_key__", ""), getattr(model, "__person_key__", "")} - {"id", ""}
    keys |= {"client_id", "user_id"} if issubclass(model, MemberOwned) else set()
    changed = {getattr(column, "key", column) for column in getattr(state.statement, "_values", None) or ()}
    if given := sorted(changed & keys):
        message = f"{model.__name__} rows are not given away: {', '.join(given)}"
        raise UnfilteredStatement(message)


def _tables_beside_selects(statement: Any) -> Iterator[Any]:
    parts = [statement]
    while parts:
        part = parts.pop()
        if isinstance(part, SelectBase):
            continue
        if isinstance(part, FromClause):
            yield part
        elif isinstance(part, ColumnClause) and part.table is not None:
            yield part.table
        parts.extend(part.get_children())


def _same_transaction(session: Session, scope: Scope) -> None:
    bound = session.info.get("scope")
    if bound is not None and bound is not scope and bound != scope:
        message = "this transaction belongs to another scope"
        raise ScopeChanged(message)


def check_loaded(target: TenantOwned, _context: object, *_attributes: object) -> None:
    """Alarm: a row that the scope may not see was loaded. Listens to `load` and `refresh`."""
    scope = scope_or_none()
    if scope is None:
        message = f"{type(target).__name__} was loaded without a scope"
        raise ForeignRow(message)
    values = vars(target)
    if values.get("tenant_id", scope.tenant_id) != scope.tenant_id:
        message = f"{type(target).__name__} of another tenant was loaded"
        raise ForeignRow(message)
    if not (scope.is_staff and scope.client_ids is None) and not _is_own(target, values, scope):
        message = f"{type(target).__name__} that this {scope.reach} may not see was loaded"
        raise ForeignRow(message)


def _is_own(target: TenantOwned, values: dict[str, Any], scope: Scope) -> bool:
    """Whether a client, the gate or somebody held to assigned clients may see the row.

    A column that was not loaded speaks for nobody.
    """
    if scope.is_staff:
        return _is_of_assigned_client(target, values, scope)
    if isinstance(target, PersonOwned | MemberOwned):
        return _is_own_or_of_seat(target, values, scope)
    if isinstance(target, StaffOwned) or not (scope.is_client or isinstance(target, Common)):
        return False
    if isinstance(target, ClientOwned):
        is_public = values.get("visibility", "public") == "public"
        return bool(values.get(target.__client_key__, scope.client_id) == scope.client_id) and is_public
    return True


def _is_own_or_of_seat(target: PersonOwned | MemberOwned, values: dict[str, Any], scope: Scope) -> bool:
    if isinstance(target, PersonOwned):
        return bool(values.get(target.__person_key__, scope.user_id) == scope.user_id)
    is_their_client = scope.is_client and values.get("client_id", scope.client_id) == scope.client_id
    return is_their_client or values.get("user_id", scope.user_id) == scope.user_id


def _is_of_assigned_client(target: TenantOwned, values: dict[str, Any], scope: Scope) -> bool:
    assigned = scope.client_ids or frozenset()
    if isinstance(target, ClientOwned):
        key = target.__client_key__
        return key not in values or values[key] in assigned
    if isinstance(target, MemberOwned):
        is_own = values.get("user_id", scope.user_id) == scope.user_id
        return is_own or "client_id" not in values or values["client_id"] in assigned
    return True


def stamp(session: Session, _context: UOWTransaction, _instances: object) -> None:
    """Give new rows the scope's owner, and refuse rows of another. Listens to `before_flush`."""
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, TenantOwned | TenantItself):
            continue
        scope = current_scope()
        _same_transaction(session, scope)
        if isinstance(row, TenantItself):
            _hold_tenant(row, scope)
            continue
        _own(row, "tenant_id", scope.tenant_id)
        if scope.is_staff:
            _hold_to_assigned(row, scope)
        else:
            _hold_to_reach(row, scope, is_new=row in session.new)


def _hold_tenant(row: TenantItself, scope: Scope) -> None:
    if not scope.is_staff or vars(row).get("id") != scope.tenant_id:
        message = f"this {scope.reach} may not write this {type(row).__name__}"
        raise ForeignRow(message)


def _hold_to_assigned(row: TenantOwned, scope: Scope) -> None:
    if scope.client_ids is not None and not _is_of_assigned_client(row, vars(row), scope):
        message = f"{type(row).__name__} of a client that is not theirs was about to be written"
        raise ForeignRow(message)


def _hold_to_reach(row: TenantOwned, scope: Scope, *, is_new: bool) -> None:
    """Clients write their client's public rows, everybody their own person's; into staff tables they may only add."""
    if isinstance(row, PersonOwned):
        _own(row, row.__person_key__, scope.user_id)
    elif isinstance(row, MemberOwned):
        _hold_member(row, scope, is_new=is_new)
    elif isinstance(row, ClientOwned) and scope.is_client:
        _own(row, row.__client_key__, scope.client_id)
        if vars(row).get("visibility", "public") != "public":
            message = f"a client may not write an internal {type(row).__name__}"
            raise ForeignRow(message)
    elif not (is_new and isinstance(row, StaffOwned)):
        message = f"this {scope.reach} may not write a {type(row).__name__}"
        raise ForeignRow(message)


def _hold_member(row: MemberOwned, scope: Scope, *, is_new: bool) -> None:
    """The client writes the rows of its people; the person its own, but not new ones of a client."""
    values = vars(row)
    if scope.is_client and values.get("client_id") == scope.client_id:
        return
    if values.get("user_id") != scope.user_id or (is_new and values.get("client_id") is not None):
        message = f"this {scope.reach} may not write this {type(row).__name__}"
        raise ForeignRow(message)


def _own(row: TenantOwned, key: str, owner: object) -> None:
    value = vars(row).get(key)
    if value is None:
        setattr(row, key, owner)
    elif value != owner:
        message = f"{type(row).__name__} of another {key.removesuffix('_id')} was about to be written"
        raise ForeignRow(message)


def bind(session: Session, transaction: Any, connection: Any) -> None:  # SQLAlchemy's listener shape
    """Tell the database who asks, for this transaction only. Listens to `after_begin`."""
    if transaction.nested or at_the_door():
        return
    session.info.pop("scope", None)
    scope = scope_or_none()
    if scope is not None:
        connection.exec_driver_sql(
            "SELECT set_config('app.tenant', %s, true), set_config('app.reach', %s, true),"
            " set_config('app.client', %s, true), set_config('app.user', %s, true),"
            " set_config('app.clients', %s, true)",
            (
                *(str(value or "") for value in (scope.tenant_id, scope.reach, scope.client_id, scope.user_id)),
                assigned_of(scope),
            ),
        )
        session.info["scope"] = scope


def assigned_of(scope: Scope) -> str:
    """The setting `app.clients`: a PostgreSQL array of the only clients that exist for this scope, empty for all."""
    return "" if scope.client_ids is None else "{" + ",".join(sorted(map(str, scope.client_ids))) + "}"


def forget(session: Session, transaction: Any) -> None:  # SQLAlchemy's listener shape
    """Drop what a finished transaction loaded, so that the next scope finds an empty session."""
    if transaction.parent is None:
        session.info.pop("scope", None)
        session.expunge_all()


def install(session_class: type[Session]) -> None:
    """Put filter and guards on a session class, once."""
    event.listen(session_class, "do_orm_execute", restrict)
    event.listen(session_class, "before_flush", stamp)
    event.listen(session_class, "after_begin", bind)
    event.listen(session_class, "after_transaction_end", forget)
    event.listen(TenantOwned, "load", check_loaded, propagate=True)
    event.listen(TenantOwned, "refresh", check_loaded, propagate=True)
