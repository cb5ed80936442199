"""What is unusual, by the rules alone."""

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import pytest

from portal.trail import rules
from portal.trail.handlers import months_before
from portal.trail.rules import Seen

BERLIN = ZoneInfo("Europe/Berlin")
NOON = dt.datetime(2026, 3, 3, 12, 0, tzinfo=dt.UTC)
ANA, BEN = uuid.uuid4(), uuid.uuid4()
EACH = {"most": 1, "zone": BERLIN}
HOUR = dt.timedelta(hours=1)


def seen(action="x", *, minutes=0, user_id=ANA, **more):
    return Seen(uuid.uuid4(), action, NOON + dt.timedelta(minutes=minutes), user_id, None, **more)


def test_failures_count_by_account_and_by_address():
    at_one = [seen(mark="m", address=f"10.0.0.{each}") for each in range(5)]
    [found] = rules.many_failures(at_one, most=5)
    assert found.key == "failures:account:m:2026-03-03T12"
    assert rules.many_failures(at_one[1:], most=5) == []
    sprayed = [seen(mark=f"m{each}", address="10.0.0.9") for each in range(5)]
    [found] = rules.many_failures(sprayed, most=5)
    assert found.facts["address"] == "10.0.0.9"


def test_failures_an_hour_apart_are_two_hours():
    spread = [seen(mark="m", minutes=each * 60) for each in range(5)]
    assert rules.many_failures(spread, most=5) == []


def test_the_first_device_of_all_is_not_new():
    visit = seen(is_new_device=True)
    assert rules.new_devices([visit], known=[], **EACH) == []
    assert rules.new_devices([visit], known=[BEN], **EACH) == []
    assert len(rules.new_devices([visit], known=[ANA], **EACH)) == 1
    assert rules.new_devices([seen()], known=[ANA], **EACH) == []


def test_so_many_new_devices_on_one_day_of_the_tenant():
    three = [seen(is_new_device=True, minutes=each) for each in range(3)]
    [found] = rules.new_devices(three, known=[ANA], most=3, zone=BERLIN)
    assert (found.facts["count"], found.at) == (3, three[-1].at)
    assert rules.new_devices(three, known=[ANA], most=4, zone=BERLIN) == []
    assert rules.new_devices(three, known=[ANA], most=0, zone=BERLIN) == []
    spread = [seen(is_new_device=True, minutes=630), seen(is_new_device=True, minutes=690)]
    assert rules.new_devices(spread, known=[ANA], most=2, zone=BERLIN) == []
    mixed = [*three[:2], seen(is_new_device=True, user_id=BEN)]
    assert rules.new_devices(mixed, known=[ANA, BEN], most=3, zone=BERLIN) == []


def test_a_country_is_new_only_where_others_are_known():
    visit = seen(country="BR")
    assert rules.new_countries([visit], former={}) == []
    assert rules.new_countries([visit], former={ANA: frozenset()}) == []
    assert rules.new_countries([visit], former={ANA: frozenset({"BR", "DE"})}) == []
    assert [each.key for each in rules.new_countries([visit], former={ANA: frozenset({"DE"})})] == [f"country:{ANA}:BR"]


def test_travel_takes_longer_than_the_tenant_says():
    there = [seen(country="DE"), seen(country="BR", minutes=59)]
    [found] = rules.impossible_travel(there, within=HOUR)
    assert found.facts == {"from": "DE", "to": "BR"}
    assert rules.impossible_travel([seen(country="DE"), seen(country="BR", minutes=61)], within=HOUR) == []
    assert rules.impossible_travel([seen(country="DE"), seen(country="DE", minutes=5)], within=HOUR) == []
    assert rules.impossible_travel([seen(country="DE"), seen(country="BR", user_id=BEN)], within=HOUR) == []
    assert rules.impossible_travel([seen(country="DE"), seen(minutes=5), seen(minutes=6)], within=HOUR) == []
    assert rules.impossible_travel(there, within=HOUR / 2) == []
    assert rules.impossible_travel([seen(country="DE"), seen(country="BR")], within=dt.timedelta()) == []


def test_exports_count_by_person_and_day_of_the_tenant():
    five = [seen(minutes=each) for each in range(5)]
    assert [each.facts["count"] for each in rules.mass_exports(five, most=5, zone=BERLIN)] == [5]
    assert rules.mass_exports([*five[1:], seen(user_id=BEN)], most=5, zone=BERLIN) == []
    # 22:30 and 23:30 UTC lie on two days in Berlin
    spread = [seen(minutes=630), seen(minutes=690)]
    assert rules.mass_exports(spread, most=2, zone=BERLIN) == []
    assert len(rules.mass_exports(spread, most=2, zone=ZoneInfo("UTC"))) == 1


@pytest.mark.parametrize(
    ("minutes", "unusual"), [(0, False), (8 * 60 + 59, False), (9 * 60, True), (15 * 60, True), (16 * 60, False)]
)
def test_night_is_the_tenants(minutes, unusual):
    found = rules.at_night([seen(minutes=minutes)], begins=22, ends=5, zone=BERLIN)
    assert bool(found) == unusual


def test_one_alert_a_person_and_night():
    changes = [seen(minutes=10 * 60), seen(minutes=14 * 60), seen(minutes=10 * 60, user_id=BEN)]
    assert len(rules.at_night(changes, begins=22, ends=5, zone=BERLIN)) == 2
    assert rules.at_night([seen(user_id=None, minutes=600)], begins=22, ends=5, zone=BERLIN) == []
    assert rules.at_night(changes, begins=3, ends=3, zone=BERLIN) == []


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [("2026-03-31", 12, "2025-03-31"), ("2026-03-31", 13, "2025-02-28"), ("2024-02-29", 12, "2023-02-28"),
     ("2026-01-15", 12, "2025-01-15"), ("2026-01-31", 2, "2025-11-30"), ("2026-12-31", 24, "2024-12-31")],
)  # fmt: skip
def test_months_are_counted_as_people_do(day, months, before):
    found = months_before(dt.datetime.fromisoformat(day), months)
    assert found.date().isoformat() == before
