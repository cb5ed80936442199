"""Tells one story about one client: what the services would have written, turn by turn, at believable hours."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from portal.clients.demo import Company, Contact
from portal.identity.demo.people import Colleague
from portal.tickets import rules
from portal.tickets.demo.stories import Story, Turn
from portal.tickets.rules import Category, Cause, Happening, State

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MORNING, EVENING = 6 * HOUR, 16 * HOUR
"""Working hours in UTC, milliseconds since midnight."""
PATIENCE = {"c": (8, 900), "o": (30, 1200), "s": (4, 200), "t": (60, 1500), "n": (2, 40), "m": (5, 90), "!": (1, 30)}
"""Minutes that pass before somebody acts, least and most; staff are quicker than clients."""
WEIGHT = {"user": 9, "admin": 4, "finance": 2, None: 1}
"""How much likelier people write who can sign in, by their role."""
GRACE = 5 * DAY
"""How long a resolved ticket waits before it is closed."""
_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag"),
}
_ROOMS = {
    "en": ("meeting room", "corridor", "archive", "small conference room", "kitchen"),
    "de": ("Besprechungsraum", "Flur", "Archiv", "Empfang", "Erdgeschoss"),
}
_FOLDERS = ("Offers 2026", "Personnel", "Projects 2026", "Photos", "Übergabe")
_PERSONS = ("Alma Winter", "Deniz Kaya", "Henrike Voß", "Mateo Cruz", "Saoirse Byrne", "Tomáš Dvořák", "Wanda Nowak")


Cast = dict[str, Contact | Colleague]
"""Who plays which part of a story, by the letter of its lines."""


class Entry(NamedTuple):
    """A letter, a note or (with `kind`) a grey line, as its row wants it."""

    at: int
    version: int
    public_version: int | None
    contact_id: str | None
    user_id: str | None
    text: str
    file: tuple[str, str] | None = None
    kind: str = ""
    old: str = ""
    cause: str = ""


@dataclass(slots=True)
class Told:
    """A ticket after its story: state, versions, times, entries."""

    requester: Contact
    assignee: Colleague | None
    state: State
    rank: int
    subject: str
    opened_at: int
    updated_at: int
    touched_at: int
    resolved_at: int | None = None
    closed_at: int | None = None
    is_private: bool = False
    board: str = ""
    version: int = 0
    public_version: int = 0
    entries: list[Entry] = field(default_factory=list)
    takers: dict[str, str] = field(default_factory=dict)
    """Contact → part, for those who take part."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The MSP's side of every story: people, and the words that lines are written in."""

    technicians: Sequence[Colleague]
    dispatcher: Colleague
    statuses: dict[Category, str]
    priorities: dict[int, str]


class Teller:
    """Tells stories with the people of one company and the staff of one tenant."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        """Tell by this chance."""
        self.desk, self.chance = desk, chance

    def tell(
        self, story: Story, company: Company, *, begins: int, until: int, requester: Contact | None = None
    ) -> Told:
        """The story, as far as it has come by `until`; somebody fitting asks unless it is said who."""
        chance = self.chance
        requester = requester or self._requester(company, story.language)
        colleague = chance.choice([person for person in company.contacts if person is not requester])
        tech, second = chance.sample(self.desk.technicians, 2) if len(self.desk.technicians) > 1 else (
            self.desk.technicians[0], self.desk.dispatcher,
        )  # fmt: skip
        words = self._words(story, company, requester, colleague, tech, second)
        told = Told(
            requester, None, rules.OPENED, story.rank, _capital(story.subject.format_map(words)),
            begins, begins, begins, is_private=story.is_private, takers={requester.id: "requester"},
        )  # fmt: skip
        cast: Cast = {"c": requester, "o": colleague, "s": tech, "t": second, "n": tech, "m": second, "!": tech}
        at = begins
        for place, turn in enumerate(story.turns):
            at = begins if place == 0 else self._later(at, turn)
            if at > until:
                break
            self._play(told, turn, cast, words, at)
        return told

    def _later(self, at: int, turn: Turn) -> int:
        least, most = PATIENCE[turn.who]
        if turn.who == "!" and turn.text == "close":
            return at + GRACE
        later = at + int(least * (most / least) ** self.chance.random()) * MINUTE + self.chance.randrange(MINUTE)
        return working_time(later, self.chance)

    def _requester(self, company: Company, language: str) -> Contact:
        """In English mostly those who sign in, in other languages those who speak them."""
        fitting = [person for person in company.contacts if person.speaks == language] or company.contacts
        return self.chance.choices(fitting, [WEIGHT[person.role] for person in fitting])[0]

    def _words(  # everybody who is named
        self, story: Story, company: Company, requester: Contact, colleague: Contact, tech: Colleague, second: Colleague
    ) -> dict[str, str]:
        chance, language = self.chance, story.language
        return {
            "requester": requester.first_name,
            "colleague": colleague.first_name,
            "tech": tech.first_name,
            "tech2": second.first_name,
            "client": company.name,
            "site": chance.choice(company.sites)[1],
            "device": chance.choice(company.devices),
            "printer": chance.choice([name for name in company.devices if "print" in name] or company.devices),
            "app": chance.choice(company.apps),
            "day": chance.choice(_DAYS.get(language, _DAYS["en"])),
            "room": chance.choice(_ROOMS.get(language, _ROOMS["en"])),
            "folder": chance.choice(_FOLDERS),
            "person": chance.choice(_PERSONS),
            "code": f"{chance.choice('ABEX')}{chance.randrange(100, 9000)}",
            "serial": f"NB-{chance.randrange(1000, 9999)}",
            "version": f"{chance.randrange(3, 12)}.{chance.randrange(10)}",
            "n": str(chance.randrange(11, 96)),
            "n2": str(chance.randrange(1100, 9600)),
        }

    def _play(self, told: Told, turn: Turn, cast: Cast, words: dict[str, str], at: int) -> None:
        who = cast[turn.who]
        if turn.who == "!":
            _ACTS[turn.text.split()[0]](self, told, turn, cast, at)
            return
        text = turn.text.format_map(words) if "{" in turn.text else turn.text
        told.entries.append(_entry(told, who, text, at, public=not turn.is_note, file=turn.file))
        if turn.is_note:
            return
        if isinstance(who, Contact):
            told.takers.setdefault(who.id, "follower")
            self._move(told, rules.after_client_reply(told.state), who, at, Cause.REPLY)
        else:
            self._move(told, rules.after_staff_reply(told.state), who, at, Cause.REPLY)

    def _move(self, told: Told, state: State, who: Contact | Colleague, at: int, cause: Cause) -> None:
        """As `services.moving.move`, without its events."""
        old, told.state = told.state, state
        if state.is_done:
            told.resolved_at = told.resolved_at or at
            told.closed_at = at if state.category is Category.CLOSED else None
        else:
            told.resolved_at = told.closed_at = None
        if state.category is old.category:
            return
        kind = rules.happening(old.category, state.category)
        if not (cause is Cause.REPLY and kind in {Happening.BEGUN, Happening.RESUMED}):
            names = self.desk.statuses[old.category], self.desk.statuses[state.category]
            told.entries.append(_line(told, who, kind, names, at, cause))

    def _assign(self, told: Told, turn: Turn, cast: Cast, at: int) -> None:
        tech = cast["s"]
        giver = tech if turn.text == "take" else self.desk.dispatcher
        if isinstance(tech, Colleague):
            told.entries.append(_line(told, giver, Happening.ASSIGNED, ("", tech.name), at))
            told.assignee = tech

    def _rank(self, told: Told, turn: Turn, cast: Cast, at: int) -> None:
        rank = int(turn.text.split()[1])
        names = self.desk.priorities[told.rank], self.desk.priorities[rank]
        if rank != told.rank:
            told.entries.append(_line(told, cast["s"], Happening.PRIORITY, names, at))
            told.rank = rank

    def _affect(self, told: Told, _turn: Turn, cast: Cast, at: int) -> None:
        """As `services.naming.name_person`."""
        colleague = cast["o"]
        if isinstance(colleague, Contact):
            told.takers[colleague.id] = "affected"
            told.entries.append(_line(told, cast["s"], Happening.AFFECTED, ("", colleague.name), at))

    def _wait(self, told: Told, _turn: Turn, cast: Cast, at: int) -> None:
        self._move(told, rules.after_status(told.state, Category.WAITING), cast["s"], at, Cause.STATUS)

    def _resolve(self, told: Told, turn: Turn, cast: Cast, at: int) -> None:
        who = cast["s" if turn.text == "resolve" else "c"]
        self._move(told, rules.after_resolution(told.state), who, at, Cause.RESOLUTION)

    def _close(self, told: Told, _turn: Turn, cast: Cast, at: int) -> None:
        self._move(told, rules.after_status(told.state, Category.CLOSED), cast["s"], at, Cause.STATUS)


_Act = Callable[[Teller, Told, Turn, Cast, int], None]
_ACTS: dict[str, _Act] = {
    "take": Teller._assign,  # noqa: SLF001  # the acts of this very class
    "give": Teller._assign,  # noqa: SLF001
    "affected": Teller._affect,  # noqa: SLF001
    "priority": Teller._rank,  # noqa: SLF001
    "wait": Teller._wait,  # noqa: SLF001
    "resolve": Teller._resolve,  # noqa: SLF001
    "solved": Teller._resolve,  # noqa: SLF001
    "close": Teller._close,  # noqa: SLF001
}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def working_time(at: int, chance: random.Random) -> int:
    """The time itself where somebody works then, else some minutes into the next working morning."""
    day, hour = divmod(at, DAY)
    if _is_working_day(day) and MORNING <= hour <= EVENING:
        return at
    day += hour >= MORNING
    while not _is_working_day(day):
        day += 1
    return day * DAY + MORNING + chance.randrange(90 * MINUTE)


def working_time_before(at: int, chance: random.Random) -> int:
    """The time itself where somebody works then, else some time in the last working hours before."""
    day, hour = divmod(at, DAY)
    if _is_working_day(day) and MORNING <= hour <= EVENING:
        return at
    day -= hour <= EVENING
    while not _is_working_day(day):
        day -= 1
    return day * DAY + EVENING - chance.randrange(EVENING - MORNING)


def _is_working_day(day: int) -> bool:
    """Whether a day since 1970-01-01, which was a Thursday, is one from Monday to Friday."""
    return (day + 3) % 7 < 5  # noqa: PLR2004  # days of the week


def _entry(  # the facts of a letter
    told: Told, who: Contact | Colleague, text: str, at: int, *, public: bool, file: tuple[str, str] | None
) -> Entry:
    """As `services.entries.add_comment`."""
    contact_id, user_id = (who.id, None) if isinstance(who, Contact) else (None, who.id)
    return Entry(at, *_stamp(told, at, public=public), contact_id, user_id, text, file)


def _line(  # the facts of a line
    told: Told, who: Contact | Colleague, kind: Happening, names: tuple[str, str], at: int, cause: str = ""
) -> Entry:
    """As `services.entries.add_line`."""
    contact_id, user_id = (who.id, None) if isinstance(who, Contact) else (None, who.id)
    stamp = _stamp(told, at, public=kind is not Happening.STATUS)
    return Entry(at, *stamp, contact_id, user_id, names[1], None, kind.value, names[0], str(cause))


def _stamp(told: Told, at: int, *, public: bool) -> tuple[int, int | None]:
    """As `Ticket.next_entry`."""
    told.version += 1
    told.touched_at = at
    if public:
        told.public_version += 1
        told.updated_at = at
    return told.version, told.public_version if public else None
