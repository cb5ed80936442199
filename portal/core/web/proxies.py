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


class BehindProxies:
    """WSGI middleware: believes the last untrusted hop of X-Forwarded-For, then removes all such headers."""

    def __init__(self, app: WSGI, settings: Settings) -> None:
        """Wrap an application."""
        self.app = app
        self.trusted = settings.trusted_proxies
        self.scheme = settings.public_scheme

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        if self.trusted and self._is_trusted(_parse(environ.get("REMOTE_ADDR", ""))):
            hops = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
            environ["REMOTE_ADDR"] = self._client(hops) or environ["REMOTE_ADDR"]
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


def _parse(text: str) -> IP | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def install(app: Flask, settings: Settings) -> None:
    """Put the middleware on an app."""
    app.wsgi_app = BehindProxies(app.wsgi_app, settings)  # type: ignore[method-assign]  # Flask's documented way
