"""The tokens of the look, light and dark, from one brand colour. Pure; the mathematics is in ``colour``.

``palette(brand)`` answers with every token that the stylesheets use and with what was changed against the wish, so
that the branding page can say it. ``PAIRS`` is the contract with the stylesheets: a token may be used as text or mark
on those surfaces and on no others.
"""

from dataclasses import dataclass

from portal.core.colour import COMFORT, SHAPE, TEXT, Oklch, Scheme, contrast, oklch, readable, shade

SURFACES = ("sheet", "ground", "sunk")
TONES = {"good": 152.0, "warn": 62.0, "bad": 25.0, "info": 242.0, "note": 92.0}
"""Hue of each, in degrees."""
STRONG = {"bad": 0.18}
"""Chroma of the tones that must catch the eye; the others take 0.135."""
SOFTS = ("brand-soft", *(f"{tone}-soft" for tone in TONES))

PAIRS: tuple[tuple[str, str, float], ...] = (
    *(("ink", surface, COMFORT) for surface in (*SURFACES, *SOFTS)),
    *(("ink-soft", surface, TEXT) for surface in (*SURFACES, *SOFTS)),
    *(("link", surface, TEXT) for surface in (*SURFACES, *SOFTS)),
    *((tone, surface, TEXT) for tone in TONES for surface in (*SURFACES, f"{tone}-soft")),
    *(("line-strong", surface, SHAPE) for surface in SURFACES),
    *(("brand-edge", surface, SHAPE) for surface in SURFACES),
    ("brand-ink", "brand", TEXT),
    ("brand-ink", "brand-hover", TEXT),
)


@dataclass(frozen=True, slots=True)
class Change:
    """A token that could not be the tenant's colour itself, and why (``text``, ``link`` or ``edge``)."""

    scheme: Scheme
    token: str
    asked: str
    used: str
    reason: str


@dataclass(frozen=True, slots=True)
class Palette:
    """Both schemes by token name, and what was changed against the wish."""

    light: dict[str, str]
    dark: dict[str, str]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Ground:
    """Where a scheme begins: lightness of each neutral, and which way text goes to be read."""

    scheme: Scheme
    sheet: float
    ground: float
    sunk: float
    line: float
    edge: float
    ink: float
    ink_soft: float
    soft: float
    tone: float
    neutral: float  # chroma of the neutrals for a fully coloured brand
    tint: float  # chroma of the soft backgrounds

    @property
    def darker(self) -> bool:
        return self.scheme == "light"


_LIGHT = _Ground("light", 1.0, 0.977, 0.957, 0.905, 0.62, 0.235, 0.475, 0.956, 0.53, 0.014, 0.034)
_DARK = _Ground("dark", 0.212, 0.172, 0.254, 0.325, 0.56, 0.945, 0.745, 0.285, 0.79, 0.012, 0.052)


def palette(brand: str) -> Palette:
    """Every token for a brand colour ``#rrggbb``. Raises ValueError for anything else."""
    light, dark = _scheme(brand, _LIGHT), _scheme(brand, _DARK)
    return Palette(light, dark, (*_changes(brand, light, "light"), *_changes(brand, dark, "dark")))


def _scheme(brand: str, base: _Ground) -> dict[str, str]:
    wish = oklch(brand)
    lean = min(wish.chroma / 0.12, 1.0)  # a grey brand leaves the neutrals grey
    neutral = base.neutral * lean
    tokens = {
        "sheet": shade(base.sheet, neutral * (0.0 if base.darker else 0.8), wish.hue),
        "ground": shade(base.ground, neutral * 0.4, wish.hue),
        "sunk": shade(base.sunk, neutral * 0.7, wish.hue),
        "line": shade(base.line, neutral * 0.8, wish.hue),
        "brand-soft": shade(base.soft, min(wish.chroma, base.tint), wish.hue),
    }
    for tone, hue in TONES.items():
        tokens[f"{tone}-soft"] = shade(base.soft, base.tint * (1.25 if tone == "note" else 1.0), hue)
    plain = [tokens[name] for name in SURFACES]
    every = [*plain, *(tokens[name] for name in SOFTS)]
    tokens["ink"] = readable(Oklch(base.ink, neutral * 1.4, wish.hue), every, COMFORT, darker=base.darker)
    tokens["ink-soft"] = readable(Oklch(base.ink_soft, neutral * 1.6, wish.hue), every, TEXT, darker=base.darker)
    tokens["line-strong"] = readable(Oklch(base.edge, neutral * 1.4, wish.hue), plain, SHAPE, darker=base.darker)
    for tone, hue in TONES.items():
        on = [*plain, tokens[f"{tone}-soft"]]
        tokens[tone] = readable(Oklch(base.tone, STRONG.get(tone, 0.135), hue), on, TEXT, darker=base.darker)
    link = wish if base.darker else Oklch(max(wish.lightness, 0.72), min(wish.chroma, 0.15), wish.hue)
    tokens["link"] = readable(link, every, TEXT, darker=base.darker)
    tokens |= _fill(wish)
    tokens["brand-edge"] = readable(oklch(tokens["brand"]), plain, SHAPE, darker=base.darker)
    return tokens


def _fill(wish: Oklch) -> dict[str, str]:
    """The filled button: the brand with white words where a small step makes them readable, else with dark ones."""
    own = shade(wish.lightness, wish.chroma, wish.hue)
    if contrast("#ffffff", own) >= SHAPE:
        fill = readable(wish, ("#ffffff",), TEXT, darker=True)
        start = oklch(fill)
        hover = shade(start.lightness - 0.05, start.chroma, start.hue)
        return {"brand": fill, "brand-ink": "#ffffff", "brand-hover": hover}
    ink = shade(0.2, min(wish.chroma, 0.04), wish.hue)
    fill = readable(wish, (ink,), TEXT, darker=False)
    start = oklch(fill)
    hover = shade(start.lightness + 0.05, start.chroma, start.hue)
    return {"brand": fill, "brand-ink": ink, "brand-hover": hover}


def _changes(brand: str, tokens: dict[str, str], scheme: Scheme) -> list[Change]:
    asked = brand.lower()
    reasons = {"brand": "text", "link": "link", "brand-edge": "edge"}
    return [
        Change(scheme, token, asked, tokens[token], reason)
        for token, reason in reasons.items()
        if not _same(tokens[token], asked)
    ]


def _same(one: str, other: str) -> bool:
    """Alike but for rounding on the way through OKLCH (one step of a channel)."""
    pairs = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return all(abs(a - b) <= 1 for a, b in pairs)
