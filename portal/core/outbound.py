"""Requests that leave the house for an address that somebody typed in: guarded, short and small.

Every address that the name has is checked before anything is sent, and the
connection goes to an address that was checked, not to whatever the name says a
moment later. Nothing is followed elsewhere. All failures read the same, so that
nobody learns from them what stands in the house's own network.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import time
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from portal.settings import current

SECONDS: Final = 5.0
"""For connecting and for each piece of the answer."""
MOST_SECONDS: Final = 10.0
"""For the answer as a whole."""
MOST_BYTES: Final = 256 * 1024
LONGEST_URL: Final = 2000
_PIECE = 16 * 1024
_TRANSLATED = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
"""IPv4 in IPv6 by translation: what it leads to is not to be seen from its number."""
_FORM = "application/x-www-form-urlencoded"


class Unreachable(Exception):
    """No answer that could be used; which of all the reasons it was is not told."""


def get_json(url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The JSON object at an address. Raises Unreachable."""
    return _asked("GET", url, headers=headers or {})


def post_form(url: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The JSON object that answers a form. Raises Unreachable."""
    return _asked("POST", url, body=urlencode(fields).encode(), headers={"Content-Type": _FORM, **(headers or {})})


def is_allowed(url: str) -> bool:
    """Whether an address has the shape of one that may be asked: https and a name, without user or fragment.

    On development's and the tests' own machine, http to loopback as well.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    if len(url) > LONGEST_URL or not host or parts.username or parts.password or parts.fragment or port == 0:
        return False
    if not url.isascii() or not url.isprintable() or any(letter in url for letter in ' \\"<>'):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _may_stay_inside() and _is_loopback_name(host))


def _may_stay_inside() -> bool:
    return not current().is_production


def _is_loopback_name(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "::1"}


def _asked(method: str, url: str, *, headers: dict[str, str], body: bytes | None = None) -> dict[str, Any]:
    if not is_allowed(url):
        raise Unreachable
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _Guarded(parts.hostname or "", parts.port, is_tls=parts.scheme == "https")
    try:
        connection.request(method, target, body, {"Accept": "application/json", "User-Agent": "portal", **headers})
        with connection.getresponse() as answer:
            if answer.status != http.HTTPStatus.OK:
                raise Unreachable
            found = json.loads(_read(answer))
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        raise Unreachable from None
    finally:
        connection.close()
    if not isinstance(found, dict):
        raise Unreachable
    return found


def _read(answer: http.client.HTTPResponse) -> bytes:
    ends = time.monotonic() + MOST_SECONDS
    pieces = b""
    while piece := answer.read1(_PIECE):
        pieces += piece
        if len(pieces) > MOST_BYTES or time.monotonic() > ends:
            raise Unreachable
    return pieces


class _Guarded(http.client.HTTPConnection):
    """A connection to an address of the host that was checked before."""

    def __init__(self, host: str, port: int | None, *, is_tls: bool) -> None:
        super().__init__(host, port or (443 if is_tls else 80), timeout=SECONDS)
        self._is_tls = is_tls

    def connect(self) -> None:
        """Connect to the first address that answers, if all that the name has may be asked."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = [str(each[4][0]) for each in found]
        inside = _may_stay_inside() and _is_loopback_name(self.host)
        if not addresses or not all(may_be_asked(each, inside=inside) for each in addresses):
            raise Unreachable
        plain = socket.create_connection((addresses[0], self.port), timeout=SECONDS)
        self.sock = plain
        if self._is_tls:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def may_be_asked(address: str, *, inside: bool = False) -> bool:
    """Whether an IP address lies in the open net. `inside`: loopback is meant and nothing else.

    >>> may_be_asked("93.184.216.34"), may_be_asked("10.0.0.1"), may_be_asked("::ffff:127.0.0.1")
    (True, False, False)
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if any(parsed in network for network in _TRANSLATED):
            return False
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if inner is not None:
            return may_be_asked(str(inner), inside=inside)
    if inside:
        return parsed.is_loopback
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)
