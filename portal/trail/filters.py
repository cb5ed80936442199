"""What a reader narrows the trail to: shape and wording of the form, and what was chosen in it."""

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import request
from flask_babel import gettext, lazy_gettext
from wtforms import DateField, SelectField, StringField
from wtforms.validators import Length, Optional

from portal.core.web.forms import Form
from portal.core.web.locale import zone
from portal.trail import wording

LONGEST = 200
FINDABLE = ("tickets", "clients", "users", "contacts", "roles")
"""Kinds of objects that have a number or a name by which people look for them."""


def _stripped(value: str | None) -> str | None:
    return value.replace("\x00", "").strip() if value else value


class FilterForm(Form):
    """Person, object, kind of act, time span; everything may stay empty."""

    who = StringField(
        lazy_gettext("Who"),
        filters=[_stripped],
        validators=[Length(max=LONGEST, message=lazy_gettext("That is too long."))],
    )
    kind = SelectField(lazy_gettext("What it was about"), filters=[_stripped], validate_choice=False)
    number = StringField(
        lazy_gettext("Its number or name"),
        filters=[_stripped],
        validators=[Length(max=LONGEST, message=lazy_gettext("That is too long."))],
    )
    act = SelectField(lazy_gettext("What was done"), filters=[_stripped], validate_choice=False)
    since = DateField(lazy_gettext("From day"), validators=[Optional()])
    until = DateField(lazy_gettext("To day"), validators=[Optional()])

    def __init__(self, *, kinds: Iterable[str] = FINDABLE, **kwargs: Any) -> None:
        """Read the address's query. `kinds`: the kinds of objects that can be looked for here."""
        super().__init__(formdata=request.args, **kwargs)
        self.kind.choices = [("", gettext("Anything")), *((each, wording.kind_of(each)) for each in kinds)]
        self.act.choices = {gettext("All"): [("", gettext("Anything"))]} | {
            str(words): [(f"{area}.*", gettext("All of this kind")), *_acts(area)]
            for area, words in wording.AREAS.items()
        }
        for chosen in (self.since, self.until):
            if chosen.raw_data and chosen.raw_data[0] and chosen.data is None:
                chosen.errors = []


def _acts(area: str) -> list[tuple[str, str]]:
    return [(name, wording.words_of(name)) for name in wording.acts_of(area)]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What was chosen. None: not narrowed by it; an empty set: nothing can be found.

    `since` and `until` are instants, the second excluded. `object_ids` go with
    `kind`; a client stands for everything that concerns it.
    """

    user_ids: frozenset[UUID] | None = None
    kind: str = ""
    object_ids: frozenset[UUID] | None = None
    actions: frozenset[str] | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    asked: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many fields were filled in."""
        return len(self.asked)


def actions_of(chosen: str) -> frozenset[str] | None:
    """The acts that a choice means: one, or all of an area (`people.*`); any other word is an act by its name."""
    if not chosen:
        return None
    area, _, rest = chosen.partition(".")
    return frozenset(wording.acts_of(area)) if rest == "*" else frozenset({chosen})


def day_begins(day: dt.date | None, *, after: int = 0) -> dt.datetime | None:
    """The instant at which a day begins for the reader, or so many days later; None for no day or one beyond reach."""
    if day is None:
        return None
    try:
        local = dt.datetime.combine(day, dt.time(), zoneinfo.ZoneInfo(zone())) + dt.timedelta(days=after)
        return local.astimezone(dt.UTC)
    except OverflowError:
        return None


def query_of(form: FilterForm) -> dict[str, str]:
    """What a link must carry so that the next page is narrowed the same way."""
    return {
        each.name: value
        for each in form
        if (value := _stripped(each.raw_data[0] if each.raw_data else "")) and len(value) <= LONGEST
    }
