"""Where the client's tickets stand, as the first page says it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.tickets import policy, queries
from portal.tickets.models import Ticket
from portal.tickets.rules import Phase

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Tickets:
    """The latest that are with the MSP, and how many there are of each kind."""

    rows: Sequence[Any]
    with_us: int
    waiting: int
    done: int

    @property
    def is_empty(self) -> bool:
        """Whether there was never any."""
        return not (self.with_us or self.waiting or self.done)


def tickets(viewer: Viewer) -> Tickets | None:
    """The viewer's tickets; None for somebody who may not read any. At most two statements."""
    if not policy.may(viewer, "see"):
        return None
    counts = db.session.execute(queries.phase_counts(viewer)).mappings().one()
    rows: Sequence[Any] = []
    if counts[Phase.WITH_US]:
        rows = db.session.execute(
            queries.client_list(viewer, Phase.WITH_US).order_by(Ticket.updated_at.desc(), Ticket.id.desc()).limit(SHOWN)
        ).all()
    return Tickets(
        rows=rows,
        with_us=counts[Phase.WITH_US],
        waiting=counts[Phase.WAITING_ON_CLIENT],
        done=counts[Phase.DONE],
    )
