"""The places of each side. Domains register theirs; a person sees those they may enter."""

from dataclasses import dataclass

from flask import request, url_for
from flask_babel import LazyString

from portal.core.tenancy.scope import Scope
from portal.core.web.cookies import Side


@dataclass(frozen=True, slots=True)
class Item:
    """One place, as a domain registers it. `order` sorts; `permission` None is everybody's.

    `in_menu`: it stands in the person's own menu instead of among the main places.
    """

    side: Side
    label: LazyString
    icon: str
    endpoint: str
    order: int
    permission: str | None = None
    under: str | None = None
    in_menu: bool = False


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
    return [
        Entry(
            label=str(item.label), url=(url := url_for(item.endpoint)), icon=item.icon,
            current=_is_current(item.under or url),
        )
        for item in _items
        if item.side == side and item.in_menu is in_menu and (item.permission is None or scope.may(item.permission))
    ]  # fmt: skip


def _is_current(url: str) -> bool:
    path = request.path
    return path == url or (url not in {"/", "/msp"} and path.startswith(f"{url}/"))
