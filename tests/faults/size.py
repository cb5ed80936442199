"""How much the fault tests do: everything with PORTAL_TEST_SIZE=full (`make soak`), a twentieth otherwise."""

import os
import random
import secrets
from dataclasses import dataclass

FULL = os.environ.get("PORTAL_TEST_SIZE") == "full"
FIXED_SEED = 20261121


def scaled(full: int, *, least: int = 1) -> int:
    """The full number, or a twentieth of it and no less than `least`."""
    return full if FULL else max(full // 20, least)


@dataclass(frozen=True)
class Dice:
    """Chance that can be repeated: half of a run follows the fixed seed, half a new one that is printed."""

    seed: int
    source: random.Random

    @classmethod
    def fixed(cls) -> "Dice":
        return cls(FIXED_SEED, random.Random(FIXED_SEED))

    @classmethod
    def thrown(cls) -> "Dice":
        """A new seed (or PORTAL_TEST_SEED, to see a failure again)."""
        seed = int(os.environ.get("PORTAL_TEST_SEED") or secrets.randbelow(2**31))
        return cls(seed, random.Random(seed))
