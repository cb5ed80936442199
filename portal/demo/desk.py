"""Tickets with their conversations: what was said when, where it stands now, over eighteen months."""

import datetime as dt
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.demo.conversations import BACK_AND_FORTH, LONG, SCENES, SHORT, SHORT_REPLIES, WORDS, Scene
from portal.demo.rows import Batch, Row, made_id
from portal.tickets.rules import Category, Happening, State, Turn

MONTHS = dt.timedelta(days=547)
RICH = 200
"""So many tickets of a tenant tell whole stories; the ones after it are short, for size."""
CATEGORIES = tuple(Category)
YOUNG, OLD = (16, 24, 18, 22, 20), (1, 2, 2, 10, 85)
"""Weights of the categories for tickets of the last month, and of those before."""


@dataclass(frozen=True)
class Picture:
    """A stored photo."""

    name: str
    blob_key: str
    size: int
    thumbnail_key: str
    width: int
    height: int


@dataclass(frozen=True)
class Desk:
    """What tickets of one tenant refer to: its rows by meaning."""

    tenant_id: uuid.UUID
    board_id: uuid.UUID
    statuses: dict[Category, tuple[uuid.UUID, str]]
    priorities: dict[int, uuid.UUID]
    staff: Sequence[tuple[uuid.UUID, str]]
    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Requester:
    """Somebody who asks, with the site they sit at."""

    contact_id: uuid.UUID
    client_id: uuid.UUID
    site_id: uuid.UUID
    name: str


class Writer:
    """Writes the tickets of one tenant into a batch. The same chance gives the same tickets."""

    def __init__(self, desk: Desk, people: Sequence[Requester], chance: random.Random, today: dt.datetime) -> None:
        self.desk, self.people, self.chance, self.today = desk, people, chance, today

    def write(self, batch: Batch, number: int, place: int) -> None:
        """The ticket of this number; `place` counts from 0, the youngest first among the rich ones."""
        scene = self._scene(place)
        age = self._age(place)
        opened = self.today - age
        category = Category(self.chance.choices(CATEGORIES, YOUNG if age.days < 30 else OLD)[0])  # noqa: PLR2004
        category = list(Category)[place] if place < len(CATEGORIES) else category
        lines = self._lines(scene, category, place)
        requester = self.chance.choice(self.people)
        ticket = self._ticket(number, scene, requester, opened)
        _Story(self, batch, ticket, requester, category, is_rich=place < RICH).tell(lines)
        batch.add("tickets", ticket)

    def _scene(self, place: int) -> Scene:
        if place == len(CATEGORIES):
            return LONG
        if place < RICH:
            return SCENES[place % len(SCENES)]
        subject, words = self.chance.choice(SHORT)
        filled = subject.format(name=self.chance.choice(self.people).name, word=self.chance.choice(WORDS))
        reply = self.chance.choice(SHORT_REPLIES)
        return Scene(filled, self.chance.choice((2, 3, 3, 3, 4)), (("c", words), ("s", reply)))

    def _age(self, place: int) -> dt.timedelta:
        if place < 12:  # noqa: PLR2004  # a dozen of today and the days before, so that the desk looks lived in
            return dt.timedelta(hours=1 + place * 7, minutes=self.chance.randrange(60))
        return MONTHS * float(self.chance.random() ** 1.6) + dt.timedelta(days=1, seconds=self.chance.randrange(86_400))

    def _lines(self, scene: Scene, category: Category, place: int) -> list[tuple[str, str]]:
        lines: list[tuple[str, str]] = list(scene.lines)
        if place == 7:  # noqa: PLR2004  # one conversation is as long as they get
            lines += list(BACK_AND_FORTH) * 3
            return lines[:30]
        if place % 9 == 8:  # noqa: PLR2004
            lines += list(BACK_AND_FORTH)
        if category is Category.NEW:
            return lines[:1]
        if category is Category.WAITING:
            staff = [at for at, (who, _) in enumerate(lines) if who == "s"]
            return lines[: self.chance.choice(staff) + 1]
        if category is Category.OPEN:
            return lines[: max(1, self.chance.randrange(1, len(lines) + 1))]
        return lines

    def _ticket(self, number: int, scene: Scene, requester: Requester, opened: dt.datetime) -> Row:
        by_phone = self.chance.random() < 0.1  # noqa: PLR2004  # some call instead
        opener = self.chance.choice(self.desk.staff)[0]
        return {
            "tenant_id": self.desk.tenant_id, "id": made_id(opened, self.chance), "client_id": requester.client_id,
            "number": number, "subject": scene.subject, "board_id": self.desk.board_id, "status_id": None,
            "priority_id": self.desk.priorities[scene.rank], "site_id": requester.site_id,
            "requester_contact_id": requester.contact_id,
            "opened_by_contact_id": None if by_phone else requester.contact_id,
            "opened_by_user_id": opener if by_phone else None,
            "assignee_user_id": None, "phase": "", "turn": None, "public_version": 0, "version": 0,
            "submission_key": None, "opened_at": opened, "updated_at": opened, "touched_at": opened,
            "resolved_at": None, "closed_at": None,
        }  # fmt: skip


class _Story:
    """One ticket's timeline, entry by entry, with the clocks and versions that real entries would leave."""

    def __init__(  # what a story needs to know
        self, writer: Writer, batch: Batch, ticket: Row, requester: Requester, category: Category, *, is_rich: bool
    ) -> None:
        self.writer, self.batch, self.ticket, self.requester, self.category = writer, batch, ticket, requester, category
        self.is_rich = is_rich
        self.chance, self.desk, self.at = writer.chance, writer.desk, ticket["opened_at"]
        self.now = Category.NEW
        self.speaker: str | None = None

    def tell(self, lines: Sequence[tuple[str, str]]) -> None:
        colleague = self.chance.choice(self.desk.staff[:2])
        self._person(self.requester.contact_id, "requester")
        for place, (who, words) in enumerate(lines):
            if place:
                self._later(len(lines) - place)
            if who in "sn" and self.now is Category.NEW:
                self._line(Happening.ASSIGNED, colleague, new=colleague[1])
                self.ticket["assignee_user_id"] = colleague[0]
                self._move(Category.OPEN, Happening.BEGUN, colleague)
            self._comment(who, words, colleague)
        if self.category in {Category.OPEN, Category.WAITING} and self.now is Category.NEW:
            self._later(1)
            self._move(Category.OPEN, Happening.BEGUN, colleague)
        if self.category is Category.WAITING:
            self.now = Category.WAITING
        elif self.category in {Category.RESOLVED, Category.CLOSED}:
            self._finish(colleague)
        self._stand()

    def _finish(self, colleague: tuple[uuid.UUID, str]) -> None:
        self._later(1)
        self._move(Category.RESOLVED, Happening.RESOLVED, colleague)
        self.ticket["resolved_at"] = self.at
        if self.category is Category.CLOSED:
            self.at = min(self.at + dt.timedelta(days=5), self.writer.today - dt.timedelta(minutes=1))
            self._move(Category.CLOSED, Happening.CLOSED, colleague)
            self.ticket["closed_at"] = self.at

    def _stand(self) -> None:
        turn = None if self.now in {Category.RESOLVED, Category.CLOSED} else Turn.US
        if self.now is Category.WAITING or (turn and self.speaker == "s" and self.chance.random() < 0.5):  # noqa: PLR2004
            turn = Turn.CLIENT
        self.ticket["status_id"] = self.desk.statuses[self.now][0]
        self.ticket["turn"] = turn.value if turn else None
        self.ticket["phase"] = State(self.now, turn).phase.value

    def _later(self, left: int) -> None:
        """Some hours on, but never beyond today, however many entries are left."""
        room = (self.writer.today - self.at) / (left + 1)
        self.at += min(room, dt.timedelta(minutes=self.chance.randrange(4, 60 * 20)))

    def _stamp(self, *, public: bool) -> Row:
        ticket = self.ticket
        ticket["version"] += 1
        ticket["touched_at"] = self.at
        if public:
            ticket["public_version"] += 1
            ticket["updated_at"] = self.at
        return {
            "tenant_id": ticket["tenant_id"], "id": made_id(self.at, self.chance), "client_id": ticket["client_id"],
            "ticket_id": ticket["id"], "visibility": "public" if public else "internal", "created_at": self.at,
            "version": ticket["version"], "public_version": ticket["public_version"] if public else None,
        }  # fmt: skip

    def _person(self, contact_id: uuid.UUID, part: str) -> None:
        ticket = self.ticket
        self.batch.add("ticket_people", {
            "tenant_id": ticket["tenant_id"], "id": made_id(self.at, self.chance), "client_id": ticket["client_id"],
            "ticket_id": ticket["id"], "contact_id": contact_id, "part": part, "created_at": self.at,
        })  # fmt: skip

    def _comment(self, who: str, words: str, colleague: tuple[uuid.UUID, str]) -> None:
        by_staff = who in "sn"
        comment = self.batch.add("comments", self._stamp(public=who != "n") | {
            "author_contact_id": None if by_staff else self.requester.contact_id,
            "author_user_id": colleague[0] if by_staff else None,
            "body": words, "submission_key": None, "edited_at": None,
        })  # fmt: skip
        self.speaker = "s" if who == "s" else "c" if who in "cp" else self.speaker
        if who == "p" and self.desk.pictures:
            self._photo(comment)

    def _photo(self, comment: Row) -> None:
        for picture in self.chance.sample(list(self.desk.pictures), self.chance.choice((1, 1, 2))):
            self.batch.add("attachments", {
                "tenant_id": comment["tenant_id"], "id": made_id(self.at, self.chance),
                "client_id": comment["client_id"], "ticket_id": comment["ticket_id"], "comment_id": comment["id"],
                "visibility": comment["visibility"], "name": picture.name, "content_type": "image/png",
                "size": picture.size, "blob_key": picture.blob_key, "thumbnail_key": picture.thumbnail_key,
                "width": picture.width, "height": picture.height, "state": "ready", "refusal": "",
                "created_at": self.at,
            })  # fmt: skip

    def _line(self, kind: Happening, colleague: tuple[uuid.UUID, str], old: str = "", new: str = "") -> None:
        if not self.is_rich:
            return
        self.batch.add("ticket_changes", self._stamp(public=True) | {
            "by_contact_id": None, "by_user_id": colleague[0], "kind": kind.value,
            "old_value": old, "new_value": new, "cause": "",
        })  # fmt: skip

    def _move(self, category: Category, kind: Happening, colleague: tuple[uuid.UUID, str]) -> None:
        self._line(kind, colleague, old=self.desk.statuses[self.now][1], new=self.desk.statuses[category][1])
        self.now = category


def numbers(first: int, count: int) -> Iterator[tuple[int, int]]:
    """(public number, place) of each ticket, in the order of the numbers; the youngest have the highest."""
    return ((first + at, count - 1 - at) for at in range(count))
