import datetime as dt
import itertools
from random import Random

import pytest

from portal.core.events import backoff
from portal.core.events.times import PRODUCTION, Times


def test_delays_grow_and_stay_below_the_longest() -> None:
    plain = Times(jitter=0)
    delays = [backoff.delay(tried, plain, Random(1)) for tried in range(1, 11)]
    assert delays[0] == dt.timedelta(seconds=10)
    assert delays[1] == dt.timedelta(seconds=30)
    assert all(later >= earlier for earlier, later in itertools.pairwise(delays))
    assert delays[-1] == plain.longest_delay


def test_ten_tries_outlive_an_evening_without_mail() -> None:
    plain = Times(jitter=0)
    span = sum((backoff.delay(tried, plain, Random(1)) for tried in range(1, 10)), dt.timedelta())
    assert dt.timedelta(hours=6) < span < dt.timedelta(hours=12)


@pytest.mark.parametrize("tried", [1, 2, 5, 9])
def test_chance_spreads_delays_but_never_makes_a_later_one_shorter_than_half(tried: int) -> None:
    chance = Random(7)
    drawn = {backoff.delay(tried, PRODUCTION, chance) for _ in range(200)}
    middle = backoff.delay(tried, Times(jitter=0), chance)
    assert len(drawn) > 150
    assert min(drawn) >= middle * 0.8
    assert max(drawn) <= middle * 1.2


def test_a_huge_count_does_not_overflow() -> None:
    assert backoff.delay(10**6, Times(jitter=0), Random(1)) == PRODUCTION.longest_delay


def test_every_way_to_end_a_run_lies_before_the_end_of_its_lease() -> None:
    times = PRODUCTION
    killed_after = times.hard_after + 2 * times.monitor_every
    assert killed_after < times.lease_margin.total_seconds()


def test_the_tenth_try_is_the_last() -> None:
    assert not backoff.is_last(9, PRODUCTION)
    assert backoff.is_last(10, PRODUCTION)


def test_a_dead_worker_of_the_usual_handler_is_made_good_within_two_minutes() -> None:
    worst = backoff.lease(30, PRODUCTION) + backoff.delay(1, Times(jitter=0), Random(1)) * 1.2
    assert worst + dt.timedelta(seconds=PRODUCTION.poll_every) < dt.timedelta(seconds=75)
