"""What both sides' pages of the trail want: the form, what was chosen, one page of lines."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import request, url_for

from portal.core.audit import AuditEntry
from portal.core.tenancy.scope import Viewer
from portal.core.web import paging
from portal.extensions import db
from portal.trail import queries, reading
from portal.trail.filters import FINDABLE, FilterForm, Narrowed, actions_of, day_begins, query_of

NOBODY: frozenset[UUID] = frozenset()
KINDS_OF_CLIENTS = ("tickets", "contacts", "roles")


def kinds_for(viewer: Viewer) -> Iterable[str]:
    """The kinds of objects that this viewer may look for."""
    return FINDABLE if viewer.is_staff else KINDS_OF_CLIENTS


def narrowed_by(viewer: Viewer, form: FilterForm) -> Narrowed:
    """What the form means: names and numbers become ids, days become instants. What can't be found finds nothing."""
    form.validate()
    kind = form.kind.data if form.kind.data in kinds_for(viewer) else ""
    return Narrowed(
        user_ids=_people(viewer, form.who.data or ""),
        kind=kind,
        object_ids=_objects(kind, form.number.data or ""),
        actions=actions_of(form.act.data or ""),
        since=day_begins(form.since.data),
        until=day_begins(form.until.data, after=1),
        asked=query_of(form),
    )


def _people(viewer: Viewer, words: str) -> frozenset[UUID] | None:
    if not words:
        return None
    return frozenset(
        user_id
        for statement in queries.people_called(viewer, words)
        for user_id in db.session.execute(statement).scalars()
    )


def _objects(kind: str, words: str) -> frozenset[UUID] | None:
    if not words or not kind:
        return None
    statement = queries.objects_called(kind, words)
    return NOBODY if statement is None else frozenset(db.session.execute(statement).scalars())


def entries_page(viewer: Viewer) -> dict[str, Any]:
    """One page of the trail, as the address narrows it."""
    form = FilterForm(kinds=kinds_for(viewer))
    narrowed = narrowed_by(viewer, form)
    page = paging.page_of(
        queries.entries(viewer, narrowed),
        AuditEntry.at,
        AuditEntry.id,
        key=lambda row: (row[0].at, row[0].id),
        cursor=request.args.get("page"),
    )
    here, query = str(request.endpoint), dict[str, Any](narrowed.asked)
    return {
        "form": form,
        "narrowed": narrowed,
        "lines": reading.lines(viewer, (row[0] for row in page.rows)),
        "list_url": url_for(here),
        "newer_url": url_for(here, **query, page=page.newer) if page.newer else None,
        "older_url": url_for(here, **query, page=page.older) if page.older else None,
    }
