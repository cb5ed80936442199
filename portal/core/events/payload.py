"""Facts of an event as JSON and back, led by the types its class declares.

Only flat facts are allowed (ids, words, numbers, instants, and tuples of these): an event says what happened and to
which rows; whoever needs more reads the rows under the scope that may.
"""

from __future__ import annotations

import datetime as dt
import enum
import types
import typing
import uuid
from dataclasses import MISSING, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portal.core.db import Json

SECRETIVE = ("password", "secret", "token", "credential", "private_key", "totp")
"""A field whose name holds one of these words would put a secret where everybody who reads the outbox sees it."""

_PLAIN: tuple[type, ...] = (str, bool, int, type(None))
_WRITTEN: dict[type, tuple[typing.Callable[[Any], str], typing.Callable[[str], Any]]] = {
    uuid.UUID: (str, uuid.UUID),
    dt.datetime: (dt.datetime.isoformat, dt.datetime.fromisoformat),
    dt.date: (dt.date.isoformat, dt.date.fromisoformat),
    Decimal: (str, Decimal),
}


class PayloadMismatch(ValueError):
    """A stored payload does not fit the event class of this version of the code."""


def check(event_class: type) -> None:
    """Refuse an event class whose facts can't be written as JSON or look like secrets. Raises TypeError."""
    for name, hint in shape(event_class).items():
        if any(word in name.lower() for word in SECRETIVE):
            message = f"{event_class.__name__}.{name}: events carry no secrets"
            raise TypeError(message)
        if not _is_supported(hint):
            message = f"{event_class.__name__}.{name}: {hint} is no fact that an event can carry"
            raise TypeError(message)


def shape(event_class: type) -> dict[str, Any]:
    """The declared facts and their types, without the id that every event has."""
    hints = typing.get_type_hints(event_class)
    return {field.name: hints[field.name] for field in fields(event_class) if field.name != "id"}


def dump(event: Any) -> Json:
    """The event's facts as JSON values."""
    return {name: _dump(getattr(event, name)) for name in shape(type(event))}


def load(event_class: type[Any], payload: Json, *, event_id: uuid.UUID) -> Any:
    """The event with these facts. Raises PayloadMismatch where they don't fit the class."""
    hints = shape(event_class)
    unknown = payload.keys() - hints.keys()
    needed = {
        field.name
        for field in fields(event_class)
        if field.default is MISSING and field.default_factory is MISSING and field.name in hints
    }
    missing = needed - payload.keys()
    if unknown or missing:
        message = f"{event_class.__name__}: unknown {sorted(unknown)}, missing {sorted(missing)}"
        raise PayloadMismatch(message)
    try:
        facts = {name: _load(hints[name], value) for name, value in payload.items()}
    except (ValueError, TypeError, ArithmeticError) as error:
        message = f"{event_class.__name__}: {type(error).__name__} while reading its facts"
        raise PayloadMismatch(message) from error
    return event_class(id=event_id, **facts)


def _is_supported(hint: Any) -> bool:
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        inner = [option for option in typing.get_args(hint) if option is not type(None)]
        return len(inner) == 1 and _is_supported(inner[0])
    if typing.get_origin(hint) is tuple:
        arguments = typing.get_args(hint)
        return len(arguments) == 2 and arguments[1] is ... and _is_supported(arguments[0])  # noqa: PLR2004  # tuple[X, ...]
    return isinstance(hint, type) and (hint in _PLAIN or hint in _WRITTEN or issubclass(hint, enum.StrEnum))


def _dump(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_dump(item) for item in value]
    if isinstance(value, enum.StrEnum):
        return str(value)
    if type(value) in _PLAIN:
        return value
    if type(value) in _WRITTEN:
        return _WRITTEN[type(value)][0](value)
    message = f"{type(value).__name__} is no fact that an event can carry"
    raise TypeError(message)


def _load(hint: Any, value: Any) -> Any:
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        if value is None:
            return None
        hint = next(option for option in typing.get_args(hint) if option is not type(None))
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        return tuple(_load(inner, item) for item in value)
    if hint in _WRITTEN:
        return _WRITTEN[hint][1](value)
    if issubclass(hint, enum.StrEnum):
        return hint(value)
    if type(value) is not hint:
        message = f"{hint.__name__} expected"
        raise TypeError(message)
    return value
