"""Language and time zone of a page: the person's, else the tenant's, else the browser's."""

import datetime as dt
from functools import lru_cache

from babel.dates import format_skeleton
from flask import Flask, g, has_request_context, request
from flask_babel import format_datetime, format_time, get_locale, get_timezone, gettext, to_user_timezone

from portal.core import clock
from portal.core.web.place import here
from portal.extensions import babel
from portal.settings import ROOT

LANGUAGES = ("en", "de")
NAMES = {"en": "English", "de": "Deutsch"}


def choose() -> str:
    """The language of the request, remembered for the layout."""
    place = here()
    for wish in (place.person_locale, place.tenant_locale):
        if wish in LANGUAGES:
            g.locale = wish
            return str(wish)
    g.locale = (request.accept_languages.best_match(LANGUAGES) if has_request_context() else None) or "en"
    return str(g.locale)


def zone() -> str:
    """The time zone of the request."""
    place = here()
    return place.person_time_zone or place.tenant_time_zone


def install(app: Flask) -> None:
    """Bind Babel to an app and give templates the words for times."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "portal" / "translations")
    babel.init_app(app, locale_selector=choose, timezone_selector=zone)
    app.jinja_env.globals.update(when=when, full_time=full_time)


def when(at: dt.datetime) -> str:
    """A time as people say it: `today 15:10`, `yesterday 9:02`, `3 Nov 15:10`, `3 Nov 2025`."""
    place_of_reader = (str(get_locale()), str(get_timezone()))
    return _when(at.replace(second=0, microsecond=0), to_user_timezone(clock.now()).date(), *place_of_reader)


def full_time(at: dt.datetime) -> str:
    """The whole time with its zone, for those who want to know exactly."""
    return _full_time(at.replace(microsecond=0), str(get_locale()), str(get_timezone()))


@lru_cache(maxsize=16_384)
def _when(at: dt.datetime, today: dt.date, _locale: str, _zone: str) -> str:
    """See `when`. Writing a time costs more than all else in a row, and the same ones are shown again and again."""
    local = to_user_timezone(at)
    days = (today - local.date()).days
    time = format_time(at, "short")
    if days == 0:
        return str(gettext("today %(time)s", time=time))
    if days == 1:
        return str(gettext("yesterday %(time)s", time=time))
    if local.year == today.year:
        return f"{_day(local.date(), 'MMMd')} {time}"
    return _day(local.date(), "yMMMd")


def _day(day: dt.date, parts: str) -> str:
    """A day with these parts in the order and with the marks of the reader's language; English has the day first."""
    locale = get_locale()
    first = "en_GB" if locale is None or locale.language == "en" else locale
    return str(format_skeleton(parts, day, locale=first))


@lru_cache(maxsize=16_384)
def _full_time(at: dt.datetime, _locale: str, _zone: str) -> str:
    return str(format_datetime(at, "full"))
