"""Addresses within this site that a page shows by the dozen, at less than a look at the whole map for each."""

from collections.abc import Callable
from functools import lru_cache

from flask import current_app, url_for
from werkzeug.routing import Map


def fixed(endpoint: str) -> str:
    """The address of a page that has only one. Raises BuildError for a page that doesn't exist."""
    return _built(current_app.url_map, endpoint)


@lru_cache(maxsize=512)
def _built(url_map: Map, endpoint: str) -> str:
    return url_map.bind("").build(endpoint)


def numbered(endpoint: str) -> Callable[[object], str]:
    """The addresses of a list's rows, made of their numbers, which stand last. Raises BuildError likewise."""
    start = url_for(endpoint, number=0).removesuffix("0")
    return lambda number: f"{start}{number}"
