"""Text answers go out compressed: brotli where the browser takes it, else gzip.

Static files are compressed when they are built. Here it is pages, parts and JSON, in memory
already. The one secret inside a page, its CSRF token, is masked anew each time, so the length of a
compressed answer tells nothing about it.
"""

import gzip

import brotli
from flask import Flask, Request, Response, request
from werkzeug.datastructures import Headers

LEAST_BYTES = 500
BROTLI_QUALITY = 5
BROTLI_WINDOW = 19  # log2: half a megabyte, more than any page, a fraction of the default's memory
GZIP_LEVEL = 6
_TEXTS = frozenset({
    "application/javascript", "application/json", "application/problem+json", "application/manifest+json",
    "application/xml", "image/svg+xml",
})  # fmt: skip


def register(app: Flask) -> None:
    """Compress the answers of an app. To be registered after `headers`, so that it runs before."""

    @app.after_request
    def squeeze(response: Response) -> Response:
        return compress(request, response)


def compress(asked: Request, response: Response) -> Response:
    """Compress the answer if it is text, long enough, whole in memory and not compressed yet."""
    if not _is_text(response) or response.is_streamed or response.direct_passthrough:
        return response
    if "Content-Encoding" in response.headers or "Content-Range" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    encoding = chosen(asked.headers)
    body = response.get_data()
    if encoding is None or len(body) < LEAST_BYTES:
        return response
    response.set_data(_PACKERS[encoding](body))
    response.headers["Content-Encoding"] = encoding
    tag, _ = response.get_etag()
    if tag is not None:
        response.set_etag(tag, weak=True)
    return response


def chosen(headers: Headers) -> str | None:
    """The better of the encodings that the browser takes; None for neither."""
    accepted: dict[str, float] = {}
    for item in headers.get("Accept-Encoding", "").split(","):
        name, _, rest = item.strip().partition(";")
        accepted[name.strip().lower()] = _quality(rest)
    others = accepted.get("*", 0.0)
    return next((name for name in _PACKERS if accepted.get(name, others) > 0), None)


def _quality(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def _is_text(response: Response) -> bool:
    kind = response.mimetype or ""
    return kind.startswith("text/") or kind in _TEXTS


def _brotli(body: bytes) -> bytes:
    packed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY, lgwin=BROTLI_WINDOW)
    return packed


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


_PACKERS = {"br": _brotli, "gzip": _gzip}
