"""Passwords: how they are kept, checked, and which ones are refused.

Argon2id with OWASP's first recommendation (19 MiB, two passes, one lane): eight
threads verifying at once take 152 MiB and about 30 ms each on a small server.
The parameters stand in each hash, so that they can be raised here and every
password follows at its next use.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import LazyString, lazy_gettext

SHORTEST: Final = 12
LONGEST: Final = 1000
PADDING: Final = 6
"""Characters; fewer than this around a common word or one's own name don't make a password of it."""
OWN_WORD: Final = 3
_LIST = Path(__file__).with_name("common_passwords.txt")
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
_LEET = str.maketrans("013457@$!", "oieastasi")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "qwertzuiopü",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "yxcvbnm,.-",
)

TOO_SHORT = lazy_gettext("Use at least %(count)s characters.", count=SHORTEST)
TOO_LONG = lazy_gettext("Use at most %(count)s characters.", count=LONGEST)
COMMON = lazy_gettext(
    "This is among the first passwords that attackers try."
    " Choose another, such as four words that have nothing to do with each other."
)
OWN = lazy_gettext(
    "This is little more than your name, your address or the company's. Choose something less easily guessed."
)


class PasswordRefused(ValueError):
    """The password is too easily guessed; `faults` says why, in words for the person."""

    def __init__(self, faults: list[LazyString]) -> None:
        """Keep the reasons."""
        self.faults = faults
        super().__init__("the password was refused")


def hash_password(password: str) -> str:
    """What the database keeps of a password."""
    return _HASHER.hash(_normal(password))


def verify(password: str, hashed: str | None) -> bool:
    """Whether this is the password. Without a hash it does the same work and says no."""
    try:
        _HASHER.verify(_nobodys_hash() if hashed is None else hashed, _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def is_outdated(hashed: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(hashed)


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash("the password of nobody")


def _normal(password: str) -> str:
    """One form for what keyboards write in several ways (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def check_new(password: str, own_words: Iterable[str] = ()) -> None:
    """Refuse a password that is easily guessed. Raises PasswordRefused.

    `own_words`: names and addresses that anybody would try for this person. No rule
    of composition: length and not being guessable are all that counts.
    """
    faults = []
    if len(_normal(password)) < SHORTEST:
        faults.append(TOO_SHORT)
    elif len(password) > LONGEST:
        faults.append(TOO_LONG)
    elif is_common(password):
        faults.append(COMMON)
    elif _is_own(password, own_words):
        faults.append(OWN)
    if faults:
        raise PasswordRefused(faults)


def is_common(password: str) -> bool:
    """Whether it is on the list, or next to it: padded, written in leet, repeated, or a run of keys."""
    plain = _normal(password).casefold()
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    spoken = plain.translate(_LEET)
    if {plain, spoken} & common() or _is_run(plain):
        return True
    if len(plain) - len(core) <= PADDING and {core, core.translate(_LEET)} & common():
        return True
    unit = _unit(plain)
    return unit is not None and (len(unit) <= PADDING or unit in common() or _is_run(unit))


@cache
def common() -> frozenset[str]:
    """The bundled list, in lower case."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("# "))


def _unit(text: str) -> str | None:
    """What the text repeats from beginning to end; None if it repeats nothing."""
    place = (text + text).find(text, 1)
    return text[:place] if place < len(text) else None


def _is_run(text: str) -> bool:
    """Whether each character is the next one of the alphabet, the digits or a row of keys, in one direction."""
    rows = [row for each in _ROWS for row in (each + each, (each + each)[::-1])]
    return len(text) > 1 and any(all(one + two in row for one, two in pairwise(text)) for row in rows)


def _is_own(password: str, own_words: Iterable[str]) -> bool:
    rest = _normal(password).casefold()
    parts = {part for word in own_words for part in re.split(r"[\W_]+", _normal(word).casefold())}
    words = sorted((part for part in parts if len(part) >= OWN_WORD), key=len, reverse=True)
    if not any(word in rest for word in words):
        return False
    for word in words:
        rest = rest.replace(word, "")
    return len(re.sub(r"[\W_]+", "", rest)) < PADDING
