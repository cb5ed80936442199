"""How a domain says what happens in it, and what reacts.

    @event("ticket.commented", version=1)
    class TicketCommented(Event):
        "Somebody wrote a comment that the client may read."
        ticket_id: UUID
        comment_id: UUID

    @handles(TicketCommented, queue="default", seconds=30)
    def mail_followers(event: TicketCommented) -> None: ...

The handler runs as the system in the event's tenant, in one transaction that ends with its delivery being marked:
what it writes to the database happens exactly once. `event.id` is the same in every run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar, dataclass_transform
from uuid import UUID  # noqa: TC003  # the facts' types are read when an event is declared

from portal.core.events import payload
from portal.core.ids import new_id

if TYPE_CHECKING:
    from portal.core.db import Json

Queue = Literal["urgent", "default", "bulk"]
QUEUES: tuple[Queue, ...] = ("urgent", "default", "bulk")
"""In the order in which workers empty them: auth mail; everything else; reports and billing runs."""

LONGEST_SECONDS = 900
_LONGEST_NAME = 120


@dataclass(frozen=True, kw_only=True)
class Event:
    """What all events share: an id, which is also the row's in the outbox."""

    id: UUID = field(default_factory=new_id)


E = TypeVar("E", bound=Event)
Upgrade = Callable[["Json"], "Json"]


@dataclass(frozen=True, slots=True)
class EventType:
    """A declared kind of event. `upgrades` turns the facts of version n into those of n + 1."""

    kind: str
    version: int
    cls: type[Any]
    upgrades: dict[int, Upgrade]


@dataclass(frozen=True, slots=True)
class Handler:
    """What reacts to a kind of event. `seconds` is the longest one run may take."""

    name: str
    kind: str
    run: Callable[[Any], None]
    queue: Queue
    seconds: int


class UnknownEvent(LookupError):
    """The code knows no event of this kind or version; it may be newer than this process."""


class UnknownHandler(LookupError):
    """The code knows no handler of this name; it may be newer than this process."""


_types: dict[str, EventType] = {}
_kinds: dict[type, str] = {}
_handlers: dict[tuple[str, str], Handler] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(kind: str, *, version: int = 1, upgrades: dict[int, Upgrade] | None = None) -> Callable[[type[E]], type[E]]:
    """Declare a kind of event. Raises TypeError or ValueError at import where the declaration can't hold."""

    def declare(cls: type[E]) -> type[E]:
        if not issubclass(cls, Event):
            message = f"{cls.__name__} must be a subclass of Event"  # type: ignore[unreachable]  # types aren't enforced
            raise TypeError(message)
        if "__dataclass_fields__" not in vars(cls):
            cls = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        if not cls.__doc__ or cls.__doc__.startswith(f"{cls.__name__}("):
            message = f"{cls.__name__} needs a docstring: the catalogue of events is made from it"
            raise TypeError(message)
        steps = dict(upgrades or {})
        if set(steps) != set(range(1, version)):
            message = f"{kind}: version {version} needs upgrades from 1 to {version - 1}"
            raise ValueError(message)
        known = _types.get(kind)
        if known is not None and _place(known.cls) != _place(cls):
            message = f"{kind} is declared twice: {_place(known.cls)} and {_place(cls)}"
            raise ValueError(message)
        payload.check(cls)
        _types[kind] = EventType(kind, version, cls, steps)
        _kinds[cls] = kind
        return cls

    return declare


def handles(
    event_class: type[E], *, queue: Queue = "default", seconds: int = 30, name: str | None = None
) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Have a function run once for each event of the class.

    The name stands in the database: it is made from module and function, and a function that moves keeps its
    deliveries by naming the old one. Raises ValueError for a name taken or a limit out of range.
    """

    def declare(run: Callable[[E], None]) -> Callable[[E], None]:
        register(Handler(name or name_of(run), kind_of(event_class), run, queue, seconds))
        return run

    return declare


def register(handler: Handler) -> None:
    """Enter a handler into the registry; see `handles`."""
    if not 1 <= handler.seconds <= LONGEST_SECONDS:
        message = f"{handler.name}: a run may take 1 to {LONGEST_SECONDS} seconds"
        raise ValueError(message)
    if handler.queue not in QUEUES:
        message = f"{handler.name}: no queue {handler.queue}"
        raise ValueError(message)
    if len(handler.name) > _LONGEST_NAME:
        message = f"{handler.name}: longer than {_LONGEST_NAME} characters"
        raise ValueError(message)
    known = _handlers.get((handler.kind, handler.name))
    if known is not None and _place(known.run) != _place(handler.run):
        message = f"{handler.name} handles {handler.kind} twice"
        raise ValueError(message)
    _handlers[handler.kind, handler.name] = handler


def name_of(run: Callable[..., Any]) -> str:
    """A function's name as deliveries know it: `tickets.handlers.mail_followers`."""
    return f"{run.__module__.removeprefix('portal.')}.{run.__qualname__}"


def kind_of(event_class: type[Any]) -> str:
    """The kind under which a class was declared. Raises TypeError where it wasn't."""
    try:
        return _kinds[event_class]
    except KeyError:
        message = f"{event_class.__name__} is no declared event"
        raise TypeError(message) from None


def event_type(kind: str) -> EventType:
    """The declaration of a kind. Raises UnknownEvent."""
    try:
        return _types[kind]
    except KeyError:
        message = f"no event {kind}"
        raise UnknownEvent(message) from None


def handler_named(kind: str, name: str) -> Handler:
    """The handler of this kind and name. Raises UnknownHandler."""
    try:
        return _handlers[kind, name]
    except KeyError:
        message = f"no handler {name} of {kind}"
        raise UnknownHandler(message) from None


def handlers_of(kind: str) -> list[Handler]:
    """All handlers of a kind, by name."""
    return sorted((handler for handler in _handlers.values() if handler.kind == kind), key=lambda one: one.name)


def seconds_of(name: str) -> int:
    """The longest time a handler of this name may take; an unknown one gets the usual."""
    return max((one.seconds for one in _handlers.values() if one.name == name), default=30)


def all_types() -> list[EventType]:
    """All declared kinds, by name."""
    return sorted(_types.values(), key=lambda one: one.kind)


def read(kind: str, version: int, facts: Json, *, event_id: UUID) -> Event:
    """The event that a row of the outbox tells of, brought up to today's version.

    Raises UnknownEvent for a kind or version this code doesn't know, payload.PayloadMismatch for facts that don't fit.
    """
    known = event_type(kind)
    if not 1 <= version <= known.version:
        message = f"{kind} version {version} is unknown here ({known.version})"
        raise UnknownEvent(message)
    for step in range(version, known.version):
        facts = known.upgrades[step](facts)
    loaded: Event = payload.load(known.cls, facts, event_id=event_id)
    return loaded


def _place(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"
