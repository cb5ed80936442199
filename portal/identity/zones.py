"""The time zones that people choose from: those of the zone table, by continent, in the reader's words."""

from functools import cache
from importlib.resources import files

from babel import Locale
from babel.dates import get_timezone_location

_CONTINENTS = {"Africa": "002", "America": "019", "Antarctica": "AQ", "Asia": "142", "Australia": "AU", "Europe": "150"}
"""The CLDR's territory for the first part of a zone's name; oceans keep their own."""


@cache
def zone_names() -> tuple[str, ...]:
    """Every zone that the zone table lists, and UTC."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    listed = {line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#")}
    return (*sorted(listed), "UTC")


@cache
def zones(language: str) -> dict[str, list[tuple[str, str]]]:
    """Continent → (zone, place), sorted as the language names them; UTC last.

    Made once a language: 400 names take some milliseconds.
    """
    locale = Locale.parse(language, sep="-" if "-" in language else "_")
    found: dict[str, list[tuple[str, str]]] = {}
    for name in zone_names()[:-1]:
        first = name.partition("/")[0]
        continent = locale.territories.get(_CONTINENTS.get(first, ""), first)
        found.setdefault(continent, []).append((name, get_timezone_location(name, locale, return_city=True)))
    return {key: sorted(found[key], key=lambda each: each[1]) for key in sorted(found)} | {"UTC": [("UTC", "UTC")]}
