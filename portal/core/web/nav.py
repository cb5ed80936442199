"""The places of each side. Domains register theirs; a person sees those they may enter."""

from dataclasses import dataclass, replace

from flask import request
from flask_babel import LazyString

from portal.core import policy
from portal.core.tenancy.scope import Scope
from portal.core.web.cookies import Side
from portal.core.web.paths import fixed


@dataclass(frozen=True, slots=True)
class Item:
    """One place, as a domain registers it. `order` sorts; `permission` None is everybody's.

    `in_menu`: it stands in the person's own menu instead of among the main places.
    `also`: further addresses under which its pages lie.
    `instead`: where it leads somebody who may not open the first of its pages.
    `is_act`: it is the side's first act, in the middle of a phone's bar.
    """

    side: Side
    label: LazyString
    icon: str
    endpoint: str
    order: int
    permission: str | None = None
    under: str | None = None
    in_menu: bool = False
    is_act: bool = False
    also: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One place, as a layout shows it."""

    label: str
    url: str
    icon: str
    current: bool
    count: str | None = None


_items: list[Item] = []


def add(item: Item) -> None:
    """Register a place once."""
    if all(known.endpoint != item.endpoint for known in _items):
        _items.append(item)
        _items.sort(key=lambda each: each.order)


def entries(side: Side, scope: Scope, *, in_menu: bool = False) -> list[Entry]:
    """The places of this side that the person may enter, in order: the main ones, or those of the own menu."""
    places = [(item, door) for item, door in _open_to(side, scope) if not item.is_act]
    nearest = max((_nearness(item) for item, _ in places), default=0)
    return [
        replace(_shown(item, door), current=0 < _nearness(item) == nearest)
        for item, door in places
        if item.in_menu is in_menu
    ]


def act(side: Side, scope: Scope) -> Entry | None:
    """The side's first act, where it has one and the person may do it."""
    return next((_shown(item, door) for item, door in _open_to(side, scope) if item.is_act), None)


def _open_to(side: Side, scope: Scope) -> list[tuple[Item, str]]:
    """The places that the person may enter, each with the page that it leads to."""
    doors = ((item, _door(item, scope)) for item in _items if item.side == side)
    return [(item, door) for item, door in doors if door is not None]


def _door(item: Item, scope: Scope) -> str | None:
    if (item.permission is None or scope.may(item.permission)) and policy.is_open_to(scope, item.endpoint):
        return item.endpoint
    return next((each for each in item.instead if policy.is_open_to(scope, each)), None)


def _shown(item: Item, door: str) -> Entry:
    return Entry(label=str(item.label), url=fixed(door), icon=item.icon, current=_nearness(item) > 0)


def _nearness(item: Item) -> int:
    """How near the page at hand lies to the place, 0 for elsewhere: where places lie in one another one is current."""
    bases = (item.under or fixed(item.endpoint), *item.also)
    return max((len(base) for base in bases if _is_current(base)), default=0)


def _is_current(url: str) -> bool:
    path = request.path
    return path == url or (url not in {"/", "/msp"} and path.startswith(f"{url}/"))
