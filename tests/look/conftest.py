"""The look is tried without database: a bare app, and Chromium where there is one."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.look import bare


@pytest.fixture(scope="session")
def _served() -> Iterator[tuple[str, bare.Trial]]:
    trial = bare.Trial()
    with bare.serving(bare.make(trial)) as address:
        yield address, trial


@pytest.fixture
def trial(_served: tuple[str, bare.Trial]) -> bare.Trial:
    """What the bare app is to answer next; clean for each test."""
    fresh = _served[1]
    fresh.__init__()  # type: ignore[misc]  # the app holds this very object
    return fresh


@pytest.fixture
def address(_served: tuple[str, bare.Trial], trial: bare.Trial) -> str:
    return _served[0]


@pytest.fixture
def context(chromium: Browser, address: str) -> Iterator[BrowserContext]:
    opened = chromium.new_context(base_url=address, viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(5_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that must not complain: a script error or a breach of the policy fails the test."""
    complaints: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: _note(message, complaints))
    yield opened
    assert not complaints


def _note(message: Any, complaints: list[str]) -> None:
    expected = ("Failed to load resource", "htmx:error", "Failed to fetch")
    if message.type == "error" and not any(words in message.text for words in expected):
        complaints.append(message.text)
