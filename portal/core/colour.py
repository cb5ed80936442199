"""Colours that can be read: every token of the look, made from one brand colour in OKLCH.

Pure functions. In: a colour as ``#rrggbb``. Out: sRGB hex per token for light and dark, chosen so that each pair of
text and surface that the stylesheets use (``PAIRS``) keeps the contrast of WCAG 2.2 AA, and a list of what had to be
changed for it. OKLCH and its matrices: Björn Ottosson, "A perceptual color space for image processing" (2020).
Contrast: WCAG 2.2, "relative luminance" and "contrast ratio".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import atan2, cbrt, cos, degrees, hypot, radians, sin
from typing import Literal

Scheme = Literal["light", "dark"]

CLIENT_BLUE = "#1d5fd1"
STAFF_VIOLET = "#6941c6"

TEXT = 4.5  # WCAG 1.4.3, text of ordinary size
SHAPE = 3.0  # WCAG 1.4.11, edges of controls and focus marks
COMFORT = 7.0  # WCAG 1.4.6, for what is read at length

_HEX = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_STEP = 0.005
_FOOT = 0.04045  # where the curve of sRGB begins (IEC 61966-2-1), encoded
_LINEAR_FOOT = 0.0031308  # the same, linear
_SLACK = 1e-4  # rounding that still counts as inside the gamut


@dataclass(frozen=True, slots=True)
class Oklch:
    """A colour by lightness (0 to 1), chroma (0 to about 0.37) and hue (degrees)."""

    lightness: float
    chroma: float
    hue: float


def is_colour(text: str) -> bool:
    """Whether a text is a colour as this module takes it: ``#`` and six hexadecimal digits."""
    return _HEX.fullmatch(text) is not None


def luminance(colour: str) -> float:
    """Relative luminance, 0 for black to 1 for white (WCAG 2.2)."""
    red, green, blue = (_linear(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21, whichever stands first (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def oklch(colour: str) -> Oklch:
    """The colour in OKLCH. Raises ValueError when it is no ``#rrggbb``."""
    red, green, blue = (_linear(channel) for channel in _channels(colour))
    long = cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return Oklch(lightness, hypot(a, b), degrees(atan2(b, a)) % 360)


def shade(lightness: float, chroma: float, hue: float) -> str:
    """The hex of an OKLCH colour; chroma gives way where sRGB has no such colour."""
    lightness = min(max(lightness, 0.0), 1.0)
    if _fits(inside := _rgb(lightness, chroma, hue)):
        return _hex(inside)
    low, high = 0.0, chroma
    for _ in range(14):
        middle = (low + high) / 2
        if _fits(_rgb(lightness, middle, hue)):
            low = middle
        else:
            high = middle
    return _hex(_rgb(lightness, low, hue))


def readable(start: Oklch, on: Iterable[str], ratio: float, *, darker: bool) -> str:
    """The colour nearest to ``start`` that keeps ``ratio`` on every surface, moved only in lightness.

    The last step is black or white, so an answer exists wherever one of them would do.
    """
    surfaces = tuple(on)
    lightness = min(max(start.lightness, _STEP), 1 - _STEP)
    while 0 < lightness < 1:
        colour = shade(lightness, start.chroma, start.hue)
        if all(contrast(colour, surface) >= ratio for surface in surfaces):
            return colour
        lightness += -_STEP if darker else _STEP
    return "#000000" if darker else "#ffffff"


def _channels(colour: str) -> tuple[float, float, float]:
    if not is_colour(colour):
        message = f"not a colour of the form #rrggbb: {colour!r}"
        raise ValueError(message)
    value = int(colour[1:], 16)
    return (value >> 16) / 255, (value >> 8 & 255) / 255, (value & 255) / 255


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= _FOOT else float(((channel + 0.055) / 1.055) ** 2.4)


def _rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Linear sRGB, outside 0 to 1 where the colour is beyond the gamut."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _fits(rgb: tuple[float, float, float]) -> bool:
    return all(-_SLACK <= channel <= 1 + _SLACK for channel in rgb)


def _hex(rgb: tuple[float, float, float]) -> str:
    out = "#"
    for channel in rgb:
        inside = min(max(channel, 0.0), 1.0)
        encoded = 12.92 * inside if inside <= _LINEAR_FOOT else 1.055 * inside ** (1 / 2.4) - 0.055
        out += f"{round(encoded * 255):02x}"
    return out
