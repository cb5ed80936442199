"""QR codes as SVG that stands in the page itself: black on white in either colour scheme, or cameras don't read it."""

import segno
from markupsafe import Markup


def drawn(text: str) -> Markup:
    """The QR code of a text."""
    svg = segno.make(text, error="m", micro=False).svg_inline(
        border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return Markup(svg)  # noqa: S704  # drawn from a bit matrix; the text isn't in it
