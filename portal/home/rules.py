"""Pure rules of the first page."""

from enum import StrEnum

MORNING, NOON, EVENING = 5, 12, 18


class Daypart(StrEnum):
    """What the greeting wishes."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


def daypart(hour: int) -> Daypart:
    """The part of the day at this hour (0 to 23, the reader's own clock); the night counts as evening."""
    if MORNING <= hour < NOON:
        return Daypart.MORNING
    return Daypart.AFTERNOON if NOON <= hour < EVENING else Daypart.EVENING


def first_name(name: str) -> str:
    """What one is greeted by; the whole name where it has but one word."""
    words = name.split()
    return words[0] if words else ""
