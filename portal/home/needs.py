"""What waits for the person: one list with one true count, gathered from every domain that can want something.

A source is asked only where the viewer has its permission. It gives its first
entries and how many there are altogether; a new domain adds a source to SOURCES.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.home.tickets import Tickets
from portal.tickets import queries
from portal.tickets.models import Ticket
from portal.tickets.rules import Phase

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits: what it is, what is wanted, where it is done, since when."""

    name: str
    wanted: str
    url: str
    reference: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Needs:
    """The first of what waits, and how much there is."""

    entries: Sequence[Need]
    total: int
    all_url: str | None = None


def gather(viewer: Viewer, tickets: Tickets | None) -> Needs:
    """Everything that waits for the viewer."""
    found = [source(viewer, tickets) for source in SOURCES]
    entries = sorted((entry for needs in found for entry in needs.entries), key=lambda need: need.since, reverse=True)
    total = sum(needs.total for needs in found)
    more = next((needs.all_url for needs in found if needs.total > len(needs.entries)), None)
    return Needs(entries[:SHOWN], total, more)


Source = Callable[[Viewer, Tickets | None], Needs]


def _answers(viewer: Viewer, tickets: Tickets | None) -> Needs:
    """Tickets on which the MSP waits for the client."""
    if tickets is None or not tickets.waiting:
        return Needs([], 0)
    rows = db.session.execute(
        queries.client_list(viewer, Phase.WAITING_ON_CLIENT)
        .order_by(Ticket.updated_at.desc(), Ticket.id.desc())
        .limit(SHOWN)
    ).all()
    entries = [
        Need(
            name=row.subject,
            wanted=gettext("Answer %(name)s", name=row.assignee) if row.assignee else gettext("Answer us"),
            url=url_for("tickets.show", number=row.number),
            reference=f"#{row.number}",
            since=row.updated_at,
        )
        for row in rows
    ]
    return Needs(entries, tickets.waiting, url_for("tickets.index", state="waiting"))


SOURCES: tuple[Source, ...] = (_answers,)
