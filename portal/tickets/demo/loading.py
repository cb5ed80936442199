"""Fills a tenant's desk: which story is told when and about whom, and the rows that come of it."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, LiteralString, NamedTuple

import psycopg

from portal.clients.demo import PERSONNEL, Company, Contact
from portal.core.bulk import Load, instant, seeded_ids
from portal.identity.demo.people import Colleague
from portal.tickets.demo import pictures
from portal.tickets.demo.files import TEXTS, Picture, TextFile
from portal.tickets.demo.stories import Story, stories
from portal.tickets.demo.telling import DAY, HOUR, Desk, Entry, Teller, Told, working_time_before
from portal.tickets.rules import Category
from portal.tickets.shipped import STATUSES

FIRST_NUMBER, FIRST_OF_FEW = 1001, 1
"""Tickets' numbers begin here where there are many, and as those of a young desk where each story is told once."""
BOARDS = {"harbor": {"people": "Joiners and leavers"}}
"""Boards beside the default one: what stories call them, and their names."""
SETTLED = 12 * DAY
"""A ticket older than this is nearly always closed."""
STALE = 0.004
"""Part of the old tickets that are still open."""
EDITED = 0.02
"""Part of the letters that were changed once more by their author."""
LONG, SELDOM = 12, 0.002
"""Turns of a long story, and how often one is told among many."""
YEAR = 366 * DAY
TABLES = ("tickets", "ticket_people", "comments", "ticket_changes", "attachments")


class Board(NamedTuple):
    """The tenant's default board: its id, its statuses and the priorities, as ids and names."""

    id: str
    status_ids: dict[Any, str]
    status_names: dict[Any, str]
    priority_ids: dict[int, str]
    priority_names: dict[int, str]


def boards_of(connection: psycopg.Connection[Any], load: Load) -> dict[str, Board]:
    """The default board as the tenant was given it, called "", and those that only the demo has."""
    found = {"": _board(connection, load.tenant_id, None)}
    make_id = seeded_ids(load.chance("boards"))
    for position, (called, name) in enumerate(BOARDS.get(load.slug, {}).items(), start=2):
        board_id = make_id(load.since)
        connection.execute(
            "INSERT INTO boards (tenant_id, id, name, position, is_default) VALUES (%s, %s, %s, %s, false)",
            [load.tenant_id, board_id, name, position],
        )
        for place, (status, category) in enumerate(STATUSES, start=1):
            connection.execute(
                "INSERT INTO statuses (tenant_id, id, board_id, name, category, position) VALUES"
                " (%s, %s, %s, %s, %s, %s)",
                [load.tenant_id, make_id(load.since), board_id, status, category, place],
            )
        found[called] = _board(connection, load.tenant_id, board_id)
    return found


def _board(connection: psycopg.Connection[Any], tenant_id: str, board_id: str | None) -> Board:
    if board_id is None:
        board_id = _first(connection, "SELECT id FROM boards WHERE tenant_id = %s AND is_default", tenant_id)[0]
    statuses = connection.execute(
        "SELECT DISTINCT ON (category) category, id, name FROM statuses WHERE tenant_id = %s AND board_id = %s"
        " ORDER BY category, position", [tenant_id, board_id],
    ).fetchall()  # fmt: skip
    priorities = connection.execute(
        "SELECT rank, id, name FROM priorities WHERE tenant_id = %s", [tenant_id]
    ).fetchall()
    return Board(
        str(board_id),
        {Category(category): str(status_id) for category, status_id, _ in statuses},
        {Category(category): name for category, _, name in statuses},
        {rank: str(priority_id) for rank, priority_id, _ in priorities},
        {rank: name for rank, _, name in priorities},
    )


def _first(connection: psycopg.Connection[Any], statement: LiteralString, *values: str) -> Any:
    row = connection.execute(statement, values).fetchone()
    if row is None:
        message = "the tenant has no default board"
        raise LookupError(message)
    return row


class Loading:
    """One tenant's tickets on their way into the database."""

    def __init__(
        self, load: Load, boards: dict[str, Board], companies: Sequence[Company], staff: Sequence[Colleague]
    ) -> None:
        """Announce the tables and draw the pictures."""
        self.load, self.boards, self.companies = load, boards, companies
        board = boards[""]
        self.chance = load.chance("tickets")
        self.weights = list(accumulate(1 / (place + 8) for place in range(len(companies))))
        technicians = [person for person in staff if person.role == "technician"]
        dispatcher = next(person for person in staff if person.role == "dispatcher")
        self.teller = Teller(
            Desk(technicians, dispatcher, board.status_names, board.priority_names), load.chance("stories")
        )
        self.make_id = seeded_ids(load.chance("ids of tickets"))
        self.pictures = pictures.store_pictures(load.tenant_id, load.chance("pictures"))
        self.texts = {name: pictures.store_text(load.tenant_id, name, words) for name, words in TEXTS.items()}
        self.add = {name: load.loader.table(name, *columns) for name, columns in _COLUMNS.items()}
        self.number = FIRST_NUMBER

    def tell(self, count: int) -> Iterator[int]:
        """Write `count` tickets, oldest first; yields how many there are so far."""
        are_few = count <= len(stories())
        if are_few:
            self.number = FIRST_OF_FEW
        told = self._few(count) if are_few else self._many(count)
        for done, (company, ticket) in enumerate(told, start=1):
            self._write(company, ticket)
            self.load.loader.send_if_many()
            yield done

    def _few(self, count: int) -> list[tuple[Company, Told]]:
        """Each story at most once, told to its end: those left open lately, the others over the whole time."""
        left_open = [story for story in stories() if not story.is_closed]
        closed = [story for story in stories() if story.is_closed]
        self.chance.shuffle(closed)
        closed.sort(key=lambda story: story.language == "en")  # the rarer languages are never left out
        told = []
        for place, story in enumerate(left_open[:count]):
            begins = self.load.until - int((0.1 + place * 9 / len(left_open)) * DAY)
            told.append(self._to_its_end(story, begins, *(self._confidant(story) or self._member(place, story))))
        rest = closed[: count - len(told)]
        self.chance.shuffle(rest)
        first, last = self.load.since, self.load.until - SETTLED
        for place, story in enumerate(rest):
            begins = first + (last - first) * place // max(len(rest) - 1, 1)
            told.append(self._to_its_end(story, begins, self._company()))
        return sorted(told, key=lambda each: each[1].opened_at)

    def _member(self, place: int, story: Story) -> tuple[Company, Contact | None]:
        """By turns those who sign in, so that each finds something open; in their own languages others ask."""
        members = [(company, person) for company in self.companies for person in company.contacts if person.role]
        company, person = members[place % len(members)]
        return company, person if story.language == "en" else None

    def _confidant(self, story: Story) -> tuple[Company, Contact] | None:
        """Who asks for what is private, where somebody is there for that."""
        personnel = [
            (company, each) for company in self.companies for each in company.others if each.title == PERSONNEL
        ]
        return personnel[0] if story.is_private and personnel else None

    def _to_its_end(
        self, story: Story, begins: int, company: Company, requester: Contact | None = None
    ) -> tuple[Company, Told]:
        """The story begun then, or as much earlier as it needs to be through by now."""
        seed = self.chance.getrandbits(64)
        while True:
            self.teller.chance.seed(seed)
            opened = working_time_before(begins, self.teller.chance)
            told = self.teller.tell(story, company, begins=opened, until=self.load.until + YEAR, requester=requester)
            if told.touched_at <= self.load.until:
                told.board = story.board
                return company, told
            begins -= 6 * HOUR

    def _many(self, count: int) -> Iterator[tuple[Company, Told]]:
        """Evenly over the whole time; the old ones are closed, nearly all."""
        open_ones = [story for story in stories() if not story.is_private]
        short = [story for story in open_ones if len(story.turns) < LONG]
        closed = [story for story in short if story.is_closed]
        long = [story for story in open_ones if len(story.turns) >= LONG]
        chance, span, last = self.chance, self.load.until - self.load.since, 0
        for place in range(count):
            begins = self.load.since + int(span * (place + chance.random()) / count)
            last = max(last, working_time_before(begins, chance))
            is_old = self.load.until - last > SETTLED
            choices = closed if is_old and chance.random() > STALE else short
            story = chance.choice(long if chance.random() < SELDOM else choices)
            company = self._company()
            yield company, self.teller.tell(story, company, begins=last, until=self.load.until)

    def _company(self) -> Company:
        return self.chance.choices(self.companies, cum_weights=self.weights)[0]

    def _write(self, company: Company, told: Told) -> None:
        tenant_id, board = self.load.tenant_id, self.boards.get(told.board, self.boards[""])
        ticket_id = self.make_id(told.opened_at)
        self.add["tickets"](
            (tenant_id, ticket_id, company.id, self.number, told.subject, board.id,
             board.status_ids[told.state.category], board.priority_ids[told.rank], told.requester.site_id,
             told.requester.id, told.requester.id,
             told.assignee.id if told.assignee else None, told.state.phase.value,
             told.state.turn.value if told.state.turn else None, told.is_private, told.public_version, told.version,
             instant(told.opened_at), instant(told.updated_at), instant(told.touched_at), _maybe(told.resolved_at),
             _maybe(told.closed_at))
        )  # fmt: skip
        self.number += 1
        at = instant(told.opened_at)
        for contact_id, part in told.takers.items():
            self.add["ticket_people"](
                (tenant_id, self.make_id(told.opened_at), company.id, ticket_id, contact_id, part, at)
            )
        for entry in told.entries:
            (self._line if entry.kind else self._letter)(company.id, ticket_id, entry)

    def _letter(self, client_id: str, ticket_id: str, entry: Entry) -> None:
        comment_id, at = self.make_id(entry.at), instant(entry.at)
        visibility = "internal" if entry.public_version is None else "public"
        edited = instant(entry.at + 4 * 60_000) if self.chance.random() < EDITED else None
        self.add["comments"](
            (self.load.tenant_id, comment_id, client_id, ticket_id, visibility, entry.contact_id, entry.user_id,
             entry.text, entry.version, entry.public_version, at, edited)
        )  # fmt: skip
        if entry.file:
            kind, name = entry.file
            file = self.pictures[name] if kind == "photo" else self.texts[name]
            row = (self.load.tenant_id, self.make_id(entry.at), client_id, ticket_id, comment_id, visibility)
            self.add["attachments"]((*row, *_file(file), "ready", "", at))

    def _line(self, client_id: str, ticket_id: str, entry: Entry) -> None:
        visibility = "internal" if entry.public_version is None else "public"
        self.add["ticket_changes"](
            (self.load.tenant_id, self.make_id(entry.at), client_id, ticket_id, visibility, entry.contact_id,
             entry.user_id, entry.kind, entry.old, entry.text, entry.cause, entry.version,
             entry.public_version, instant(entry.at))
        )  # fmt: skip


def _file(file: Picture | TextFile) -> tuple[str | int | None, ...]:
    if isinstance(file, Picture):
        return (file.name, "image/jpeg", file.size, file.key, file.thumbnail_key, file.width, file.height)
    return (file.name, "text/plain", file.size, file.key, None, None, None)


def _maybe(at: int | None) -> str | None:
    return None if at is None else instant(at)


_COLUMNS = {
    "tickets": (
        "tenant_id", "id", "client_id", "number", "subject", "board_id", "status_id", "priority_id", "site_id",
        "requester_contact_id", "opened_by_contact_id", "assignee_user_id", "phase", "turn", "is_private",
        "public_version",
        "version", "opened_at", "updated_at", "touched_at", "resolved_at", "closed_at",
    ),
    "ticket_people": ("tenant_id", "id", "client_id", "ticket_id", "contact_id", "part", "created_at"),
    "comments": (
        "tenant_id", "id", "client_id", "ticket_id", "visibility", "author_contact_id", "author_user_id", "body",
        "version", "public_version", "created_at", "edited_at",
    ),
    "ticket_changes": (
        "tenant_id", "id", "client_id", "ticket_id", "visibility", "by_contact_id", "by_user_id", "kind", "old_value",
        "new_value", "cause", "version", "public_version", "created_at",
    ),
    "attachments": (
        "tenant_id", "id", "client_id", "ticket_id", "comment_id", "visibility", "name", "content_type", "size",
        "blob_key", "thumbnail_key", "width", "height", "state", "refusal", "created_at",
    ),
}  # fmt: skip
