"""How long a stranger waits tells nothing of who has an account: known and unknown ones, in turns.

Only `make soak` judges by the clock, with this folder alone on the machine. `make test` walks both ways ten times and
looks at the answers; that statements, verifications and jobs are the same ones stands in
`tests/identity/test_same_answer.py`, `tests/accounts/test_forgotten.py` and `tests/identity/test_other_ways_in.py`.
"""

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.core import clock
from portal.core.events.models import OutboxEvent
from portal.identity import passwords
from portal.identity.models import AccessSettings, Password
from tests import factories as make
from tests import world
from tests.faults.size import FIXED_SEED, FULL, scaled
from tests.identity.steps import SIGN_IN, WRONG, System, Visit, trail

TRIES = scaled(500, least=10)
MOST = 0.005
"""Seconds that the medians may differ; from the specification."""
CONTROLS = scaled(60, least=3)

pytestmark = pytest.mark.timeout(1200)

Record = Callable[[str, object], None]


@dataclass(frozen=True)
class Way:
    """A form that strangers fill in: its address, what it answers, whom it takes, what else is typed."""

    path: str
    status: int
    known: str = "p{}@brightdental.example"
    unknown: str = "n{}@brightdental.example"
    typed: dict[str, str] = field(default_factory=dict)


STAFF = {"known": "s{}@harbor.example", "unknown": "n{}@harbor.example"}
NUMBERS = {"known": "+49 30 55{:05}", "unknown": "+49 30 77{:05}"}
GUESS = {"password": WRONG}
WAYS = {
    "sign-in of clients": Way(SIGN_IN["client"], 422, typed=GUESS),
    "sign-in of staff": Way(SIGN_IN["msp"], 422, **STAFF, typed=GUESS),
    "sign-in by number": Way(SIGN_IN["client"], 422, **NUMBERS, typed=GUESS),
    "sign-in by link": Way("/auth/client-portal/link", 303),
    "reset of clients": Way("/auth/client-portal/forgot-password", 303),
    "reset of staff": Way("/auth/msp/forgot-password", 303, **STAFF),
}


@pytest.fixture
def _crowd(system: System) -> None:
    """An account for each try, on both sides; the tenant offers every way in."""
    at, hashed = clock.now(), passwords.hash_password(world.PASSWORD)
    with system() as session:
        session.execute(update(AccessSettings).values(link_sign_in=True, number_sign_in=True))
        for number in range(TRIES):
            client, staff = f"p{number}@brightdental.example", f"s{number}@harbor.example"
            person, colleague = make.a_user(client), make.a_user(staff, "internal")
            phone = NUMBERS["known"].format(number)
            make.a_member(person, make.a_contact(world.SAM.client_id, "Person", client, phone=phone))
            make.a_colleague(colleague)
            for user in (person, colleague):
                session.add(Password(user_id=user.id, hash=hashed, changed_at=at))


def measured(visit: Visit, way: Way, tries: int) -> dict[str, float]:
    """Milliseconds in the median for known and for unknown accounts; no account and no address is tried twice."""
    stranger, chance = visit(), random.Random(FIXED_SEED)
    page = stranger.get(way.path)
    form = page.form("/" + way.path.rpartition("/")[2]) | way.typed
    taken: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(tries):
        for which in chance.sample(sorted(taken), 2):
            data = form | {"email": getattr(way, which).format(number)}
            more = {"REMOTE_ADDR": f"2001:db8:{which == 'known':x}:{number:x}::1"}
            began = time.perf_counter()
            answer = stranger.http.post(
                way.path, data=data, base_url=stranger.origin, environ_overrides=more,
                headers={"Origin": stranger.origin, "Sec-Fetch-Site": "same-origin"},
            )  # fmt: skip
            taken[which].append(time.perf_counter() - began)
            assert answer.status_code == way.status, (which, number)
    return {which: statistics.median(times) * 1000 for which, times in taken.items()}


def found_somebody(session: Any) -> list[bool]:
    """Of each try, as the trail and the outbox know it: whether it met an account."""
    failed = [each.facts["facts"]["reason"] != "unknown" for each in trail(session, "sign_in.failed")]
    asked = session.execute(select(OutboxEvent.payload).where(OutboxEvent.kind == "person.link_asked")).scalars()
    return failed + [each["user_id"] is not None for each in asked]


@pytest.mark.usefixtures("_crowd")
@pytest.mark.parametrize("name", WAYS)
def test_known_and_unknown_take_as_long(visit: Visit, system: System, record_property: Record, name: str) -> None:
    found = measured(visit, WAYS[name], TRIES)
    with system() as session:
        assert Counter(found_somebody(session)) == {True: TRIES, False: TRIES}
    if FULL:
        record_property("tries each", TRIES)
        for which, milliseconds in found.items():
            record_property(f"{which}, median ms", f"{milliseconds:.2f}")
        record_property("apart ms", f"{abs(found['known'] - found['unknown']):.2f}")
        assert abs(found["known"] - found["unknown"]) <= MOST * 1000


@pytest.mark.usefixtures("_crowd")
def test_without_a_stand_in_for_the_missing_hash_the_clock_tells(
    visit: Visit, record_property: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: who has no account costs no verification."""
    real = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda password, kept: kept is not None and real(password, kept))
    found = measured(visit, WAYS["sign-in of clients"], CONTROLS)
    if FULL:
        record_property("apart ms", f"{abs(found['known'] - found['unknown']):.2f}")
        assert found["known"] - found["unknown"] > MOST * 1000
