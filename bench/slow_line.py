"""How long a phone on a slow line waits for the list: emulated Slow 3G and a processor four times slower."""

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ROWS = "main a[href^='/tickets/1'], main a[href^='/tickets/2'], main a[href^='/tickets/9']"
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
SLOWDOWN = 4
RUNS = 5


WATCH = """
(() => {
  const look = () => {
    const row = document.querySelector("%s");
    if (row && row.getClientRects().length) setTimeout(() => { window.rowsShown = performance.now(); });
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""
"""Notes when the first frame with a row was drawn. It runs in the page from its beginning: asking from outside, on a
processor that is slowed down, would measure the asking. No frame is drawn while a stylesheet is awaited."""


@dataclass(frozen=True)
class Seen:
    """Milliseconds until the first row was on the screen, and what travelled."""

    cold_ms: float
    warm_ms: float
    cold_bytes: int
    warm_bytes: int
    requests: int


def watch(port: int, host: str, cookie: str) -> Seen:
    """The medians of a few visits, each with an empty cache and then once more."""
    name, _, value = cookie.partition("=")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", f"--host-resolver-rules=MAP *.localhost 127.0.0.1:{port}"],
        )
        seen = [_visit(browser, f"http://{host}:{port}", name, value, host) for _ in range(RUNS)]
        browser.close()
    middle = sorted(seen, key=lambda each: each.cold_ms)[RUNS // 2]
    warm = sorted(each.warm_ms for each in seen)[RUNS // 2]
    return Seen(middle.cold_ms, warm, middle.cold_bytes, middle.warm_bytes, middle.requests)


def _visit(browser: Browser, origin: str, name: str, value: str, host: str) -> Seen:
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2, is_mobile=True)
    context.add_cookies([{"name": name, "value": value, "domain": host, "path": "/", "httpOnly": True}])
    context.add_init_script(WATCH % ROWS)
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW_3G)
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    weights: list[int] = []
    line.on("Network.loadingFinished", lambda event: weights.append(int(event["encodedDataLength"])))
    cold = _until_rows(page, f"{origin}/tickets")
    page.wait_for_load_state("load")
    cold_bytes, requests = sum(weights), len(weights)
    weights.clear()
    page.goto("about:blank")
    warm = _until_rows(page, f"{origin}/tickets")
    page.wait_for_load_state("load")
    context.close()
    return Seen(cold, warm, cold_bytes, sum(weights), requests)


def _until_rows(page: Any, url: str) -> float:
    """Milliseconds from the start of the navigation to the frame in which the first row is painted."""
    page.goto(url, wait_until="load")
    page.wait_for_function("() => window.rowsShown", timeout=30_000)
    return float(page.evaluate("() => window.rowsShown"))
