"""Files go out for download, run nothing, and stay in no cache."""

import io

import pytest
from werkzeug.exceptions import NotFound

from portal.core.storage import blobs
from portal.core.tenancy.scope import entered
from portal.files import serving
from tests.files.conftest import photo, scope_of
from tests.world import DELTA_SAM, SAM

PNG = photo(kind="PNG")


@pytest.fixture
def served(app):
    """`served(content, serving.download, …)`: the answer that a view of Sam's would give, through all hooks."""
    given = []

    def answer(content, how, *, method="GET", key=None, reader=SAM, **facts):
        with app.test_request_context("/", method=method), entered(scope_of(reader)):
            blob = blobs().put(SAM.tenant_id, io.BytesIO(content))
            if how is not serving.thumbnail:
                facts = {"name": "notes.txt", "content_type": "text/plain", "size": blob.size} | facts
            given.append(app.process_response(how(blob_key=key or blob.key, **facts)))
            return given[-1]

    yield answer
    for one in given:
        one.close()


def test_a_file_is_for_download(served):
    answer = served(b"hello", serving.download)
    assert b"".join(answer.response) == b"hello"
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Content-Length"] == "5"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="notes.txt"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    assert "allow-" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    "stored", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "x/y", "", "a\r\nb"]
)
@pytest.mark.parametrize("how", [serving.download, serving.picture])
def test_no_type_that_runs_goes_out_whatever_a_row_says(served, stored, how):
    answer = served(b"<script>", how, content_type=stored, name="x.html")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_picture_may_be_looked_at(served):
    answer = served(PNG, serving.picture, content_type="image/png", name="screen.png")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"].startswith('inline; filename="screen.png"')
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")


def test_a_thumbnail(served):
    answer = served(PNG, serving.thumbnail)
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Content-Disposition"] == "inline"
    assert answer.headers["Content-Length"] == str(len(PNG))


@pytest.mark.parametrize(
    ("name", "plain", "full"),
    [
        ("Größe (1).txt", "Gr__e (1).txt", "Gr%C3%B6%C3%9Fe%20%281%29.txt"),
        ('a"; filename=evil.exe', "a_; filename=evil.exe", "a_%3B%20filename%3Devil.exe"),
        ("a\r\nSet-Cookie: b=c.txt", "aSet-Cookie_ b=c.txt", "aSet-Cookie_%20b%3Dc.txt"),
        ("报告.pdf", "__.pdf", "%E6%8A%A5%E5%91%8A.pdf"),
        ("../../x.txt", "x.txt", "x.txt"),
    ],
)
def test_names_stay_inside_their_header(served, name, plain, full):
    header = served(b"x", serving.download, name=name).headers["Content-Disposition"]
    assert header == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{full}"


@pytest.mark.parametrize("how", [serving.download, serving.picture, serving.thumbnail])
def test_what_the_storage_does_not_have_is_not_found(served, how):
    with pytest.raises(NotFound):
        served(b"x", how, key="0" * 64)


@pytest.mark.parametrize("how", [serving.download, serving.picture, serving.thumbnail])
def test_another_tenant_has_nothing_of_it(served, how):
    with pytest.raises(NotFound):
        served(b"harbor's own", how, reader=DELTA_SAM)


def test_head_opens_no_file(served):
    answer = served(b"hello", serving.download, method="HEAD")
    assert answer.headers["Content-Length"] == "5"
    assert list(answer.response) == []
