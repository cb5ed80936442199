"""What the tests of tickets share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select

from portal.tickets.models import Comment, Ticket, TicketChange
from tests.world import OUR_NUMBER


@pytest.fixture
def statements(app) -> Callable[[], Any]:
    """`with statements() as sent: …`: what was sent to the database but BEGIN, COMMIT and settings."""
    from portal.extensions import db

    @contextmanager
    def counted() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(_connection, _cursor, statement, *_rest):
            if "set_config(" not in statement:
                sent.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counted


class Seen:
    """A ticket with everything on it, as the system reads it."""

    def __init__(self, session: Any, number: int) -> None:
        self.ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        of_it = {"ticket_id": self.ticket.id}
        self.comments = session.scalars(select(Comment).filter_by(**of_it).order_by(Comment.version)).all()
        self.changes = session.scalars(select(TicketChange).filter_by(**of_it).order_by(TicketChange.version)).all()

    @property
    def bodies(self) -> list[str]:
        return [comment.body for comment in self.comments]

    @property
    def kinds(self) -> list[str]:
        return [change.kind for change in self.changes]

    def check(self) -> None:
        """What must hold after whatever happened: versions count entries, each given once and in order."""
        entries = sorted([*self.comments, *self.changes], key=lambda entry: entry.version)
        assert (
            [entry.version for entry in entries]
            == list(range(1, len(entries) + 1))
            == [*range(1, self.ticket.version + 1)]
        )
        public = [entry.public_version for entry in entries if entry.visibility == "public"]
        assert public == list(range(1, self.ticket.public_version + 1))


@pytest.fixture
def look(system) -> Callable[..., Seen]:
    """`look()`: the ticket that everybody has, checked; `look(number)`: another."""

    def seen(number: int = OUR_NUMBER) -> Seen:
        with system() as session:
            found = Seen(session, number)
        found.check()
        return found

    return seen
