"""What can be told, as the floors above declare it.

    @letter("ticket_commented")
    def ticket_commented(*, ticket_id: UUID, comment_id: UUID) -> Facts | None: ...

The function is called in a transaction under the reader's own scope and loads
what the mail shows; what the reader may not see it therefore can't find. None
means that there is nothing to tell this reader, and no mail is written. The
words stand in `templates/emails/<name>/` as subject.txt, body.txt and body.html.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """A kind of mail. `is_urgent`: somebody waits for it at a sign-in page."""

    name: str
    facts: Callable[..., Facts | None]
    is_urgent: bool


class UnknownLetter(LookupError):
    """No letter of this name was declared."""


_letters: dict[str, Letter] = {}


def letter(name: str, *, urgent: bool = False) -> Callable[[Callable[..., Facts | None]], Callable[..., Facts | None]]:
    """Declare a kind of mail. Raises ValueError for a name that another function has."""

    def declare(facts: Callable[..., Facts | None]) -> Callable[..., Facts | None]:
        known = _letters.get(name)
        if known is not None and known.facts.__qualname__ != facts.__qualname__:
            message = f"the letter {name} is declared twice"
            raise ValueError(message)
        _letters[name] = Letter(name, facts, urgent)
        return facts

    return declare


def letter_named(name: str) -> Letter:
    """The letter of this name. Raises UnknownLetter."""
    try:
        return _letters[name]
    except KeyError:
        raise UnknownLetter(name) from None
