"""Language and time zone of a page: the person's, else the tenant's, else the browser's."""

import datetime as dt
from functools import lru_cache
from typing import Any, NamedTuple

from babel import Locale
from babel.dates import format_datetime, format_skeleton, format_time
from flask import Flask, g, has_request_context, request
from flask_babel import get_locale, get_timezone, gettext, to_user_timezone

from portal.core import clock
from portal.core.web.place import here
from portal.extensions import babel
from portal.settings import ROOT

LANGUAGES = ("en", "de")
ENGLISH = Locale("en", "GB")
"""The English of times: the day first, and 24 hours."""
_LOCALES = {name: Locale.parse(name) for name in LANGUAGES}
NAMES = {"en": "English", "de": "Deutsch"}


def choose() -> Locale:
    """The language of the request, remembered for the layout."""
    place = here()
    wishes = (wish for wish in (place.person_locale, place.tenant_locale) if wish in LANGUAGES)
    g.locale = next(wishes, None) or _asked_for() or "en"
    return _LOCALES[g.locale]


def _asked_for() -> str | None:
    return request.accept_languages.best_match(LANGUAGES) if has_request_context() else None


def zone() -> str:
    """The time zone of the request."""
    place = here()
    return place.person_time_zone or place.tenant_time_zone


def install(app: Flask) -> None:
    """Bind Babel to an app and give templates the words for times."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "portal" / "translations")
    babel.init_app(app, locale_selector=choose, timezone_selector=zone)
    app.jinja_env.globals.update(when=when, full_time=full_time)


class _Reader(NamedTuple):
    """For whom times are written on this page; the first two tell whether that is still so."""

    language: Any
    time_zone: Any
    names: tuple[str, str]
    today: dt.date


def when(at: dt.datetime) -> str:
    """A time as people say it: `today 15:10`, `yesterday 09:02`, `3 Nov 15:10`, `3 Nov 2025`."""
    reader = _reader()
    return _when(at.replace(second=0, microsecond=0), reader.today, *reader.names)


def full_time(at: dt.datetime) -> str:
    """The whole time with its zone, for those who want to know exactly."""
    return _full_time(at.replace(microsecond=0), *_reader().names)


def _reader() -> _Reader:
    language, time_zone = get_locale(), get_timezone()
    reader: _Reader | None = g.get("reader")
    if reader is None or reader.language is not language or reader.time_zone is not time_zone:
        today = to_user_timezone(clock.now()).date()
        reader = g.reader = _Reader(language, time_zone, (str(language), str(time_zone)), today)
    return reader


@lru_cache(maxsize=16_384)
def _when(at: dt.datetime, today: dt.date, _locale: str, _zone: str) -> str:
    """See `when`. Writing a time costs more than all else in a row, and the same ones are shown again and again."""
    local = to_user_timezone(at)
    days = (today - local.date()).days
    time = format_time(local, "short", locale=_manner())
    if days == 0:
        return str(gettext("today %(time)s", time=time))
    if days == 1:
        return str(gettext("yesterday %(time)s", time=time))
    if local.year == today.year:
        return f"{_day(local.date(), 'MMMd')} {time}"
    return _day(local.date(), "yMMMd")


def _day(day: dt.date, parts: str) -> str:
    """A day with these parts in the order and with the marks of the reader's language."""
    return str(format_skeleton(parts, day, locale=_manner()))


def _manner() -> Locale:
    """How the reader's language writes times."""
    locale = get_locale()
    return ENGLISH if locale is None or locale.language == "en" else locale


@lru_cache(maxsize=16_384)
def _full_time(at: dt.datetime, _locale: str, _zone: str) -> str:
    return format_datetime(to_user_timezone(at), "full", tzinfo=get_timezone(), locale=_manner())
