"""Why a delivery failed, in words that staff may read: short, without secrets and without other people's data."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 500
_ROOT = Path(__file__).resolve().parents[3]
_HIDDEN = "[hidden]"

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_PATTERNS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<=://)[^/\s@]+@"), f"{_HIDDEN}@"),
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "[address]"),
    (
        re.compile(
            r"\b((?:\w*(?:password|passwd|secret|token|api[_-]?key|authorization|cookie|code))\s*[=:]\s*)"
            r"(?:(?:bearer|basic)\s+)?\S+",
            re.IGNORECASE,
        ),
        lambda found: found[1] + _HIDDEN,
    ),
    (re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE), lambda found: f"{found[1]} {_HIDDEN}"),
    (re.compile(r"[A-Za-z0-9_+/=-]{24,}"), lambda found: found[0] if _is_harmless(found[0]) else _HIDDEN),
)


def reason(error: BaseException) -> str:
    """One line: the error's kind, its redacted message, and the line of our own code it came from."""
    where = _own_line(error)
    head = f"{type(error).__name__}: {redacted(_message(error))}".rstrip(": ")
    return shortened(head, LONGEST - len(where)) + where


def redacted(text: str) -> str:
    """The text on one line, without credentials, addresses and long opaque words."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _is_harmless(word: str) -> bool:
    """Long words with digits in them are keys and tokens; ids of rows stay."""
    return _ID.fullmatch(word) is not None or not any(letter.isdigit() for letter in word)


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text's beginning, with an ellipsis where something was cut off."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _message(error: BaseException) -> str:
    """The error's own words; a database error's without its statement, parameters and row values."""
    if isinstance(error, DBAPIError):
        diagnosis = getattr(error.orig, "diag", None)
        primary = getattr(diagnosis, "message_primary", None)
        return f"{type(error.orig).__name__} {primary or 'the connection was lost'}"
    return str(error)


def _own_line(error: BaseException) -> str:
    """` (tickets/handlers.py:31)`, or nothing where no line of the product is involved."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT / "portal") and not path.is_relative_to(_ROOT / "portal" / "core" / "events"):
            return f" ({path.relative_to(_ROOT / 'portal')}:{frame.lineno})"
    return ""
