"""The address of whoever asks. Forwarded headers count only from networks the operator named."""

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from portal.settings import Settings

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
IP = ipaddress.IPv4Address | ipaddress.IPv6Address
FORWARDED = (
    "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX", "HTTP_FORWARDED", "HTTP_X_REAL_IP",
)  # fmt: skip


COUNTRY = "portal.country"
"""Where the environ of a request keeps the visitor's country: two capitals, or empty where nobody trusted told it."""


class BehindProxies:
    """WSGI middleware: believes the last untrusted hop of X-Forwarded-For, then removes all such headers.

    The country that a trusted proxy tells in the header that the operator named is kept under `COUNTRY`.
    """

    def __init__(self, app: WSGI, settings: Settings) -> None:
        """Wrap an application."""
        self.app = app
        self.trusted = settings.trusted_proxies
        self.scheme = settings.public_scheme
        name = settings.country_header
        self.country_header = f"HTTP_{name.upper().replace('-', '_')}" if name else ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        environ[COUNTRY] = ""
        if self.trusted and self._is_trusted(_parse(environ.get("REMOTE_ADDR", ""))):
            hops = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
            environ["REMOTE_ADDR"] = self._client(hops) or environ["REMOTE_ADDR"]
            environ[COUNTRY] = _country(environ.get(self.country_header, ""))
        environ.pop(self.country_header, None)
        environ["wsgi.url_scheme"] = self.scheme
        for name in FORWARDED:
            environ.pop(name, None)
        return self.app(environ, start_response)

    def _client(self, hops: list[str]) -> str | None:
        for hop in reversed(hops):
            address = _parse(hop)
            if address is None:
                return None
            if not self._is_trusted(address):
                return str(address)
        return None

    def _is_trusted(self, address: IP | None) -> bool:
        return address is not None and any(address in network for network in self.trusted)


def _country(text: str) -> str:
    """A country by ISO 3166-1; proxies say XX or T1 where they don't know."""
    known = len(text) == 2 and text.isascii() and text.isalpha() and text.upper() != "XX"  # noqa: PLR2004  # its letters
    return text.upper() if known else ""


def _parse(text: str) -> IP | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def install(app: Flask, settings: Settings) -> None:
    """Put the middleware on an app."""
    app.wsgi_app = BehindProxies(app.wsgi_app, settings)  # type: ignore[method-assign]  # Flask's documented way
