"""The look is tried without database: a bare app, and Chromium where there is one."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.look import bare


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        if path is None and not Path(playwright.chromium.executable_path).exists():
            words = "no Chromium here: install it (Debian: chromium) or run `playwright install chromium`"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(words)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


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
