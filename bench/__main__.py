"""`make bench`: the list against a bare page, statements, bytes, growth, a slow line. One run, one table."""

import argparse
import re
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from bench import load, slow_line, stage
from portal.settings import ROOT

SIZES = (1_000, 100_000, 1_000_000)
SHARE, GROWTH, COLD_MS, WARM_MS = 0.75, 1.3, 1300, 600


@dataclass(frozen=True)
class Row:
    """One list at one size."""

    name: str
    size: int
    portal: load.Result
    bare: load.Result


def main() -> int:
    """Measure what was asked for and print it."""
    asked = _arguments()
    folder = Path(asked.folder)
    rows: list[Row] = []
    with stage.servers(folder) as (database, cache):
        environ = stage.environment(folder, cache.url)
        for size in asked.sizes:
            stood = stage.load(database, size, environ)
            rows += _lists(stood, environ, asked.seconds)
        smallest = stage.load(database, asked.sizes[0], environ)
        seen = _slow(smallest, environ) if asked.browser else None
        statements = _statements(smallest, environ)
    _print(rows, seen, statements, asked.sizes)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--sizes", type=lambda text: tuple(int(size) for size in text.split(",")), default=SIZES)
    parser.add_argument("--seconds", type=float, default=15, help="load per list")
    parser.add_argument("--folder", default=str(ROOT / "var" / "bench"), help="where loaded databases are kept")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="leave out the slow line")
    return parser.parse_args()


def _lists(stood: stage.Stage, environ: dict[str, str], seconds: float) -> list[Row]:
    own = environ | {"DATABASE_URL": stood.app_url, "DATABASE_OWNER_URL": stood.owner_url}
    host = f"{stood.slug}.localhost"
    faces = (
        ("client's list", "/tickets?state=with-us", stood.client_cookie, "t.phase = 'with_us'"),
        ("staff queue", "/msp/tickets", stood.staff_cookie, "t.phase <> 'done'"),
    )
    rows = []
    for name, path, cookie, condition in faces:
        with stage.served("wsgi:app", own, "/healthz", host) as port:
            page = _fetch(port, path, host, cookie)
            load.measure(port, path, host, cookie, seconds=2)
            ours = load.measure(port, path, host, cookie, seconds=seconds)
        bare = _bare(stood, own | {"BARE_WHERE": condition}, page, cookie, seconds)
        rows.append(Row(name, stood.size, ours, bare))
    return rows


def _bare(stood: stage.Stage, environ: dict[str, str], page: str, cookie: str, seconds: float) -> load.Result:
    file = Path(environ["VAR_DIR"]) / "bare.html"
    file.write_text(page, encoding="utf-8")
    own = environ | {"BARE_PAGE": str(file), "BARE_DATABASE_URL": stood.owner_url}
    host = f"{stood.slug}.localhost"
    with stage.served("bench.bare:app", own, "/healthz", host) as port:
        load.measure(port, "/list", host, cookie, seconds=2)
        return load.measure(port, "/list", host, cookie, seconds=seconds)


def _fetch(port: int, path: str, host: str, cookie: str) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host, "Cookie": cookie})
    with urllib.request.urlopen(request) as answer:  # noqa: S310  # loopback, our own
        return str(answer.read().decode())


def _slow(stood: stage.Stage, environ: dict[str, str]) -> slow_line.Seen:
    own = environ | {"DATABASE_URL": stood.app_url, "DATABASE_OWNER_URL": stood.owner_url}
    host = f"{stood.slug}.localhost"
    with stage.served("wsgi:app", own, "/healthz", host) as port:
        return slow_line.watch(port, host, stood.client_cookie)


def _statements(stood: stage.Stage, environ: dict[str, str]) -> dict[str, int]:
    """What is sent for each page but BEGIN, COMMIT and set_config."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    from portal import create_app
    from portal.settings import read

    app = create_app(read(environ | {"DATABASE_URL": stood.app_url, "DATABASE_OWNER_URL": stood.owner_url}))
    sent: list[str] = []
    event.listen(Engine, "before_cursor_execute", lambda _c, _u, statement, *_: sent.append(statement))
    host = f"http://{stood.slug}.localhost"
    counts = {}
    with app.test_client(use_cookies=False) as http:
        for side, path, cookie in (
            ("client", "/tickets", stood.client_cookie),
            ("staff", "/msp/tickets", stood.staff_cookie),
        ):
            listed = http.get(path, base_url=host, headers={"Cookie": cookie})
            first = re.search(rf'href="({path}/\d+)"', listed.get_data(as_text=True))
            for name, address in ((f"{side}'s list", path), (f"{side}'s ticket", first.group(1) if first else "")):
                sent.clear()
                answered = http.get(address, base_url=host, headers={"Cookie": cookie})
                if answered.status_code != 200:  # noqa: PLR2004
                    message = f"{address or path}: {answered.status}"
                    raise RuntimeError(message)
                counts[name] = len([text for text in sent if "set_config('app." not in text])
    return counts


def _print(rows: list[Row], seen: slow_line.Seen | None, statements: dict[str, int], sizes: tuple[int, ...]) -> None:
    heads = ("tickets", "req/s", "p50 ms", "p99 ms", "bare/s", "bare p99", "share", "growth")
    print("\nlist           " + "".join(f"{head:>10}" for head in heads))
    first = {row.name: row.portal.p50 for row in rows if row.size == sizes[0]}
    for row in rows:
        print(
            f"{row.name:<15}{row.size:>10,}{row.portal.per_second:>10.0f}{row.portal.p50:>10.1f}{row.portal.p99:>10.1f}"
            f"{row.bare.per_second:>10.0f}{row.bare.p99:>10.1f}{row.portal.per_second / row.bare.per_second:>10.2f}"
            f"{row.portal.p50 / first[row.name]:>10.2f}"
        )
    print(f"aims: share ≥ {SHARE}, growth ≤ {GROWTH} (p50 against {sizes[0]:,} tickets)\n")
    print("statements a page: " + ", ".join(f"{name} {count}" for name, count in statements.items()))
    print("aims: a list ≤ 5, a ticket ≤ 6\n")
    if seen is not None:
        print(f"slow 3G, processor ÷ 4: rows after {seen.cold_ms:.0f} ms cold, {seen.warm_ms:.0f} ms warm;")
        print(f"bytes on the wire: cold {seen.cold_bytes:,} in {seen.requests} requests, warm {seen.warm_bytes:,}")
        print(f"aims: cold ≤ {COLD_MS} ms, warm ≤ {WARM_MS} ms")


if __name__ == "__main__":
    sys.exit(main())
