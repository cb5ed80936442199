"""Figures as the reader's language writes them, where Flask-Babel has no filter."""

from babel.units import format_unit
from flask import Flask
from flask_babel import get_locale

KILO = 1000
ENOUGH = 1000


def filesize(size: int) -> str:
    """A size in bytes as people read it, in decimal units: `840 kB`, `2.4 MB`."""
    locale = get_locale() or "en"
    if size < KILO * KILO:
        return format_unit(max(1, round(size / KILO)), "digital-kilobyte", length="short", locale=locale)
    return format_unit(round(size / KILO / KILO, 1), "digital-megabyte", length="short", locale=locale)


def install(app: Flask) -> None:
    """Give templates the filters."""
    app.jinja_env.filters.update(filesize=filesize)
