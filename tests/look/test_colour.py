"""Whatever colour a tenant chooses, everything stays readable."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.colour import CLIENT_BLUE, STAFF_VIOLET, contrast, is_colour, oklch, shade
from portal.core.palette import PAIRS, SURFACES, palette
from portal.core.web.brand import stylesheet

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
STEP = 0x33
CUBE = [
    f"#{r:02x}{g:02x}{b:02x}" for r in range(0, 256, STEP) for g in range(0, 256, STEP) for b in range(0, 256, STEP)
]


def unreadable(brand: str) -> list[str]:
    """The pairs of both schemes that fall below their ratio."""
    made = palette(brand)
    return [
        f"{scheme}: {text} on {surface} is {contrast(tokens[text], tokens[surface]):.2f}, needs {ratio}"
        for scheme, tokens in (("light", made.light), ("dark", made.dark))
        for text, surface, ratio in PAIRS
        if contrast(tokens[text], tokens[surface]) < ratio
    ]


@settings(max_examples=150, deadline=None)
@given(COLOURS)
def test_every_used_pair_is_readable(brand: str) -> None:
    assert unreadable(brand) == []


def test_also_at_the_corners_and_edges_of_the_cube() -> None:
    assert {brand: faults for brand in CUBE if (faults := unreadable(brand))} == {}


@settings(max_examples=150, deadline=None)
@given(COLOURS)
def test_there_and_back_is_the_same_colour(colour: str) -> None:
    there = oklch(colour)
    back = shade(there.lightness, there.chroma, there.hue)
    assert all(abs(a - b) <= 1 for a, b in zip(bytes.fromhex(back[1:]), bytes.fromhex(colour[1:]), strict=True))


def test_contrast_as_published() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # WebAIM's well-known near miss
    assert contrast("#ffffff", "#ffffff") == 1


def test_a_colour_that_reads_well_is_kept_and_nothing_is_said_of_light() -> None:
    for brand in (CLIENT_BLUE, STAFF_VIOLET, "#0f766e"):
        made = palette(brand)
        assert made.light["brand"] == brand
        assert [change for change in made.changes if change.scheme == "light"] == []


def test_what_was_changed_is_told() -> None:
    told = {(change.scheme, change.token, change.reason) for change in palette("#ffd400").changes}
    assert ("light", "link", "link") in told, "yellow words on white can't be read"
    assert ("light", "brand-edge", "edge") in told
    assert ("light", "brand", "text") not in told, "the button itself stays yellow, with dark words"
    assert palette("#ffd400").light["brand-ink"] != "#ffffff"


@pytest.mark.parametrize("text", ["", "red", "#fff", "#12345g", "#1234567", "url(x)", "#123456;}*{x:y"])
def test_what_is_no_colour_never_reaches_a_stylesheet(text: str) -> None:
    assert not is_colour(text)
    assert stylesheet(text, "client") == stylesheet(None, "client")
    with pytest.raises(ValueError, match="not a colour"):
        palette(text)


def test_the_console_is_violet_whatever_the_brand() -> None:
    assert stylesheet("#ffd400", "msp") == stylesheet(None, "msp")
    assert STAFF_VIOLET in stylesheet(None, "msp")


def test_stylesheets_use_only_tokens_that_exist() -> None:
    made = {f"--{name}" for name in palette(CLIENT_BLUE).light}
    assert set(palette(CLIENT_BLUE).dark) == set(palette(CLIENT_BLUE).light)
    text = "\n".join(path.read_text() for path in CSS.rglob("*.css"))
    used = set(re.findall(r"var\((--[\w-]+)", text))
    own = set(re.findall(r"(--[\w-]+)\s*:", text))
    assert used <= made | own
    assert {f"--{name}" for name in SURFACES} <= used
    assert made <= used, "a token that no stylesheet uses costs bytes"
