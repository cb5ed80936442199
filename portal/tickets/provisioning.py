"""What a new tenant finds on its desk: one board, its statuses, the priorities."""

from sqlalchemy import select

from portal.extensions import db
from portal.tenants.provisioning import provisions
from portal.tickets.models import Board, Priority, Status
from portal.tickets.shipped import BOARD, DEFAULT_RANK, PRIORITIES, STATUSES


@provisions("tickets", order=20)
def provision_desk() -> None:
    """Make the default board and the priorities where the tenant has none."""
    if db.session.execute(select(Board.id).limit(1)).first() is None:
        board = Board(name=BOARD, position=1, is_default=True)
        db.session.add(board)
        db.session.flush()
        db.session.add_all(
            Status(board_id=board.id, name=name, category=category, position=position)
            for position, (name, category) in enumerate(STATUSES, start=1)
        )
    if db.session.execute(select(Priority.id).limit(1)).first() is None:
        db.session.add_all(
            Priority(name=name, client_label=label, rank=rank, is_default=rank == DEFAULT_RANK)
            for name, label, rank in PRIORITIES
        )
