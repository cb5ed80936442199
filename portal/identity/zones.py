"""The time zones that people choose from, by continent, in the reader's words."""

from functools import cache
from importlib.resources import files

from babel import Locale
from babel.dates import get_timezone_location

_CONTINENTS = {"Africa": "002", "America": "019", "Antarctica": "AQ", "Asia": "142", "Australia": "AU", "Europe": "150"}
"""The CLDR's territory for the first part of a zone's name; oceans keep their own."""


@cache
def zone_names() -> tuple[str, ...]:
    """One zone for all places whose clocks have agreed since 1970, every capital of Europe, and UTC.

    The whole table is a quarter longer and says no more; each line of it is paid for on a slow line.
    """
    listed = _table("zone1970.tab") | {name for name in _table("zone.tab") if name.startswith("Europe/")}
    return (*sorted(listed), "UTC")


def _table(name: str) -> set[str]:
    lines = files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8").splitlines()
    return {line.split("\t")[2] for line in lines if line and not line.startswith("#")}


@cache
def zones(language: str) -> dict[str, list[tuple[str, str]]]:
    """Continent → (zone, place), sorted as the language names them; UTC last.

    Made once a language: 300 names take some milliseconds.
    """
    locale = Locale.parse(language, sep="-" if "-" in language else "_")
    found: dict[str, list[tuple[str, str]]] = {}
    for name in zone_names()[:-1]:
        first = name.partition("/")[0]
        continent = locale.territories.get(_CONTINENTS.get(first, ""), first)
        found.setdefault(continent, []).append((name, get_timezone_location(name, locale, return_city=True)))
    return {key: sorted(found[key], key=lambda each: each[1]) for key in sorted(found)} | {"UTC": [("UTC", "UTC")]}
