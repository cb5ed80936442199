"""Long text goes out compressed, everything else as it is."""

import gzip
from collections.abc import Iterator

import brotli
import pytest
from flask import Flask, Response
from werkzeug.test import TestResponse

from portal.core.web import compress

PAGE = "<p>Mail is slow for some of us, ünïcode too.</p>" * 100


def answer(response: Response | str, accept: str | None = "br, gzip", method: str = "GET") -> TestResponse:
    app = Flask("test")
    compress.register(app)
    app.add_url_rule("/", "page", lambda: response, methods=["GET", "HEAD"])
    return app.test_client().open("/", method=method, headers={"Accept-Encoding": accept} if accept else {})


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("BR", "br"),
        ("*", "br"),
        ("br;q=0, *;q=0.5", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip;q=x", None),
        ("", None),
        (None, None),
        ("br;;;q=,,,", "br"),
    ],
)
def test_takes_the_best_that_is_accepted(accept: str | None, expected: str | None) -> None:
    given = answer(PAGE, accept)
    assert given.headers.get("Content-Encoding") == expected
    assert given.headers["Vary"] == "Accept-Encoding"
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[expected]
    assert unpack(given.data).decode() == PAGE
    assert given.content_length == len(given.data)
    if expected:
        assert len(given.data) < len(PAGE) / 5


def test_short_text_stays() -> None:
    given = answer("x" * 499)
    assert "Content-Encoding" not in given.headers
    assert given.headers["Vary"] == "Accept-Encoding"
    assert answer("x" * 500).headers["Content-Encoding"] == "br"


@pytest.mark.parametrize("kind", ["image/webp", "application/pdf", "application/octet-stream", "font/woff2"])
def test_what_is_dense_already_stays(kind: str) -> None:
    given = answer(Response(PAGE, content_type=kind))
    assert "Content-Encoding" not in given.headers
    assert "Vary" not in given.headers


@pytest.mark.parametrize("kind", ["text/css", "application/json", "application/problem+json", "image/svg+xml"])
def test_all_kinds_of_text(kind: str) -> None:
    assert answer(Response(PAGE, content_type=kind)).headers["Content-Encoding"] == "br"


def test_a_stream_is_left_alone() -> None:
    def chunks() -> Iterator[str]:
        yield PAGE

    given = answer(Response(chunks(), content_type="text/csv"))
    assert "Content-Encoding" not in given.headers
    assert given.text == PAGE


def test_what_was_encoded_before_is_left_alone() -> None:
    given = answer(Response(b"packed" * 200, content_type="text/css", headers={"Content-Encoding": "gzip"}))
    assert given.data == b"packed" * 200


def test_a_tag_becomes_weak() -> None:
    page = Response(PAGE)
    page.set_etag("v1")
    assert answer(page).get_etag() == ("v1", True)


def test_head_says_what_get_would_say() -> None:
    given = answer(PAGE, method="HEAD")
    assert given.headers["Content-Encoding"] == "br"
    assert given.data == b""


def test_the_same_page_is_packed_the_same() -> None:
    assert answer(PAGE, "gzip").data == answer(PAGE, "gzip").data
