"""Twenty at once with one code of an app or one recovery code: one gets in. And ways that would not hold, as controls.

All twenty have given the password and stand before the code's check, each in a transaction of its own, before the
first is looked at.
"""

from typing import Any

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.extensions import db
from portal.identity import throttle
from portal.identity.models import RecoveryCode, Totp, User
from portal.identity.services import recovery_codes, totp
from tests import world
from tests.identity.factors import MFA, code, halfway, has_app
from tests.identity.races import MANY, Line, at_once, connections
from tests.identity.steps import System, Visit, sessions_of

__all__ = ["connections"]

pytestmark = pytest.mark.usefixtures("connections", "no_limits")
FEW = 4
"""As many as a control needs: two winners prove the point."""


@pytest.fixture
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the budget of tries is to decide."""
    for name in ("PER_ACCOUNT", "PER_ADDRESS", "PER_SECOND_FACTOR"):
        monkeypatch.setattr(throttle, name, ((1000, throttle.LONGEST),))


def answers(visit: Visit, action: str, count: int = MANY, **typed: str) -> list[int]:
    """What each of so many browsers is told that type this at once; all of them are halfway in."""
    ready = []
    for _ in range(count):
        who = visit()
        ready.append((who, halfway(who, world.SAM).form(action) | typed))
    path = MFA if action == MFA else f"{MFA}{action}"
    return sorted(at_once(lambda number: int(ready[number][0].post(path, ready[number][1]).status), count))


def test_a_code_of_the_app_is_used_once(visit: Visit, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    has_app(system, world.SAM)
    monkeypatch.setattr(totp, "use", Line(MANY).before(totp.use))
    assert answers(visit, MFA, code=code()) == [303] + [422] * (MANY - 1)
    with system() as session:
        assert len(sessions_of(session, world.SAM)) == 1


def test_a_step_that_is_looked_at_first_lets_several_in(
    visit: Visit, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: a last step that is read, compared and written."""
    line = Line(FEW)

    def careless(row: Totp, typed: str) -> bool:
        step = totp.matching_step(row.secret or "", typed, clock.now())
        is_good = step is not None and step > row.last_step
        line.wait()
        if is_good:
            row.last_step = step
        return is_good

    monkeypatch.setattr(totp, "use", careless)
    has_app(system, world.SAM)
    assert answers(visit, MFA, FEW, code=code()).count(303) > 1


def test_a_recovery_code_is_used_once(visit: Visit, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    first, *_others = has_app(system, world.SAM)
    monkeypatch.setattr(recovery_codes, "use", Line(MANY).before(recovery_codes.use))
    assert answers(visit, "/recovery", recovery=first) == [303] + [422] * (MANY - 1)
    with system() as session:
        assert len(sessions_of(session, world.SAM)) == 1


def test_a_recovery_code_that_is_looked_at_first_lets_several_in(
    visit: Visit, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: a code that is read, and written down as used afterwards."""
    line = Line(FEW)

    def careless(user: User, typed: str) -> bool:
        hashed = recovery_codes._hash(typed)
        unused = (RecoveryCode.user_id == user.id, RecoveryCode.code_hash == hashed, RecoveryCode.used_at.is_(None))
        row: Any = db.session.execute(select(RecoveryCode).where(*unused)).scalar_one_or_none()
        line.wait()
        if row is not None:
            row.used_at = clock.now()
        return row is not None

    first, *_others = has_app(system, world.SAM)
    monkeypatch.setattr(recovery_codes, "use", careless)
    assert answers(visit, "/recovery", FEW, recovery=first).count(303) > 1
