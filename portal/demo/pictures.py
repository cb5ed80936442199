"""Photos and logos, drawn: nobody's face, nobody's screen."""

import io
from functools import cache

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
SIZE = (960, 720)


def _png(image: Image.Image) -> bytes:
    kept = io.BytesIO()
    image.save(kept, "PNG", optimize=True)
    return kept.getvalue()


@cache
def photos() -> dict[str, bytes]:
    """Name → PNG of the few things that people photograph when they ask for help."""
    return {
        "error-message.png": _message(),
        "router.png": _router(),
        "printer.png": _printer(),
        "display.png": _display(),
    }


def _message() -> bytes:
    image = Image.new("RGB", SIZE, (36, 58, 94))
    draw = ImageDraw.Draw(image)
    draw.rectangle((180, 220, 780, 500), fill=(245, 245, 245), outline=(120, 120, 120), width=3)
    draw.rectangle((180, 220, 780, 270), fill=(40, 90, 170))
    draw.ellipse((220, 320, 300, 400), fill=(200, 40, 40))
    draw.line((240, 340, 280, 380), fill="white", width=8)
    draw.line((280, 340, 240, 380), fill="white", width=8)
    draw.text((340, 330), "The connection was lost (0x8007).", fill=(30, 30, 30), font_size=24)
    draw.rectangle((620, 430, 740, 470), fill=(225, 225, 225), outline=(120, 120, 120), width=2)
    draw.text((655, 436), "Close", fill=(30, 30, 30), font_size=22)
    return _png(image)


def _router() -> bytes:
    image = Image.new("RGB", SIZE, (205, 196, 180))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((160, 380, 800, 560), 26, fill=(28, 28, 30))
    for place in range(8):
        colour = (220, 60, 50) if place == 5 else (70, 200, 90)  # noqa: PLR2004  # one lamp is red
        draw.ellipse((220 + place * 70, 450, 244 + place * 70, 474), fill=colour)
    for place in (200, 740):
        draw.line((place, 380, place + 20, 140), fill=(40, 40, 42), width=16)
    return _png(image)


def _printer() -> bytes:
    image = Image.new("RGB", SIZE, (226, 230, 233))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((220, 260, 740, 600), 20, fill=(90, 96, 104))
    draw.polygon([(320, 260), (640, 260), (610, 120), (350, 120)], fill="white", outline=(160, 160, 160))
    for line in range(4):
        draw.line((370, 150 + line * 22, 590, 150 + line * 22), fill=(60, 60, 60), width=4)
    draw.rectangle((560, 320, 700, 380), fill=(190, 220, 170))
    draw.text((572, 336), "JAM 2", fill=(40, 60, 30), font_size=26)
    return _png(image)


def _display() -> bytes:
    image = Image.new("RGB", SIZE, (58, 60, 64))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((280, 220, 680, 480), 24, fill=(18, 20, 18), outline=(90, 90, 90), width=6)
    draw.text((350, 270), "38.4 °C", fill=(255, 90, 60), font_size=76)
    draw.text((350, 390), "ALARM  HIGH", fill=(255, 190, 60), font_size=36)
    return _png(image)


def thumbnail(picture: bytes) -> tuple[bytes, int, int]:
    """A WebP of at most 320 points, and the picture's own width and height."""
    image = Image.open(io.BytesIO(picture))
    width, height = image.size
    image.thumbnail((320, 320))
    kept = io.BytesIO()
    image.save(kept, "WEBP", quality=70)
    return kept.getvalue(), width, height


def logo(name: str, colour: str) -> bytes:
    """A mark with the name's first letter in the brand's colour, as PNG."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    image = Image.new("RGBA", (192, 192), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, 191, 191), 44, fill=(red, green, blue, 255))
    if name.startswith("H"):
        for line in range(3):
            top = 62 + line * 34
            draw.arc((28, top, 96, top + 44), 20, 160, fill="white", width=13)
            draw.arc((96, top - 22, 164, top + 22), 200, 340, fill="white", width=13)
    else:
        draw.polygon([(26, 150), (82, 52), (110, 100), (124, 78), (166, 150)], fill="white")
    return _png(image)
