"""How much a request may carry: little, unless its view says that it takes files.

Set before anything reads the body, so that a stranger can't make the server swallow a hundred
megabytes at the sign-in page. Declared lengths are refused at once, chunked bodies at the limit.
"""

from collections.abc import Callable
from typing import IO, TypeVar

from flask import Flask, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

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
        limit = getattr(view, "__body_limit__", ORDINARY_BYTES)
        request.max_content_length = limit
        if request.content_length is None and request.environ.get("wsgi.input_terminated"):
            # Reading a form to its end, Werkzeug stops at the limit without a word and takes the part for the whole.
            request.environ["wsgi.input"] = _Held(request.environ["wsgi.input"], limit)
            request.max_content_length = limit + 1

    @app.teardown_request
    def drop_files(_error: BaseException | None) -> None:
        request.close()


class _Held:
    """A body that tells no length, read only as far as it may go. Raises RequestEntityTooLarge beyond."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._left = limit

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        return self._counted(self._stream.read(self._left + 1 if size < 0 else size))

    def readline(self, size: int = -1) -> bytes:
        """The next line."""
        return self._counted(self._stream.readline(self._left + 1 if size < 0 else size))

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise RequestEntityTooLarge
        return data
