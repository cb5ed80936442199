"""What can be chosen for a ticket: boards, statuses, priorities, sites, colleagues. Nothing here is executed."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, literal, null, select, union_all

from portal.clients.models import Client, Site
from portal.core.tenancy.scope import Viewer
from portal.core.web.paging import first
from portal.identity.models import StaffProfile
from portal.tickets.models import Board, Priority, Status
from portal.tickets.queries.rows import Rows


def client(_viewer: Viewer, number: int) -> Select[Client]:
    """The client of this number, if it exists for the viewer."""
    return select(Client).where(Client.number == number)


def colleague(user_id: UUID) -> Select[StaffProfile]:
    """Somebody of the staff to whom tickets can be given."""
    return select(StaffProfile).where(StaffProfile.is_active, StaffProfile.user_id == user_id)


def priority(priority_id: UUID) -> Select[Priority]:
    """One priority."""
    return select(Priority).where(Priority.id == priority_id)


def statuses(board_id: UUID) -> Select[Status]:
    """The statuses of a board, in its order."""
    return select(Status).where(Status.board_id == board_id).order_by(Status.position, Status.id)


def status(board_id: UUID, status_id: UUID) -> Select[Status]:
    """One status of a board."""
    return select(Status).where(Status.board_id == board_id, Status.id == status_id)


def status_for(board_id: UUID, category: str) -> Select[Status]:
    """The status a board uses for a category: the first of it."""
    return statuses(board_id).where(Status.category == category).limit(first(1))


def choices(board_id: UUID | None = None) -> Rows:
    """Everything a form offers, in one statement: (kind, id, name, words, is_default), in order.

    Clients choose among priorities, sites of theirs and boards; staff, on a
    ticket of `board_id`, among priorities, statuses and colleagues.
    """
    arms = [_choice("priority", Priority.id, Priority.name, Priority.client_label, Priority.rank, Priority.is_default)]
    if board_id is None:
        arms.append(_choice("site", Site.id, Site.name, Site.city, null(), literal(False)))  # noqa: FBT003  # a column
        arms.append(_choice("board", Board.id, Board.name, literal(""), Board.position, Board.is_default))
    else:
        of_board = _choice("status", Status.id, Status.name, Status.category, Status.position, literal(False))  # noqa: FBT003  # a column
        arms.append(of_board.where(Status.board_id == board_id))
        colleague = _choice("colleague", StaffProfile.user_id, StaffProfile.display_name, StaffProfile.title, null(),
                            literal(False))  # fmt: skip  # noqa: FBT003  # a column
        arms.append(colleague.where(StaffProfile.is_active))
    found = union_all(*arms).subquery("choices")
    return select(found).order_by(found.c.kind, found.c.place, found.c.name, found.c.id)


def _choice(kind: str, *columns: Any) -> Rows:
    names = ("id", "name", "words", "place", "is_default")
    return select(
        literal(kind).label("kind"), *(column.label(name) for column, name in zip(columns, names, strict=True))
    )
