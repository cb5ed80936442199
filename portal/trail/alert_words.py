"""What unusual things are called, with the facts that make them so."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask_babel import LazyString, gettext, lazy_gettext

from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.identity.models import SecurityAlert
from portal.trail import queries, wording

TITLES: Final[dict[str, LazyString]] = {
    "failures": lazy_gettext("Many refused sign-ins"),
    "new_device": lazy_gettext("Sign-in from a new device"),
    "new_country": lazy_gettext("Sign-in from a new country"),
    "travel": lazy_gettext("Two countries within too short a time"),
    "exports": lazy_gettext("Many exports on one day"),
    "night": lazy_gettext("Rights changed at night"),
    "domain_missing": lazy_gettext("The record that proves an email domain is gone"),
    "domain_lost": lazy_gettext("An email domain is no longer proven"),
}
_COUNTED: Final[dict[str, LazyString]] = {
    "exports": lazy_gettext("%(count)s exports so far."),
    "new_device": lazy_gettext("%(count)s new devices on one day."),
}
_OF_DOMAINS: Final[dict[str, LazyString]] = {
    "domain_missing": lazy_gettext("have it published again within a week, or company sign-ins make no more accounts."),
    "domain_lost": lazy_gettext("company sign-ins make no more accounts."),
}
"""What follows for the domain, which stands before it."""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert as people read it."""

    id: UUID
    at: dt.datetime
    title: str
    text: str
    who: str
    client: str
    seen_at: dt.datetime | None
    seen_by: str


def lines(viewer: Viewer, alerts: Sequence[SecurityAlert]) -> list[AlertLine]:
    """Alerts in words, in their order."""
    people = {id_ for each in alerts for id_ in (each.user_id, each.seen_by_user_id) if id_}
    names = {row[0]: row[1] for row in db.session.execute(queries.names_of_people(viewer, people))} if people else {}
    client_ids = {each.client_id for each in alerts if each.client_id}
    statement = queries.names_of("clients", client_ids) if client_ids else None
    clients = {} if statement is None else {row[0]: row[1] for row in db.session.execute(statement)}
    return [
        AlertLine(
            id=each.id,
            at=each.at,
            title=str(TITLES.get(each.kind, each.kind)),
            text=_of_domain(each.kind, each.facts) or _text(each.kind, each.facts),
            who=names.get(each.user_id, "") if each.user_id else "",
            client=clients.get(each.client_id, "") if each.client_id else "",
            seen_at=each.seen_at,
            seen_by=names.get(each.seen_by_user_id, "") if each.seen_by_user_id else "",
        )
        for each in alerts
    ]


def _of_domain(kind: str, facts: dict[str, Any]) -> str:
    return f"{facts.get('domain', '')}: {_OF_DOMAINS[kind]}" if kind in _OF_DOMAINS else ""


def _text(kind: str, facts: dict[str, Any]) -> str:
    if kind == "failures":
        if "address" in facts:
            return str(gettext("%(count)s or more within an hour, all from %(address)s.", **_told(facts)))
        return str(
            gettext("%(count)s or more within an hour at one account, from %(addresses)s addresses.", **_told(facts))
        )
    if kind == "travel":
        return str(
            gettext("Signed in from %(before)s and then from %(after)s.", before=facts["from"], after=facts["to"])
        )
    if kind in _COUNTED and "count" in facts:
        return str(_COUNTED[kind]) % _told(facts)
    if kind == "night":
        return wording.words_of(str(facts.get("action", "")))
    place = ", ".join(str(facts[name]) for name in ("address", "country") if facts.get(name))
    return str(gettext("From %(place)s.", place=place)) if place else ""


def _told(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "count": facts.get("count", ""),
        "address": facts.get("address", ""),
        "addresses": facts.get("addresses", ""),
    }
