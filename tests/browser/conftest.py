"""Real pages in a real browser: the app served from this process, people already signed in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from tests.identity.conftest import harbor_url
from tests.pages import Visitor
from tests.world import Person

__all__ = ["harbor_url"]

PHONE = {"width": 320, "height": 640}
DESKTOP = {"width": 1280, "height": 900}
Opener = Callable[..., Page]


@pytest.fixture
def browse(app: Flask, chromium: Browser, harbor_url: str) -> Iterator[Opener]:  # fixtures are named so
    """`browse(SAM, scripts=False)`: a page at Harbor's host, signed in; script errors fail the test."""
    complaints: list[str] = []
    with ExitStack() as stack:

        def opened(
            person: Person | None = None, *, scripts: bool = True, size: Any = None, scheme: Any = "light"
        ) -> Page:
            context = stack.enter_context(
                chromium.new_context(
                    base_url=harbor_url, java_script_enabled=scripts, viewport=size or PHONE, color_scheme=scheme,
                    reduced_motion="reduce", locale="en-GB",
                )
            )  # fmt: skip
            context.set_default_timeout(15_000)
            if person is not None:
                visitor = Visitor(app, f"{person.tenant}.localhost")
                visitor.sign_in(person)
                name = "msp" if person.side == "msp" else "session"
                cookie = visitor.http.get_cookie(name, domain=visitor.host)
                context.add_cookies([{"name": name, "value": cookie.value, "domain": visitor.host, "path": "/"}])
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield opened
    assert not complaints


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
