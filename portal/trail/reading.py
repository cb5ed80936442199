"""From entries to lines that a person reads: names for ids, words for acts, changes side by side."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask_babel import gettext

from portal.core.audit import AuditEntry, masked
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.trail import queries, values, wording

HIDDEN = frozenset({"reach", "address", "request_id", "as_contact", "old", "new", "account", "session", "country"})
"""Facts that have a place of their own on the page, or say nothing to people."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field before and after; None: there was nothing, or it isn't told."""

    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as people read it. `as_whom`: whom somebody of the staff looked on as."""

    id: UUID
    at: dt.datetime
    action: str
    words: str
    who: str
    is_staff: bool
    as_whom: str | None
    kind: str
    about: str
    client: str | None
    changes: tuple[Change, ...]
    more: tuple[tuple[str, str], ...]
    address: str
    country: str
    request_id: str


class Names:
    """The names that some entries need, each kind loaded once."""

    def __init__(self, viewer: Viewer, entries: Sequence[AuditEntry]) -> None:
        """Load them, as far as this viewer may know them."""
        self.viewer = viewer
        user_ids = {entry.user_id for entry in entries if entry.user_id}
        self.people = _pairs(queries.names_of_people(viewer, user_ids)) if user_ids else {}
        self.staff = _pairs(queries.names_of_staff(user_ids)) if user_ids else {}
        by_kind: dict[str, set[UUID]] = {}
        for entry in entries:
            if entry.object_id is not None:
                by_kind.setdefault(entry.object_kind, set()).add(entry.object_id)
            for kind, object_id in values.ids_in(_facts(entry)):
                by_kind.setdefault(kind, set()).add(object_id)
            if contact_id := _facts(entry).get("as_contact"):
                by_kind.setdefault("contacts", set()).add(UUID(contact_id))
            if viewer.is_staff and entry.client_id is not None:
                by_kind.setdefault("clients", set()).add(entry.client_id)
        self.objects = {kind: _named(kind, ids) for kind, ids in by_kind.items()}

    def of_person(self, entry: AuditEntry) -> str:
        """Who did it."""
        if entry.user_id is not None:
            name = self.people.get(entry.user_id) or self.staff.get(entry.user_id)
            return name or str(gettext("Somebody who is not here any more"))
        if _facts(entry).get("reach") == "gate":
            return str(gettext("Somebody at the sign-in page"))
        return str(gettext("The portal itself"))

    def of(self, kind: str, object_id: UUID | None) -> str:
        """What an object is called; empty where it has no name or the viewer may not know it."""
        return self.objects.get(kind, {}).get(object_id, "") if object_id is not None else ""


def _pairs(statement: Any) -> dict[UUID, str]:
    return {row[0]: row[1] for row in db.session.execute(statement)}


def _named(kind: str, ids: set[UUID]) -> dict[UUID, str]:
    if kind == "tickets":
        return {row[0]: f"#{row[1]}" for row in db.session.execute(queries.ticket_numbers(ids))}
    statement = queries.names_of(kind, ids)
    return {} if statement is None else _pairs(statement)


def lines(viewer: Viewer, entries: Iterable[AuditEntry]) -> list[Line]:
    """The entries in words, in their order; a handful of statements however many there are."""
    rows = list(entries)
    names = Names(viewer, rows)
    return [_line(entry, names) for entry in rows]


def _line(entry: AuditEntry, names: Names) -> Line:
    facts = _facts(entry)
    contact_id = facts.get("as_contact")
    is_staff, who = entry.user_id in names.staff, names.of_person(entry)
    is_own = entry.object_id is not None and entry.object_id == entry.user_id
    is_told_where = names.viewer.is_staff or not is_staff
    return Line(
        id=entry.id,
        at=entry.at,
        action=entry.action,
        words=wording.words_of(entry.action),
        who=who,
        is_staff=is_staff,
        as_whom=(names.of("contacts", UUID(contact_id)) or str(gettext("somebody"))) if contact_id else None,
        kind=wording.kind_of(entry.object_kind) if entry.object_kind else "",
        about=who if is_own else names.of(entry.object_kind, entry.object_id),
        client=names.of("clients", entry.client_id) or None if names.viewer.is_staff else None,
        changes=changes(facts.get("old"), facts.get("new"), names.of),
        more=_more(facts, names.of),
        address=str(facts.get("address", "")) if is_told_where else "",
        country=str(facts.get("country", "")) if is_told_where else "",
        request_id=str(facts.get("request_id", "")),
    )


def _facts(entry: AuditEntry) -> dict[str, Any]:
    found: dict[str, Any] = entry.facts.get("facts") or {}
    return found


def changes(
    old: dict[str, Any] | None, new: dict[str, Any] | None, naming: values.Naming = lambda _kind, _id: ""
) -> tuple[Change, ...]:
    """What was and what is, field by field. Secrets were masked when it was written; here they are again.

    >>> [(each.old, each.new) for each in changes({"name": "a"}, {"name": "b", "password": "x"})]
    [('a', 'b'), (None, '***')]
    """
    before, after = masked(old) or {}, masked(new) or {}
    found = []
    for name in dict.fromkeys((*before, *after)):
        was, now = values.differing(before.get(name), after.get(name))
        change = Change(wording.field_of(name), values.told(name, was, naming), values.told(name, now, naming))
        if change.old or change.new:
            found.append(change)
    return tuple(found)


def _more(facts: dict[str, Any], naming: values.Naming) -> tuple[tuple[str, str], ...]:
    shown = masked({name: value for name, value in facts.items() if name not in HIDDEN}) or {}
    return tuple(
        (wording.field_of(name), said) for name, value in shown.items() if (said := values.told(name, value, naming))
    )
