"""Where a ticket stands: the rules alone, no database."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.tickets import rules
from portal.tickets.rules import Category, Happening, Phase, State, Turn

NOW = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)
states = st.builds(State, st.sampled_from(Category), st.sampled_from([*Turn, None]))


@pytest.mark.parametrize(
    ("category", "turn", "phase"),
    [
        ("new", "us", "with_us"),
        ("open", "us", "with_us"),
        ("open", "client", "waiting_on_client"),
        ("waiting", "client", "waiting_on_client"),
        ("new", None, "with_us"),
        ("resolved", None, "done"),
        ("closed", None, "done"),
        ("resolved", "client", "done"),
    ],
)
def test_phase_follows_from_category_and_turn(category, turn, phase):
    state = State(Category(category), Turn(turn) if turn else None)

    assert state.phase == phase


def test_a_staff_reply_begins_the_work_and_hands_the_turn_over():
    assert rules.after_staff_reply(rules.OPENED) == State(Category.OPEN, Turn.CLIENT)


@pytest.mark.parametrize("category", [Category.RESOLVED, Category.CLOSED])
def test_a_staff_reply_on_a_done_ticket_moves_nothing(category):
    assert rules.after_staff_reply(State(category, None)) == State(category, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [("new", "new"), ("open", "open"), ("waiting", "open"), ("resolved", "open"), ("closed", "open")],
)
def test_a_client_reply_hands_the_turn_back_and_reopens(before, after):
    assert rules.after_client_reply(State(Category(before), Turn.CLIENT)) == State(Category(after), Turn.US)


@given(states)
def test_done_is_nobodys_turn(state):
    for category in rules.DONE:
        if state.may_become(category) and category is not state.category:
            assert rules.after_status(state, category) == State(category, None)


@given(states)
def test_nothing_becomes_new_again(state):
    if state.category is not Category.NEW:
        with pytest.raises(rules.TransitionRefused):
            rules.after_status(state, Category.NEW)


@given(states)
def test_resolving_and_reopening_undo_one_another(state):
    if state.is_done:
        with pytest.raises(rules.AlreadyDone):
            rules.after_resolution(state)
        assert rules.after_reopening(state).phase is Phase.WITH_US
    else:
        with pytest.raises(rules.NotDone):
            rules.after_reopening(state)
        assert rules.after_resolution(state).phase is Phase.DONE


def test_waiting_hands_the_turn_over_and_coming_back_takes_it():
    waiting = rules.after_status(State(Category.OPEN, Turn.US), Category.WAITING)

    assert waiting == State(Category.WAITING, Turn.CLIENT)
    assert rules.after_status(waiting, Category.OPEN) == State(Category.OPEN, Turn.US)


def test_another_status_of_the_same_category_leaves_the_turn():
    assert rules.after_status(State(Category.OPEN, Turn.CLIENT), Category.OPEN).turn is Turn.CLIENT


@pytest.mark.parametrize(
    ("category", "days", "may"),
    [("resolved", 400, True), ("closed", 29, True), ("closed", 30, True), ("closed", 31, False), ("open", 400, True)],
)
def test_a_client_reopens_within_thirty_days_of_closing(category, days, may):
    closed_at = NOW - dt.timedelta(days=days)

    assert rules.client_may_reopen(State(Category(category), None), closed_at=closed_at, now=NOW) is may


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("new", "open", Happening.BEGUN),
        ("waiting", "open", Happening.RESUMED),
        ("open", "waiting", Happening.WAITING),
        ("open", "resolved", Happening.RESOLVED),
        ("resolved", "closed", Happening.CLOSED),
        ("closed", "open", Happening.REOPENED),
        ("resolved", "waiting", Happening.REOPENED),
        ("open", "open", Happening.STATUS),
    ],
)
def test_each_move_has_its_word(old, new, said):
    assert rules.happening(Category(old), Category(new)) is said


@given(st.sampled_from(Category), st.sampled_from(Category))
def test_every_move_that_may_happen_can_be_said(old, new):
    if State(old, None).may_become(new):
        assert rules.happening(old, new) in Happening
