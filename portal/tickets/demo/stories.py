"""The scripts of the demo's conversations, read from `stories/*.txt`.

A story begins with `== subject`, then maybe `priority: high`, `board: people` (an MSP
that has that board keeps it there) and `private: yes`. Lines: `c:` the requester writes, `o:` a
colleague of theirs, `s:` the technician on it, `t:` a second one, `n:` and `m:`
internal notes of the two. `!take !give !affected !wait !resolve !solved !close` and
`!priority 1` are acts; affected is the colleague. What is indented goes on the letter above; `[photo: …]`
and `[log: …]` at its end are files. Words in braces are filled in when told.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("stories")
RANKS = {"critical": 1, "high": 2, "normal": 3, "low": 4}
_FILE = re.compile(r"\s*\[(photo|log): ([\w.-]+)\]$")
_SPEAKERS = frozenset("costnm")
NOTES = frozenset("nm")


class BadScript(ValueError):
    """A line of a script that nobody can play."""


@dataclass(slots=True)
class Turn:
    """A letter or note (`who` of `costnm`) or an act (`who` is `!` and `text` its name)."""

    who: str
    text: str
    file: tuple[str, str] | None = None

    @property
    def is_note(self) -> bool:
        """Whether the staff alone read it."""
        return self.who in NOTES


@dataclass(slots=True)
class Story:
    """One conversation from its opening to wherever the script leaves it."""

    subject: str
    language: str
    rank: int = RANKS["normal"]
    board: str = ""
    is_private: bool = False
    turns: list[Turn] = field(default_factory=list)

    @property
    def is_closed(self) -> bool:
        """Whether its last act closes it."""
        return self.turns[-1].who == "!" and self.turns[-1].text == "close"


@cache
def stories() -> tuple[Story, ...]:
    """All stories, in the order of their files. Raises BadScript."""
    found: list[Story] = []
    for path in sorted(FOLDER.glob("*.txt")):
        found += _read(path.read_text(encoding="utf-8"), path.stem)
    return tuple(found)


def _read(text: str, language: str) -> list[Story]:
    found: list[Story] = []
    for line in text.splitlines():
        if line.startswith("== "):
            found.append(Story(line[3:], language))
        elif (fact := line.partition(": "))[0] in _FACTS:
            _FACTS[fact[0]](found[-1], fact[2])
        elif line.startswith("!"):
            found[-1].turns.append(Turn("!", line[1:]))
        elif line.startswith("  ") or not line:
            found[-1].turns[-1].text += "\n" + line[2:]
        elif line[:1] in _SPEAKERS and line[1:3] == ": ":
            found[-1].turns.append(Turn(line[0], line[3:]))
        else:
            raise BadScript(line)
    for story in found:
        for turn in story.turns:
            _take_file(turn)
    return found


def _set_rank(story: Story, word: str) -> None:
    story.rank = RANKS[word]


def _set_board(story: Story, word: str) -> None:
    story.board = word


def _set_private(story: Story, word: str) -> None:
    story.is_private = word == "yes"


_FACTS = {"priority": _set_rank, "board": _set_board, "private": _set_private}


def _take_file(turn: Turn) -> None:
    turn.text = turn.text.strip()
    if match := _FILE.search(turn.text):
        turn.file = (match[1], match[2])
        turn.text = turn.text[: match.start()]
