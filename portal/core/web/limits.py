"""How much a request may carry: little, unless its view says that it takes files.

Set before anything reads the body, so that a stranger can't make the server swallow a hundred
megabytes at the sign-in page. Declared lengths are refused at once, chunked bodies at the limit.
"""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request

KILOBYTE, MEGABYTE = 1024, 1024 * 1024
ORDINARY_BYTES = 512 * KILOBYTE
View = TypeVar("View", bound=Callable[..., object])


def takes_files(*, bytes_at_most: int) -> Callable[[View], View]:
    """The view's requests may hold files, so many bytes with all fields together."""

    def mark(view: View) -> View:
        view.__body_limit__ = bytes_at_most  # type: ignore[attr-defined]  # a mark on a function
        return view

    return mark


def register(app: Flask) -> None:
    """Hold every request of an app to its view's limit, and drop its uploaded files at its end.

    To be called before anything that reads forms.
    """

    @app.before_request
    def hold() -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        request.max_content_length = getattr(view, "__body_limit__", ORDINARY_BYTES)

    @app.teardown_request
    def drop_files(_error: BaseException | None) -> None:
        request.close()
