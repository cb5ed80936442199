"""Pure rules of signing in: where to go afterwards, and what to call a browser."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from portal.core.web.cookies import Side, side_of

HOME: Final[dict[Side, str]] = {"client": "/", "msp": "/msp"}
LONGEST: Final = 2000
_ROUNDS: Final = 4
"""How often a path may be escaped; more than this is no accident."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def onward(wish: str | None, side: Side) -> str:
    """Where to go after signing in: the page asked for, if it is one of this side; else home.

    Only a path of our own survives. Whatever a browser or a proxy on the way might
    read as another host is refused, also when it is escaped more than once.

    >>> onward("/tickets/17?all=1", "client"), onward("//evil.example", "client"), onward("/msp", "client")
    ('/tickets/17?all=1', '/', '/')
    """
    return wish if wish and _is_own_path(wish) and _is_of(wish, side) else HOME[side]


def _is_own_path(wish: str) -> bool:
    if len(wish) > LONGEST or " " in wish or any(urlsplit(wish)[:2]):
        return False
    read, again = wish, unquote(wish)
    for _ in range(_ROUNDS):
        if not read.startswith("/") or read.startswith("//") or "\\" in read or _UNPRINTABLE.search(read):
            return False
        if read == again:
            return True
        read, again = again, unquote(again)
    return False


def _is_of(wish: str, side: Side) -> bool:
    path = unquote(urlsplit(wish).path)
    return side_of(path) == side and not path.startswith("/auth/")


_BROWSERS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/|\bOpera\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|CriOS|HeadlessChrome)/"),
    ("Safari", r"\bVersion/[\d.]+.*\bSafari/"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b"),
)


def browser_and_system(agent: str) -> tuple[str, str]:
    """What a User-Agent header says, in names people know; empty where it says nothing known.

    >>> browser_and_system("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    ('Firefox', 'Linux')
    """
    return _first(_BROWSERS, agent), _first(_SYSTEMS, agent)


def _first(table: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for name, pattern in table if re.search(pattern, agent)), "")
