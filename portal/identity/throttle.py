"""How many passwords and codes may be tried: counted in the database, before any is checked.

Three budgets. An account's tries from browsers that never signed in to it are
counted together, wherever they come from; those from a browser it knows (or in which
its mailbox was proven) have a budget of their own, so that strangers can't use up the owner's; and an address
has one for all accounts that its unknown browsers try. Codes of the second step have two: of browsers
that are known, and of all others. A try that turns out to be
right is taken back: what adds up is what failed. The keys are keyed hashes of
what was typed, so that an account that doesn't exist is counted like one that does.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete

from portal.core import clock
from portal.core.networks import network
from portal.core.signing import signer
from portal.core.tenancy import doors
from portal.core.tenancy.scope import current_scope
from portal.core.tenancy.session import transaction
from portal.core.web.cookies import Side
from portal.extensions import db
from portal.identity.devices import Device
from portal.identity.models import Throttle

Limits = tuple[tuple[int, dt.timedelta], ...]

PER_ACCOUNT: Final[Limits] = ((10, dt.timedelta(minutes=5)), (30, dt.timedelta(hours=1)))
PER_ADDRESS: Final[Limits] = ((50, dt.timedelta(minutes=5)), (200, dt.timedelta(hours=1)))
PER_SECOND_FACTOR: Final[Limits] = ((5, dt.timedelta(minutes=5)), (10, dt.timedelta(hours=6)))
"""Codes of an app and recovery codes together, from all browsers that the account doesn't know.

Whoever gets this far has the password. What they use up comes back within six hours; it is 40 a day.
"""
PER_SECOND_FACTOR_KNOWN: Final[Limits] = ((5, dt.timedelta(minutes=5)), (10, dt.timedelta(days=1)))
"""The same from all browsers together in which the account has signed in. With the others that is 50 a day."""
LONGEST: Final = dt.timedelta(days=1)
"""After this long a budget's row says nothing any more and may be removed."""


class TooManyTries(Exception):
    """Too many tries failed lately; nothing was checked.

    `seconds` until the next one is let through. `is_news`: not told to the trail within the last minute.
    """

    def __init__(self, seconds: float, *, is_news: bool) -> None:
        """Keep both."""
        self.seconds = seconds
        self.is_news = is_news
        super().__init__(f"wait {seconds:.0f} s")


@contextmanager
def told(tell: Callable[[int], object]) -> Iterator[None]:
    """Have a try too many written down, once a minute: `tell` gets the seconds to wait. Raises what it met."""
    try:
        yield
    except TooManyTries as refused:
        if refused.is_news:
            tell(int(refused.seconds))
        raise


@dataclass(frozen=True, slots=True)
class Try:
    """A counted try: under which keys, and when."""

    keys: tuple[str, ...]
    at: dt.datetime

    def forgive(self) -> None:
        """Take it back: it was right, or not evaluated after all."""
        for key in self.keys:
            doors.forgive(key, at=self.at)


def marks(side: Side, account: str) -> list[str]:
    """Keyed hashes of an account (side and address as a key), under the newest key first."""
    message = f"{current_scope().tenant_id} {side} {account}".encode()
    return [mac.hex()[:32] for mac in signer().macs("account", message)]


def count_second_factor(user_id: uuid.UUID, mark: list[str], device: Device) -> Try:
    """Count a code before it is looked at, in a transaction of its own. Raises TooManyTries.

    `mark`: the account's, by which its browsers know it. Only a whole sign-in makes a browser known here: a mailbox
    that was proven in it is no second step. All known ones share a budget, or whoever came in before there was a
    second step, in many browsers, would have as many.
    """
    if device.knows(mark):
        return count_one("second factor known", user_id.hex, PER_SECOND_FACTOR_KNOWN)
    return count_one("second factor", user_id.hex, PER_SECOND_FACTOR)


def count_one(what: str, name: str, limits: Limits) -> Try:
    """Count a try under one key, in a transaction of its own. Raises TooManyTries."""
    at = clock.now()
    message = f"{current_scope().tenant_id} {name}".encode()
    key = signer().macs(f"throttle {what}", message)[0].hex()
    with transaction(current_scope()):
        seconds, is_news = doors.throttle(key, limits=limits, at=at)
    if seconds > 0:
        raise TooManyTries(seconds, is_news=is_news)
    return Try((key,), at)


def count_try(side: Side, account: str, *, address: str, device: Device) -> Try:
    """Count a try before it is evaluated, in a transaction of its own. Raises TooManyTries.

    A known browser is not held to its address's budget: a company of hundreds shares one.
    """
    mark = marks(side, account)
    return _count(_budgets(mark, address, device))


def count_meant(side: Side, account: str, *, device: Device) -> Try:
    """The same for an account that a number may mean; the number's own try has counted the address."""
    return _count(_budgets(marks(side, account), "", device)[-1:])


def _count(budgets: list[tuple[str, str, Limits]]) -> Try:
    counted = Try((), clock.now())
    with transaction(current_scope()):
        for what, name, limits in budgets:
            key = signer().macs(f"throttle {what}", name.encode())[0].hex()
            seconds, is_news = doors.throttle(key, limits=limits, at=counted.at)
            if seconds > 0:
                counted.forgive()
                break
            counted = Try((*counted.keys, key), counted.at)
        else:
            return counted
    raise TooManyTries(seconds, is_news=is_news)


def _budgets(mark: list[str], address: str, device: Device) -> list[tuple[str, str, Limits]]:
    if device.has_budget(mark):
        return [("device", f"{mark[0]} {device.id}", PER_ACCOUNT)]
    return [("address", network(address), PER_ADDRESS), ("account", mark[0], PER_ACCOUNT)]


def remove_old_counts(at: dt.datetime) -> None:
    """Remove the counts of the scope's tenant that no budget looks at any more."""
    db.session.execute(delete(Throttle).where(Throttle.last_at < at - LONGEST))
