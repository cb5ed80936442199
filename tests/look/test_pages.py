"""Sample pages as text: they render with every name defined, and stay inside the budget."""

import brotli
import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from portal.core.web import style_page
from portal.core.web.assets import DIST, manifest
from tests.look import bare

KB = 1024
PATHS = ["/ui", *(f"/ui/{name}" for name in style_page.PAGES), *(f"/ui/error/{name}" for name in style_page.ERRORS)]


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return bare.make(bare.Trial()).test_client()


@pytest.mark.parametrize("path", [*PATHS, "/ui?dir=rtl", "/ui?brand=ffd400", "/ui/error/404?bare=1"])
def test_renders(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    dom = BeautifulSoup(answer.text, "lxml")
    ids = [each["id"] for each in dom.select("[id]")]
    assert len(ids) == len(set(ids)), sorted(each for each in ids if ids.count(each) > 1)
    assert len(dom.select("h1")) == 1
    assert len(dom.select("main")) == 1
    assert dom.title
    assert dom.title.get_text(strip=True)
    for label in dom.select("label[for]"):
        assert label["for"] in ids
    for each in dom.select("[aria-describedby]"):
        assert set(each["aria-describedby"].split()) <= set(ids), each
    for form in dom.select("form[method=post]"):
        assert form.select_one("[name=csrf_token]")


def test_the_first_view_of_the_dashboard_is_in_budget(client: FlaskClient) -> None:
    """With invented content as rich as the real one will be: 30 KB and 5 requests in all, 18 KB before first paint."""
    answer = client.get("/ui/home")
    dom = BeautifulSoup(answer.text, "lxml")
    page = len(brotli.compress(answer.data, quality=5))
    styles = [each["href"] for each in dom.select("link[rel=stylesheet]")]
    scripts = [each["src"] for each in dom.select("script")]
    images = [each["src"] for each in dom.select("img")]
    sizes = {address: (DIST / f"{address.removeprefix('/static/')}.br").stat().st_size for address in styles + scripts}
    assert 1 + len(styles) + len(scripts) + len(images) + 1 <= 5, "page, styles, script, and room for a logo"
    assert page + sum(sizes[address] for address in styles) <= 18 * KB - 6 * KB, (
        "half of it left for headers and growth"
    )
    assert page + sum(sizes.values()) <= 26 * KB, "4 KB left for a logo and headers"
    assert all(each.has_attr("defer") for each in dom.select("script"))


@pytest.mark.parametrize("name", style_page.PAGES)
def test_a_later_page_is_small(client: FlaskClient, name: str) -> None:
    assert len(brotli.compress(client.get(f"/ui/{name}").data, quality=5)) <= 6 * KB


def test_the_manifest_is_the_one_that_pages_use(client: FlaskClient) -> None:
    assert f"/static/{manifest(DIST)['app.css']}" in client.get("/ui").text
