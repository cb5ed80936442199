"""Statements that stand: built once and sent again and again.

Building a statement and finding out which one it is (SQLAlchemy's cache key) costs several times what sending it
costs. A statement object that stays the same keeps its key; so must what is made of it on its way: the filter's
criteria, a list's order.
"""

import re
from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Integer, Text, literal_column
from werkzeug.local import LocalProxy

from portal.core.tenancy.scope import Viewer

VIEWERS = 512
"""For so many viewers, the latest ones, a process keeps each of its lists; about 30 kB each."""
_WORD = re.compile(r"[a-z_]+")
Key = ParamSpec("Key")
Made = TypeVar("Made")


def kept_for_viewer(make: Callable[Concatenate[Viewer, Key], Made]) -> Callable[Concatenate[Viewer, Key], Made]:
    """Keep the statement that a noun makes for a viewer.

    The whole scope is the key: whatever decides what somebody sees is part of it,
    so nobody is given another's statement, and who is given a right or loses one has
    another scope from their next request on. The proxy `viewer` is somebody else in each
    request and must never be a key; the scope that it stands for is.
    """
    kept: Callable[..., Made] = lru_cache(maxsize=VIEWERS)(make)

    @wraps(make)
    def find(viewer: Viewer, /, *key: Key.args, **named: Key.kwargs) -> Made:
        asked: Any = viewer
        scope = asked._get_current_object() if type(asked) is LocalProxy else asked  # noqa: SLF001  # documented
        return kept(scope, *key, **named)

    return find


def kept_with_statement(make: Callable[Concatenate[Any, Key], Made]) -> Callable[Concatenate[Any, Key], Made]:
    """Keep what a function makes of a statement for as long as that very object lives; further arguments are the key.

    What is kept depends on the statement and the key alone: the function may read
    nothing of the request. A statement made for one request is forgotten with it.
    """
    kept: WeakKeyDictionary[Any, dict[Hashable, Made]] = WeakKeyDictionary()

    @wraps(make)
    def find(statement: Any, /, *key: Key.args, **named: Key.kwargs) -> Made:
        of_statement = kept.get(statement)
        if of_statement is None:
            of_statement = kept.setdefault(statement, {})
        found = of_statement.get(key)
        if found is None:
            found = of_statement[key] = make(statement, *key, **named)
        return found

    return find


def verbatim(value: str | int) -> ColumnElement[Any]:
    """A constant of ours that stands in the statement's text, where the planner can see it.

    SQLAlchemy's own `literal_execute` writes the text anew each time it is sent.
    Raises ValueError for a text with anything but lower-case letters and `_`.
    """
    if isinstance(value, int):
        return literal_column(str(value), Integer())
    if not _WORD.fullmatch(value):
        message = f"not a constant of ours: {value!r}"
        raise ValueError(message)
    return literal_column(f"'{value}'", Text())
