"""Where a ticket stands and what may follow: pure rules over status category, turn and time."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """What the product makes of a status, whatever a board calls it."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Phase(StrEnum):
    """Where a ticket stands for the client."""

    WAITING_ON_CLIENT = "waiting_on_client"
    WITH_US = "with_us"
    DONE = "done"


class Turn(StrEnum):
    """Who is to say something next; nobody where it is None."""

    CLIENT = "client"
    US = "us"


class Happening(StrEnum):
    """The kinds of grey line in a timeline."""

    BEGUN = "begun"
    WAITING = "waiting"
    RESUMED = "resumed"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"
    STATUS = "status"
    ASSIGNED = "assigned"
    PRIORITY = "priority"
    SEALED = "sealed"
    UNSEALED = "unsealed"
    AFFECTED = "affected"
    FOLLOWS = "follows"
    LEFT = "left"


class Cause(StrEnum):
    """Why a ticket moved."""

    OPENED = "opened"
    REPLY = "reply"
    STATUS = "status"
    RESOLUTION = "resolution"
    REOPENING = "reopening"


class TransitionRefused(Exception):
    """A ticket can't go from this status to that one; it may have changed meanwhile."""


class AlreadyDone(TransitionRefused):
    """The ticket is resolved or closed; somebody was faster."""


class NotDone(TransitionRefused):
    """The ticket is open, so there is nothing to reopen."""


class TooLateToReopen(TransitionRefused):
    """The ticket was closed so long ago that the client opens a new one instead."""


DONE = frozenset({Category.RESOLVED, Category.CLOSED})
FOLLOWS: dict[Category, frozenset[Category]] = {
    Category.NEW: frozenset({Category.OPEN, Category.WAITING, Category.RESOLVED, Category.CLOSED}),
    Category.OPEN: frozenset({Category.WAITING, Category.RESOLVED, Category.CLOSED}),
    Category.WAITING: frozenset({Category.OPEN, Category.RESOLVED, Category.CLOSED}),
    Category.RESOLVED: frozenset({Category.OPEN, Category.WAITING, Category.CLOSED}),
    Category.CLOSED: frozenset({Category.OPEN, Category.WAITING}),
}
"""Which category may follow which. Nothing becomes new again; statuses of one category may be swapped freely."""

REOPENABLE_FOR = dt.timedelta(days=30)
"""How long after closing a client may still reopen. Business time."""


@dataclass(frozen=True, slots=True)
class State:
    """Category and turn of one ticket."""

    category: Category
    turn: Turn | None

    @property
    def phase(self) -> Phase:
        """Where the ticket stands for the client: the turn decides unless it is done."""
        if self.category in DONE:
            return Phase.DONE
        return Phase.WAITING_ON_CLIENT if self.turn is Turn.CLIENT else Phase.WITH_US

    @property
    def is_done(self) -> bool:
        """Whether it is resolved or closed."""
        return self.category in DONE

    def may_become(self, category: Category) -> bool:
        """Whether a status of this category may follow."""
        return category is self.category or category in FOLLOWS[self.category]


OPENED = State(Category.NEW, Turn.US)


def after_staff_reply(state: State) -> State:
    """A public reply of the staff begins the work and hands the turn to the client; a done ticket stays done."""
    if state.is_done:
        return state
    category = Category.OPEN if state.category is Category.NEW else state.category
    return State(category, Turn.CLIENT)


def after_client_reply(state: State) -> State:
    """A reply of the client hands the turn back, ends waiting and reopens what was done."""
    return State(state.category if state.category is Category.NEW else Category.OPEN, Turn.US)


def after_status(state: State, category: Category) -> State:
    """The staff chose a status of this category. Raises TransitionRefused where it may not follow.

    Waiting hands the turn to the client, coming back from there or from done
    hands it to us, done clears it; else the turn stays with whom it was.
    """
    if not state.may_become(category):
        raise TransitionRefused
    if category in DONE:
        return State(category, None)
    if category is Category.WAITING:
        return State(category, Turn.CLIENT)
    if state.category is Category.WAITING or state.is_done:
        return State(category, Turn.US)
    return State(category, state.turn)


def after_resolution(state: State) -> State:
    """Somebody says that it is solved. Raises AlreadyDone."""
    if state.is_done:
        raise AlreadyDone
    return State(Category.RESOLVED, None)


def after_reopening(state: State) -> State:
    """Somebody says that it isn't. Raises NotDone."""
    if not state.is_done:
        raise NotDone
    return State(Category.OPEN, Turn.US)


def client_may_reopen(state: State, *, closed_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a reply or a press of the client still reopens: always while resolved, for a month once closed."""
    return state.category is not Category.CLOSED or closed_at is None or now - closed_at <= REOPENABLE_FOR


def happening(old: Category, new: Category) -> Happening:
    """What a move from one category to another is called in the timeline."""
    if old is new:
        return Happening.STATUS
    if old in DONE and new not in DONE:
        return Happening.REOPENED
    if new is Category.OPEN:
        return Happening.BEGUN if old is Category.NEW else Happening.RESUMED
    return Happening(new.value)
