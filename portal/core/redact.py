"""Takes secrets out of what is about to be logged: by the name of a field, and by the look of a text.

Code shouldn't log secrets in the first place; this is for exceptions' texts, libraries' messages
and mistakes. It rather hides too much.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

HIDDEN: Final = "[hidden]"
LONGEST_TEXT = 4_000
LONGEST_TRACE = 20_000
_DEEPEST = 6
_MOST_ITEMS = 100

_SECRET_NAME = re.compile(
    r"passw|passphrase|secret|token|cookie|authori[sz]ation|credential|api_?key|private_?key|encryption_?key|"
    r"secret_?key|signing_?key|signature|csrf|otp|pin_code|recovery_code|backup_code|tax_id|iban|card_?number|cvc|"
    r"dsn|^keys?$|^set-cookie$",
    re.IGNORECASE,
)
_PARTS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), HIDDEN),
    (re.compile(r"\b(bearer|basic|digest|negotiate)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"\b([a-z][a-z0-9+.-]{0,30}://)[^\s/@]*@", re.IGNORECASE), rf"\1{HIDDEN}@"),
    (re.compile(r"\b(?:sk|rk|pk)_(?:live|test)_\w{6,}|\bwhsec_[\w+/=-]{6,}|\bAKIA[A-Z0-9]{12,}"), HIDDEN),
    (re.compile(r"\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"), HIDDEN),
    (re.compile(r"\$argon2\w*\$\S+"), HIDDEN),
    (re.compile(r"\b1\.[0-9a-f]{8}\.[\w-]{24,}={0,2}"), HIDDEN),
    (
        re.compile(
            r"(?P<name>(?:passw(?:or)?d|secret|token|session|cookie|api[_-]?key|csrf|signature|otp|msp|portal-gate))"
            r"(?P<between>[\"']?\s*(?:[=:]|%3[Dd])\s*[\"']?)(?P<value>[^\s\"'&;,)}\]]{4,})",
            re.IGNORECASE,
        ),
        rf"\g<name>\g<between>{HIDDEN}",
    ),
    # PostgreSQL repeats the values that broke a constraint.
    (re.compile(r"(Key \([^)]*\)=)\(.*?\)(?= (?:already|is|conflicts)|$)", re.MULTILINE), rf"\1({HIDDEN})"),
    (re.compile(r"(Failing row contains )\(.*?\)\.?$", re.MULTILINE), rf"\1({HIDDEN})"),
)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name is never shown."""
    return _SECRET_NAME.search(name) is not None


def text(value: str, longest: int = LONGEST_TEXT) -> str:
    """The text without what looks like a secret, cut to a length a log can hold."""
    value = value[: 2 * longest]
    for pattern, instead in _PARTS:
        value = pattern.sub(instead, value)
    return value if len(value) <= longest else f"{value[:longest]}… [cut]"


def value(name: str, given: Any, depth: int = 0) -> Any:
    """A field's value, fit to be logged: secrets hidden, depth and length bounded, only JSON's types."""
    if is_secret_name(name) and given not in (None, "", 0, False):
        return HIDDEN
    if given is None or isinstance(given, bool | int | float):
        return given
    if isinstance(given, Mapping | list | tuple | set | frozenset):
        return _many(name, given, depth) if depth < _DEEPEST else "[too deep]"
    if isinstance(given, bytes | bytearray | memoryview):
        return f"[{len(given)} bytes]"
    return text(str(given), LONGEST_TRACE if name == "exception" else LONGEST_TEXT)


def _many(name: str, given: Mapping[Any, Any] | Iterable[Any], depth: int) -> Any:
    if isinstance(given, Mapping):
        pairs = islice(given.items(), _MOST_ITEMS)
        return {text(str(key), 100): value(str(key), item, depth + 1) for key, item in pairs}
    return [value(name, item, depth + 1) for item in islice(given, _MOST_ITEMS)]
