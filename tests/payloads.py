"""Hostile texts, for every field and every surface. None may ever run, or load anything.

`payloads.txt` has one a line: `{js}` stands for what would show that it ran, `⏎` for a line break, and
a backslash with x00, x01, r, n, u2028, u202e or ufeff for characters that an editor would swallow.
"""

import re
from pathlib import Path
from typing import Final

_RUN: Final = "window.__ran=1"
_ESCAPE = re.compile(r"\\(x00|x01|r|n|u2028|u202e|ufeff)")
_NAMED = {"r": "\r", "n": "\n"}

_EVENTS = [
    "onload",
    "onerror",
    "onclick",
    "onmouseover",
    "onfocus",
    "onblur",
    "onanimationstart",
    "onanimationend",
    "ontransitionend",
    "onpointerover",
    "onpointerenter",
    "ontoggle",
    "onscroll",
    "onwheel",
    "oninput",
    "onchange",
    "onsubmit",
    "onreset",
    "onselect",
    "onkeydown",
    "onkeyup",
    "ondrag",
    "ondrop",
    "oncopy",
    "oncut",
    "onpaste",
    "onbeforeinput",
    "onhashchange",
    "onpageshow",
    "onpopstate",
    "onmessage",
    "onresize",
    "onstorage",
    "onunload",
    "onbeforeprint",
    "onauxclick",
    "oncontextmenu",
    "ondblclick",
    "onended",
    "onloadeddata",
    "oncanplay",
    "onplay",
    "onseeked",
    "onsearch",
    "onbeforetoggle",
    "oncontentvisibilityautostatechange",
    "onscrollend",
    "onslotchange",
]
_TAGS = [
    "svg",
    "img",
    "body",
    "iframe",
    "video",
    "audio",
    "details",
    "marquee",
    "input",
    "select",
    "textarea",
    "button",
    "form",
    "object",
    "embed",
    "math",
    "style",
    "link",
    "script",
    "base",
    "meta",
    "table",
    "td",
    "template",
    "noscript",
    "xmp",
    "plaintext",
    "keygen",
    "frameset",
    "bgsound",
    "isindex",
    "custom-element",
    "dialog",
    "a",
]


def _character(found: re.Match[str]) -> str:
    return _NAMED.get(found[1]) or chr(int(found[1][1:], 16))


def _of_file() -> list[str]:
    lines = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    return [_ESCAPE.sub(_character, one.replace("{js}", _RUN).replace("⏎", "\n")) for one in lines]


XSS: Final[tuple[str, ...]] = tuple(
    dict.fromkeys(
        [
            *_of_file(),
            *(f"<img src=x {event}={_RUN}>" for event in _EVENTS),
            *(f"<{tag} onload={_RUN} src=x onerror={_RUN}>x</{tag}>" for tag in _TAGS),
            *(f'"><{tag} autofocus tabindex=1 onfocus={_RUN}>' for tag in _TAGS),
        ]
    )
)
"""At least 300 different ones; `window.__ran` tells a browser test that one has run."""
