"""What the greeting wishes, and by which name."""

import pytest

from portal.home.rules import daypart, first_name


@pytest.mark.parametrize(
    ("hour", "part"),
    [(0, "evening"), (4, "evening"), (5, "morning"), (11, "morning"), (12, "afternoon"), (17, "afternoon"),
     (18, "evening"), (23, "evening")],
)  # fmt: skip
def test_each_hour_has_its_greeting(hour, part):
    assert daypart(hour) == part


@pytest.mark.parametrize(
    ("name", "said"), [("Sam Bright", "Sam"), ("Madonna", "Madonna"), ("  Ülkü  Ö ", "Ülkü"), ("", "")]
)
def test_one_is_greeted_by_the_first_name(name, said):
    assert first_name(name) == said
