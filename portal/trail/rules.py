"""What is unusual: pure rules over what the trail tells of one hour or one day."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

HOUR: Final = dt.timedelta(hours=1)
DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What an entry tells the rules. `mark` stands for an account that was typed, `country` is empty where unknown."""

    id: UUID
    action: str
    at: dt.datetime
    user_id: UUID | None
    client_id: UUID | None
    object_id: UUID | None = None
    mark: str = ""
    address: str = ""
    country: str = ""
    is_new_device: bool = False
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unusual. `key` says what it tells of, so that it is told once."""

    kind: str
    key: str
    at: dt.datetime
    user_id: UUID | None = None
    client_id: UUID | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def many_failures(failed: Iterable[Seen], *, most: int) -> list[Finding]:
    """So many refused sign-ins within one clock hour at one account, or from one address."""
    found: dict[str, list[Seen]] = {}
    for each in failed:
        hour = f"{each.at.astimezone(dt.UTC):%Y-%m-%dT%H}"
        for what, name in (("account", each.mark), ("address", each.address)):
            if name:
                found.setdefault(f"failures:{what}:{name}:{hour}", []).append(each)
    return [
        Finding("failures", key, group[0].at, _same_object(group), facts={"count": most, **_where(key, group)})
        for key, group in found.items()
        if len(group) >= most
    ]


def _same_object(group: Sequence[Seen]) -> UUID | None:
    ids = {each.object_id for each in group}
    return next(iter(ids)) if len(ids) == 1 else None


def _where(key: str, group: Sequence[Seen]) -> dict[str, Any]:
    if key.startswith("failures:address:"):
        return {"address": group[0].address}
    return {"addresses": len({each.address for each in group})}


def new_devices(signed_in: Iterable[Seen], *, known: Iterable[UUID], most: int, zone: ZoneInfo) -> list[Finding]:
    """Sign-ins from browsers that the account has not been seen in; the first one of all is not unusual.

    `known`: people who had signed in before. `most`: so many of one person on one day of the tenant's; 0 is none.
    """
    known_ids = frozenset(known)
    new = [each for each in signed_in if each.is_new_device and each.user_id in known_ids]
    if most == 1:
        return [
            Finding("new_device", f"device:{each.id}", each.at, each.user_id, each.client_id, _place(each))
            for each in new
        ]
    by_day: dict[str, list[Seen]] = {}
    for each in sorted(new, key=lambda one: one.at):
        by_day.setdefault(f"devices:{each.user_id}:{each.at.astimezone(zone).date()}", []).append(each)
    return [
        Finding("new_device", key, group[-1].at, group[-1].user_id, group[-1].client_id,
                {"count": len(group)} | _place(group[-1]))
        for key, group in by_day.items()
        if 0 < most <= len(group)
    ]  # fmt: skip


def new_countries(signed_in: Iterable[Seen], *, former: dict[UUID, frozenset[str]]) -> list[Finding]:
    """Sign-ins from a country that the person never signed in from, where others are known (`former`)."""
    return [
        Finding("new_country", f"country:{each.user_id}:{each.country}", each.at, each.user_id, each.client_id,
                _place(each))
        for each in signed_in
        if each.country and each.user_id and (seen := former.get(each.user_id)) and each.country not in seen
    ]  # fmt: skip


def _place(each: Seen) -> dict[str, Any]:
    return {name: value for name, value in (("address", each.address), ("country", each.country)) if value}


def impossible_travel(signed_in: Iterable[Seen], *, within: dt.timedelta) -> list[Finding]:
    """Two sign-ins of one person from two countries within this time; borders that people live at cost an alert.

    No time: nobody travels too fast.
    """
    by_person: dict[UUID, list[Seen]] = {}
    for each in sorted(signed_in, key=lambda one: one.at):
        if each.country and each.user_id:
            by_person.setdefault(each.user_id, []).append(each)
    return [
        Finding("travel", f"travel:{after.id}", after.at, user_id, after.client_id,
                {"from": before.country, "to": after.country})
        for user_id, visits in by_person.items()
        for before, after in pairwise(visits)
        if before.country != after.country and dt.timedelta() < within >= after.at - before.at
    ]  # fmt: skip


def mass_exports(exported: Iterable[Seen], *, most: int, zone: ZoneInfo) -> list[Finding]:
    """So many exports by one person on one day of the tenant's."""
    acts = sorted((each for each in exported if each.user_id), key=lambda one: one.at)
    counts = Counter((each.user_id, each.at.astimezone(zone).date()) for each in acts)
    last = {(each.user_id, each.at.astimezone(zone).date()): each for each in acts}
    return [
        Finding("exports", f"exports:{user_id}:{day}", last[user_id, day].at, user_id, last[user_id, day].client_id,
                {"count": count})
        for (user_id, day), count in counts.items()
        if count >= most
    ]  # fmt: skip


def shaky_domains(missed: Iterable[Seen]) -> list[Finding]:
    """Email domains whose proof is missed, or was lost: nobody gets an account by them then."""
    return [
        Finding(each.action.replace(".", "_"), f"domain:{each.id}", each.at, None, each.client_id,
                {"domain": each.domain})
        for each in missed
    ]  # fmt: skip


def at_night(changed: Iterable[Seen], *, begins: int, ends: int, zone: ZoneInfo) -> list[Finding]:
    """Changes of permissions by a person between these hours of the tenant's day; one finding a person and night."""
    found: dict[str, Finding] = {}
    for each in sorted(changed, key=lambda one: one.at):
        local = each.at.astimezone(zone)
        if each.user_id and is_night(local.hour, begins=begins, ends=ends):
            night = (local - dt.timedelta(hours=12)).date()
            key = f"night:{each.user_id}:{night}"
            found.setdefault(key, Finding("night", key, each.at, each.user_id, each.client_id, {"action": each.action}))
    return list(found.values())


def is_night(hour: int, *, begins: int, ends: int) -> bool:
    """Whether an hour lies in the night; one that begins and ends at the same hour has none.

    >>> is_night(23, begins=22, ends=5), is_night(5, begins=22, ends=5), is_night(3, begins=1, ends=4)
    (True, False, True)
    """
    return begins <= hour < ends if begins <= ends else hour >= begins or hour < ends
