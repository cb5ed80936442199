"""Every sample page, light and dark, phone and desktop: no axe violation, no sideways scrolling."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from portal.core.web import style_page

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": TAGS}}
TOUCHED = (
    ".btn, .nav a, .nav summary, .tabs a, select, .input, .choice, .brand, "
    ".fold > summary, .tick, .kinds label, .unfold"
)  # fmt: skip
PAGES = [
    "/ui",
    "/ui?dir=rtl",
    "/ui?brand=ffd400",
    *(f"/ui/{name}" for name in style_page.PAGES),
    "/ui/error/404",
    "/ui/error/500?bare=1",
]
WIDTHS = {"phone": (375, 812), "desktop": (1280, 900)}


def faults(results: Any) -> list[str]:
    """Rule, and the first elements that break it."""
    return [
        f"{each['id']}: " + " | ".join(node["html"][:120] for node in each["nodes"][:3])
        for each in results.response["violations"]
    ]


@pytest.mark.parametrize(
    ("scheme", "width", "paths"),
    [
        ("light", "phone", PAGES),
        ("dark", "desktop", PAGES),
        ("light", "desktop", PAGES[:1]),
        ("dark", "phone", PAGES[:1]),
    ],
)
def test_no_violation(chromium: Browser, address: str, scheme: Any, width: str, paths: list[str]) -> None:
    across, down = WIDTHS[width]
    context = chromium.new_context(
        base_url=address, color_scheme=scheme, viewport={"width": across, "height": down}, reduced_motion="reduce"
    )
    page = context.new_page()
    found: dict[str, list[str]] = {}
    for path in paths:
        page.goto(path)
        for fold in page.locator("details").all():
            fold.evaluate("element => element.closest('[data-menu]') || (element.open = true)")
        problems = faults(Axe().run(page, options=RULES))
        if problems:
            found[path] = problems
    context.close()
    assert not found


@pytest.mark.parametrize("path", PAGES)
def test_no_sideways_scrolling_at_320(chromium: Browser, address: str, path: str) -> None:
    context = chromium.new_context(base_url=address, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()


def test_targets_on_touch_are_large_enough(chromium: Browser, address: str) -> None:
    """44 px for what is pressed with a thumb; links inside sentences are as WCAG 2.5.8 excepts them."""
    context = chromium.new_context(
        base_url=address, viewport={"width": 375, "height": 812}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    small: dict[str, list[str]] = {}
    for path in ("/ui/home", "/ui/tickets", "/ui/ticket", "/ui/new", "/ui/queue", "/ui/desk", "/ui/signin"):
        page.goto(path)
        found = page.evaluate(
            """(touched) => [...document.querySelectorAll(touched)]
                .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 43.5)
                .map((each) => each.outerHTML.slice(0, 100))""",
            TOUCHED,
        )
        if found:
            small[path] = found
    context.close()
    assert not small
