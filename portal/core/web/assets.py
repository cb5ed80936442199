"""Static files: their hashed addresses, and WhiteNoise that serves them, compressed and cached for a year."""

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from whitenoise import WhiteNoise

from portal.core.web.build import STATIC

if TYPE_CHECKING:
    from wsgiref.headers import Headers

    from flask import Flask

    from portal.core.web.cookies import Side

DIST = STATIC / "dist"
PREFIX = "/static/"
HASHED = re.compile(r"\.[0-9a-f]{10}\.\w+$")


class Framed(Protocol):
    """What of a page's place decides how it looks."""

    @property
    def side(self) -> "Side": ...  # noqa: D102  # the protocol says it

    @property
    def brand_css_url(self) -> str | None: ...  # noqa: D102  # same


class StaticNotBuilt(RuntimeError):
    """`static/dist` is missing; `make static` makes it."""


@cache
def manifest(folder: Path) -> dict[str, str]:
    """Logical name → hashed file, read once a process. Raises StaticNotBuilt."""
    try:
        names: dict[str, str] = json.loads((folder / "manifest.json").read_text())
    except FileNotFoundError as error:
        message = f"{folder} is not built: run `make static`"
        raise StaticNotBuilt(message) from error
    return names


def asset(name: str) -> str:
    """The address of a static file as it stands now: `app.css` → `/static/app.<hash>.css`.

    Raises KeyError for a file that was never built.
    """
    return PREFIX + manifest(DIST)[name]


def stylesheets(place: Framed) -> tuple[str, str]:
    """The addresses of what a page's first paint waits for: the side's stylesheet and the brand's."""
    bundle = "staff.css" if place.side == "msp" else "app.css"
    return asset(bundle), place.brand_css_url or asset(f"brand-{place.side}.css")


def serve_static(app: "Flask", folder: Path = DIST) -> None:
    """Serve the built files under /static/ before the app is asked.

    A file with a hash in its name is `immutable`; others are asked for again after a minute.
    """
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # Flask's documented way to wrap an app
        app.wsgi_app,
        root=folder,
        prefix=PREFIX,
        immutable_file_test=_is_hashed,
        add_headers_function=_headers,
    )


def _is_hashed(_path: str, url: str) -> bool:
    return HASHED.search(url) is not None


def _headers(headers: "Headers", _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
