"""What Markdown would cost to parse, told by counting before it is parsed.

The parser takes its time per character for what people write, but some texts that nobody writes cost it seconds: each
open bracket looks through all that follows it, each line within quotes is looked at once a level, a table's short rows
are filled up to its width. Each count here stands for one such cost, and each bound lies far beyond what is written or
pasted. What is beyond one is shown as it is, not refused: nothing is lost but its marks.
"""

import re
from itertools import accumulate
from typing import Final

LONGEST: Final = 50_000
"""Characters; forms allow far less."""
MARKS: Final = 6_000
"""Characters that begin something within a line."""
BRACKETS: Final = 200
"""Left open at the same place."""
DEPTH: Final = 20
"""Quotes and lists within one another."""
LINES: Final = 8_000
"""Lines, each as often as the deepest of them has levels, and one."""
CELLS: Final = 6_000
"""The widest table's columns for each line of the text, which may become a row of it."""
ADDRESSES: Final = 1_000
"""Of pages and of people; each is looked for in all that surrounds it."""

_MARKS: Final = "*_~`[]!<&|\\"
_BRACKET = re.compile(r"[\[\]]")
# A list's item needs two columns a level, a quote one. Lines that open neither can't be deeper than those that do.
_OPENS = re.compile(r"^[ \t]*(?:(?:>|[-+*](?=\s|$)|\d{1,9}[.)](?=\s|$))[ \t]*)+", re.MULTILINE)
_UNDER_HEADS = re.compile(r"^[ \t>*+\d.)|:-]*\|[ \t|:-]*$", re.MULTILINE)


def is_too_much(text: str) -> bool:
    """Whether to leave a text unparsed. Takes about a thousandth of what parsing would."""
    if len(text) > LONGEST or sum(map(text.count, _MARKS)) > MARKS or text.count("://") + text.count("@") > ADDRESSES:
        return True
    lines, deep = text.count("\n") + 1, depth(text)
    return deep > DEPTH or lines * (deep + 1) > LINES or lines * columns(text) > CELLS or brackets(text) > BRACKETS


def brackets(text: str) -> int:
    """How many brackets are open at once, at most. One that closes nothing closes none that comes later."""
    steps = (1 if each == "[" else -1 for each in _BRACKET.findall(text))
    return max(accumulate(steps, lambda open_, step: max(open_ + step, 0), initial=0))


def depth(text: str) -> int:
    """How many quotes and lists lie within one another, at most; rather too many than too few."""
    return max(map(_levels, _OPENS.findall(text)), default=0)


def _levels(opening: str) -> int:
    others = len(opening.expandtabs(4).replace("> ", "").replace(">", ""))
    return opening.count(">") + (others + 1) // 2


def columns(text: str) -> int:
    """How wide the widest table may be: what could be the line under its heads says it."""
    return max((found.count("|") + 1 for found in _UNDER_HEADS.findall(text)), default=0)
