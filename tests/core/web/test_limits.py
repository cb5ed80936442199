"""A request may carry little unless its view takes files."""

import io

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from portal.core.web import limits
from portal.core.web.limits import ORDINARY_BYTES, takes_files

CHUNKED = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
"""As gunicorn says it; without the header the length that the test's client declares would count."""


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("test")
    app.config["MAX_CONTENT_LENGTH"] = 100_000_000
    app.config["MAX_FORM_MEMORY_SIZE"] = None
    limits.register(app)

    @app.post("/form")
    def form() -> str:
        return str(len(request.form["text"]))

    @app.post("/upload")
    @takes_files(bytes_at_most=3 * ORDINARY_BYTES)
    def upload() -> str:
        return str(len(request.files["file"].read()))

    return app.test_client()


def upload(client: FlaskClient, size: int) -> TestResponse:
    boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(b"x" * size), "photo.jpg")})
    return client.post("/upload", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def test_an_ordinary_form_passes(client: FlaskClient) -> None:
    assert client.post("/form", data={"text": "x" * 10_000}).text == "10000"


def test_a_huge_form_is_refused(client: FlaskClient) -> None:
    assert client.post("/form", data={"text": "x" * ORDINARY_BYTES}).status_code == 413


def test_a_huge_chunked_form_is_refused(client: FlaskClient) -> None:
    answer = client.post(
        "/form",
        input_stream=io.BytesIO(b"text=" + b"x" * ORDINARY_BYTES),
        content_type="application/x-www-form-urlencoded",
        environ_overrides=CHUNKED,
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("surplus", [1, ORDINARY_BYTES // 2])
def test_no_part_of_a_huge_chunked_form_passes_for_the_whole(client: FlaskClient, surplus: int) -> None:
    start = b"text=hello&rest="
    answer = client.post(
        "/form",
        input_stream=io.BytesIO(start + b"x" * (ORDINARY_BYTES - len(start) + surplus)),
        content_type="application/x-www-form-urlencoded",
        environ_overrides=CHUNKED,
    )
    assert answer.status_code == 413


def test_a_chunked_form_within_its_limit_is_read_whole(client: FlaskClient) -> None:
    answer = client.post(
        "/form",
        input_stream=io.BytesIO(b"text=" + b"x" * (ORDINARY_BYTES - 5)),
        content_type="application/x-www-form-urlencoded",
        environ_overrides=CHUNKED,
    )
    assert answer.text == str(ORDINARY_BYTES - 5)


def test_a_view_that_takes_files_takes_them(client: FlaskClient) -> None:
    size = 2 * ORDINARY_BYTES
    assert upload(client, size).text == str(size)


def test_but_no_more_than_it_said(client: FlaskClient) -> None:
    assert upload(client, 4 * ORDINARY_BYTES).status_code == 413


def test_an_address_that_does_not_exist_stays_404(client: FlaskClient) -> None:
    assert client.post("/nowhere", data={"text": "x" * ORDINARY_BYTES}).status_code == 404
