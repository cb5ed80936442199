"""Many at once before the same claim: all have looked and found it open before the first one takes it.

Each has a connection of its own, so that the database sees as many transactions as there are contenders, where a web
process of the product has eight threads and ten connections.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

MANY = 20
PATIENCE = 60.0
"""Seconds within which all of them are there; on a free machine it is one."""
CONNECTIONS_EACH = 2
"""A count of tries goes its own way beside the request's transaction."""


class Line:
    """Where everybody waits until all are there; whoever comes by again (a transaction that is tried anew) goes on."""

    def __init__(self, count: int) -> None:
        self._gate = threading.Barrier(count, timeout=PATIENCE)
        self._waited = threading.local()

    def wait(self) -> None:
        """Wait, once a thread."""
        if not getattr(self._waited, "is_over", False):
            self._waited.is_over = True
            self._gate.wait()

    def before(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """The same act, which nobody begins before all of them are at it."""

        def lined_up(*arguments: Any, **more: Any) -> Any:
            self.wait()
            return act(*arguments, **more)

        return lined_up


def at_once(work: Callable[[int], Any], count: int = MANY) -> list[Any]:
    """What each of so many threads got, all let go at the same moment."""
    gate, results = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        gate.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def connections(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As many connections as all of them want at the same time."""
    from portal.extensions import db

    with app.app_context():
        pool = db.engine.pool
    monkeypatch.setattr(pool, "_max_overflow", MANY * CONNECTIONS_EACH)
    yield
    with app.app_context():
        db.engine.dispose()
