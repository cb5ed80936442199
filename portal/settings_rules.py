"""How each setting must look: parsers that return the value or raise ValueError.

The error's text completes the sentence "NAME …", for example "PORT must be a
number from 1 to 65535, not 'abc'". Values that may hold a secret are never
repeated in it.
"""

from __future__ import annotations

import base64
import binascii
import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

Network = IPv4Network | IPv6Network

DEVELOPMENT_MARK = "dev-"
"""Secrets that the development launcher makes begin so; production refuses them."""
SECRET_CHARACTERS = 32
KEY_BYTES = 32
VARIETY = 8
"""Fewer different characters or bytes than this is somebody's placeholder, not a random key."""
LAST_PORT = 65535
MOST_PROCESSES = 256
MOST_REQUESTS = 10_000_000

_PLACEHOLDER = re.compile(
    r"change-?_?me|example|insecure|default|placeholder|your-?_?secret|password|xxxx", re.IGNORECASE
)
_WELL_KNOWN_PASSWORDS = frozenset({"postgres", "password", "portal", "secret", "admin", "root", "test"})
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")

_IN_PRODUCTION = {
    "DATABASE_URL": "postgresql://portal_app:…@host/portal, made by `flask database prepare`",
    "REDIS_URL": "redis://host:6379/0",
    "SECRET_KEYS": 'make one with python3 -c "import secrets; print(secrets.token_urlsafe(48))"',
    "ENCRYPTION_KEYS": "make one with "
    'python3 -c "import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())"',
}
_ELSEWHERE = dict.fromkeys(_IN_PRODUCTION, "`make run` and the embedded servers provide it in development")
HINTS = {"production": _IN_PRODUCTION, "development": _ELSEWHERE, "test": _ELSEWHERE}
"""How to get each needed setting, by PORTAL_ENV."""


def one_of(*allowed: str) -> Callable[[str], str]:
    """A parser that takes one of the given words."""

    def parse(value: str) -> str:
        if value not in allowed:
            message = f"must be one of {', '.join(allowed)}, not {value!r}"
            raise ValueError(message)
        return value

    return parse


def log_level(value: str) -> str:
    """A level's name in capitals."""
    return one_of("DEBUG", "INFO", "WARNING", "ERROR")(value.upper())


def _number(value: str, most: int) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= most:
        message = f"must be a number from 1 to {most}, not {value!r}"
        raise ValueError(message)
    return int(value)


def port(value: str) -> int:
    """A TCP port."""
    return _number(value, LAST_PORT)


def count(value: str) -> int:
    """How many processes or threads."""
    return _number(value, MOST_PROCESSES)


def requests(value: str) -> int:
    """How many requests within a minute; 0: no limit."""
    return 0 if value == "0" else _number(value, MOST_REQUESTS)


def _split(value: str, schemes: tuple[str, ...], shape: str) -> SplitResult:
    """The address's parts, or ValueError naming the shape it should have (never the value: it may hold a password)."""
    message = f"must look like {shape}"
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError(message) from None
    if parts.scheme not in schemes:
        raise ValueError(message)
    return parts


def database_url(*, strict: bool) -> Callable[[str], str]:
    """A parser of PostgreSQL addresses; other spellings of the scheme become `postgresql`."""
    shape = "postgresql://user:password@host:port/database"

    def parse(value: str) -> str:
        parts = _split(value, ("postgresql", "postgres", "postgresql+psycopg"), shape)
        if not parts.path.strip("/") or not parts.username:
            message = f"must look like {shape}"
            raise ValueError(message)
        password = unquote(parts.password or "")
        if strict and password and (password.lower() in _WELL_KNOWN_PASSWORDS or _is_placeholder(password)):
            message = "holds a default password, which production refuses"
            raise ValueError(message)
        return parts._replace(scheme="postgresql").geturl()

    return parse


def redis_url(value: str) -> str:
    """An address of Redis or Valkey."""
    shape = "redis://[:password@]host:port/number, rediss://… or unix:///path"
    parts = _split(value, ("redis", "rediss", "unix"), shape)
    if not (parts.path if parts.scheme == "unix" else parts.hostname):
        message = f"must look like {shape}"
        raise ValueError(message)
    return value


def http_url(*, strict: bool) -> Callable[[str], str]:
    """A parser of web addresses; `strict` takes https only."""
    schemes, shape = (("https",), "https://host") if strict else (("http", "https"), "http(s)://host")

    def parse(value: str) -> str:
        if not _split(value, schemes, shape).hostname:
            message = f"must look like {shape}"
            raise ValueError(message)
        return value.rstrip("/")

    return parse


def _is_placeholder(value: str) -> bool:
    return bool(_PLACEHOLDER.search(value))


def _items(value: str) -> list[str]:
    items = [item.strip() for item in value.split(",")]
    if not all(items):
        message = "must be a list with commas between and nothing empty in it"
        raise ValueError(message)
    if len(set(items)) != len(items):
        message = "names the same key twice"
        raise ValueError(message)
    return items


def secret_keys(*, strict: bool) -> Callable[[str], tuple[str, ...]]:
    """A parser of signing keys, newest first; each at least SECRET_CHARACTERS long."""

    def parse(value: str) -> tuple[str, ...]:
        items = _items(value)
        for place, item in enumerate(items, 1):
            if len(item) < SECRET_CHARACTERS:
                message = f"key {place} is shorter than {SECRET_CHARACTERS} characters"
                raise ValueError(message)
            if strict and (item.startswith(DEVELOPMENT_MARK) or _is_placeholder(item) or len(set(item)) < VARIETY):
                message = f"key {place} is a default or development key, which production refuses"
                raise ValueError(message)
        return tuple(items)

    return parse


def encryption_keys(*, strict: bool) -> Callable[[str], tuple[bytes, ...]]:
    """A parser of encryption keys, newest first: each KEY_BYTES random bytes in base64."""

    def parse(value: str) -> tuple[bytes, ...]:
        keys = []
        for place, item in enumerate(_items(value), 1):
            key = _key_bytes(item.removeprefix(DEVELOPMENT_MARK))
            if key is None:
                message = f"key {place} must be {KEY_BYTES} random bytes in base64"
                raise ValueError(message)
            if strict and (item.startswith(DEVELOPMENT_MARK) or len(set(key)) < VARIETY):
                message = f"key {place} is a default or development key, which production refuses"
                raise ValueError(message)
            keys.append(key)
        return tuple(keys)

    return parse


def _key_bytes(text: str) -> bytes | None:
    """The key, from either base64 alphabet, padded or not; None if it isn't one."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None


def domain(value: str) -> str:
    """A host name in lower case, without scheme, port or final dot."""
    name = value.lower().removesuffix(".")
    if not _DOMAIN.fullmatch(name):
        message = f"must be a host name such as portal.example.com, not {value!r}"
        raise ValueError(message)
    return name


def mail_url(var_dir: Path) -> Callable[[str], str]:
    """A parser of mail transports: `file:` (a folder, default VAR_DIR/mail) or `smtp(s)://…?tls=…`."""
    shape = "smtp://user:password@host:port?tls=starttls (or none, or smtps://…), or file:/folder"

    def parse(value: str) -> str:
        parts = _split(value, ("file", "smtp", "smtps"), shape)
        if parts.scheme == "file":
            return _file_url(parts, var_dir, "mail")
        tls = parse_qs(parts.query).get("tls", ["starttls"])
        if not parts.hostname or tls not in (["starttls"], ["none"], ["tls"]):
            message = f"must look like {shape}"
            raise ValueError(message)
        return value

    return parse


def storage_url(var_dir: Path) -> Callable[[str], str]:
    """A parser of blob stores: `file:` (a folder, default VAR_DIR/storage) or `s3://bucket?endpoint=…`."""
    shape = "s3://bucket?endpoint=https://… or file:/folder"

    def parse(value: str) -> str:
        parts = _split(value, ("file", "s3"), shape)
        if parts.scheme == "file":
            return _file_url(parts, var_dir, "storage")
        if not parts.hostname:
            message = f"must look like {shape}"
            raise ValueError(message)
        return value

    return parse


def _file_url(parts: SplitResult, var_dir: Path, name: str) -> str:
    """`file://` with an absolute folder; a relative one lies in VAR_DIR."""
    return f"file://{var_dir / (unquote(parts.path) or name)}"


def networks(value: str) -> tuple[Network, ...]:
    """Networks such as 10.0.0.0/8, with commas between."""
    found = []
    for item in _items(value):
        try:
            found.append(ip_network(item))
        except ValueError:
            message = f"must be networks such as 10.0.0.0/8 with commas between, not {item!r}"
            raise ValueError(message) from None
    return tuple(found)


def header_name(value: str) -> str:
    """The name of a header, which is none of those that carry something else."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,60}", value) or not value.lower().endswith("country"):
        message = f"must be the name of a header that ends with “country”, such as CF-IPCountry, not {value!r}"
        raise ValueError(message)
    return value


def address(value: str) -> tuple[str, int]:
    """`host:port` or just a port, which then listens on loopback only."""
    host, _, number = value.rpartition(":")
    return host.strip("[]") or "127.0.0.1", port(number)


def resolvers(value: str) -> tuple[tuple[str, int], ...]:
    """Addresses of DNS servers with commas between: `9.9.9.9`, `127.0.0.1:5353` or `[2620:fe::fe]:53`."""
    found = []
    for item in _items(value):
        host, number = item, "53"
        if item.startswith("[") or item.count(":") == 1:
            host, _, number = item.rpartition(":")
        try:
            found.append((str(ip_address(host.strip("[]"))), port(number)))
        except ValueError:
            message = f"must be addresses of DNS servers such as 9.9.9.9 with commas between, not {item!r}"
            raise ValueError(message) from None
    return tuple(found)


def clock_file(*, strict: bool) -> Callable[[str], Path]:
    """A parser of the shifted clock's file, which production refuses."""

    def parse(value: str) -> Path:
        if strict:
            message = "shifts the business clock and is refused in production"
            raise ValueError(message)
        return Path(value).expanduser().resolve()

    return parse
