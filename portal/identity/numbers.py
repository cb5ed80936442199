"""Client numbers and phone numbers, as people type them in place of a mail address."""

import re
from typing import Final

SHORTEST: Final = 3
_NUMBER = re.compile(r"\+?[\d\s()/.-]+")


def digits_of(typed: str) -> str:
    """The digits of what looks like a client's number or a phone number; empty for anything else.

    >>> digits_of("+49 (30) 123-45"), digits_of("ana@example.com"), digits_of("17")
    ('493012345', '', '')
    """
    digits = re.sub(r"\D", "", typed) if _NUMBER.fullmatch(typed.strip()) and typed.isascii() else ""
    return digits if len(digits) >= SHORTEST else ""
