"""The brand's stylesheet: the tenant's colours as custom properties, small and cached by version."""

from functools import lru_cache

from portal.core.colour import CLIENT_BLUE, STAFF_VIOLET, is_colour
from portal.core.palette import palette
from portal.core.web.cookies import Side


@lru_cache(maxsize=512)
def stylesheet(brand_color: str | None, side: Side) -> str:
    """The tokens of one brand, light and dark. The console is violet, whatever the tenant's colour.

    A colour that is none (None, empty, malformed) gives the side's default.
    """
    default = STAFF_VIOLET if side == "msp" else CLIENT_BLUE
    brand = brand_color if brand_color and side == "client" and is_colour(brand_color) else default
    made = palette(brand)
    light, dark = (f":root{{{_tokens(tokens)}}}" for tokens in (made.light, made.dark))
    return f"{light}@media screen and (prefers-color-scheme:dark){{{dark}}}"


def _tokens(tokens: dict[str, str]) -> str:
    return ";".join(f"--{name}:{_short(value)}" for name, value in tokens.items())


def _short(value: str) -> str:
    """`#aabbcc` as `#abc`."""
    return f"#{value[1]}{value[3]}{value[5]}" if value[1::2] == value[2::2] else value
