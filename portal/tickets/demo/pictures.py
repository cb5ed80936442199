"""The demo's photographs and text files: drawn and written here, about nobody and nothing."""

import io
import math
import random
from collections.abc import Callable
from uuid import UUID

from PIL import Image, ImageDraw, ImageFilter

from portal.core.storage import blobs
from portal.tickets.demo.files import Picture, TextFile

SIZE = (960, 720)
THUMBNAIL = (320, 320)
Draw = ImageDraw.ImageDraw
_GREEN, _RED, _AMBER = "#31c46b", "#e0433b", "#f0b429"


def store_pictures(tenant_id: str, chance: random.Random) -> dict[str, Picture]:
    """Draw each motif once and keep it among the tenant's files."""
    return {motif: _stored(UUID(tenant_id), motif, chance) for motif in _MOTIFS}


def store_text(tenant_id: str, name: str, words: str) -> TextFile:
    """Keep a text among the tenant's files."""
    kept = blobs().put(UUID(tenant_id), io.BytesIO(words.encode()))
    return TextFile(name, kept.key, kept.size)


def _stored(tenant_id: UUID, motif: str, chance: random.Random) -> Picture:
    image = Image.new("RGB", SIZE, chance.choice(("#cfc7ba", "#b9c3c9", "#d6d2cb", "#c2b8a8")))
    _floor(ImageDraw.Draw(image), chance)
    _MOTIFS[motif](ImageDraw.Draw(image), chance)
    noise = Image.effect_noise(SIZE, 26).convert("RGB")
    image = Image.blend(image.filter(ImageFilter.GaussianBlur(1.1)), noise, 0.07)
    full, small = io.BytesIO(), io.BytesIO()
    image.save(full, "JPEG", quality=78)
    image.thumbnail(THUMBNAIL)
    image.save(small, "WEBP", quality=70)
    for kept in (full, small):
        kept.seek(0)
    blob, thumbnail = blobs().put(tenant_id, full), blobs().put(tenant_id, small)
    return Picture(f"IMG_{chance.randrange(1000, 9999)}.jpg", blob.key, blob.size, thumbnail.key, *SIZE)


def _floor(draw: Draw, chance: random.Random) -> None:
    height = chance.randrange(480, 560)
    draw.rectangle((0, height, *SIZE), fill=chance.choice(("#8c7a63", "#77736c", "#9a8b74")))


def _printer(draw: Draw, chance: random.Random) -> None:
    draw.rectangle((330, 150, 630, 330), fill="#f6f6f2")
    for line in range(6):
        draw.line((360, 190 + 20 * line, 360 + chance.randrange(60, 230), 190 + 20 * line), fill="#888", width=3)
    draw.rounded_rectangle((220, 320, 740, 600), 24, fill="#4a4d52")
    draw.rectangle((280, 520, 680, 560), fill="#2c2e31")
    draw.ellipse((690, 350, 712, 372), fill=_RED)


def _screen(draw: Draw, chance: random.Random) -> None:
    draw.rounded_rectangle((150, 90, 810, 520), 16, fill="#1f2023")
    draw.rectangle((175, 115, 785, 495), fill=chance.choice(("#16457e", "#eef1f4", "#101114")))
    draw.rectangle((340, 240, 620, 370), fill="#fafafa", outline="#777", width=3)
    draw.polygon([(370, 340), (400, 280), (430, 340)], fill=_AMBER)
    for line in range(3):
        draw.line((450, 280 + 22 * line, 590 - 30 * line, 280 + 22 * line), fill="#333", width=5)
    draw.polygon([(430, 520), (530, 520), (560, 610), (400, 610)], fill="#2d2f33")


def _cables(draw: Draw, chance: random.Random) -> None:
    for _ in range(26):
        start, end = chance.randrange(960), chance.randrange(960)
        bend, color = chance.randrange(80, 320), chance.choice(("#222", "#3559b7", "#c7a51c", "#777", _RED, "#2e8b57"))
        points = [
            (start + (end - start) * step / 40, 360 + bend * math.sin(step / 40 * math.pi * 2 + start) * 0.8)
            for step in range(41)
        ]
        draw.line(points, fill=color, width=chance.randrange(7, 15), joint="curve")


def _router(draw: Draw, chance: random.Random) -> None:
    for x in (300, 640):
        draw.line((x, 400, x + chance.randrange(-60, 60), 120), fill="#26282b", width=16)
    draw.rounded_rectangle((220, 390, 740, 500), 22, fill="#e9ebee", outline="#b5b8bd", width=4)
    for light in range(7):
        color = _GREEN if chance.random() < 0.7 else _AMBER  # noqa: PLR2004  # most are green
        draw.ellipse((270 + 60 * light, 436, 288 + 60 * light, 454), fill=color)


def _laptop(draw: Draw, chance: random.Random) -> None:
    draw.rounded_rectangle((250, 110, 710, 410), 14, fill="#303237")
    draw.rectangle((270, 130, 690, 390), fill="#6c8fb3")
    draw.polygon([(250, 410), (710, 410), (800, 590), (160, 590)], fill="#a8abb0")
    for row in range(4):
        for key in range(12):
            left = 232 + key * 42 - row * 8
            draw.rectangle((left, 432 + row * 30, left + 30, 452 + row * 30), fill="#3c3e43")
    draw.ellipse((420, 440, 420 + chance.randrange(60, 190), 520), fill="#6b4a2d")


def _boxes(draw: Draw, chance: random.Random) -> None:
    for number, (left, top) in enumerate(((120, 380), (380, 380), (640, 380), (250, 170), (510, 170)), start=1):
        lean = chance.randrange(-12, 12)
        draw.rectangle((left + lean, top, left + 240 + lean, top + 205), fill="#b98a52", outline="#7d5a31", width=4)
        draw.rectangle((left + 100 + lean, top, left + 140 + lean, top + 205), fill="#d9b98c")
        draw.text((left + 30 + lean, top + 120), str(number), fill="#3a2a16", font_size=56)


def _server(draw: Draw, chance: random.Random) -> None:
    draw.rectangle((280, 40, 680, 690), fill="#1c1d20")
    for unit in range(11):
        top = 60 + unit * 56
        draw.rectangle((300, top, 660, top + 46), fill="#34373c")
        for light in range(8):
            color = _GREEN if chance.random() < 0.85 else _AMBER  # noqa: PLR2004  # most are green
            draw.ellipse((320 + 20 * light, top + 18, 330 + 20 * light, top + 28), fill=color)


def _camera(draw: Draw, chance: random.Random) -> None:
    draw.rectangle((0, 0, *SIZE), fill="#3b4248")
    draw.polygon([(0, 720), (960, 720), (700, 420), (220, 420)], fill="#565d63")
    draw.rectangle((300, 150, 720, 520), fill="#8f979e")
    draw.rectangle((330, 180, 690, 400), fill="#6d757c")
    for x in (370, 640):
        draw.ellipse((x - 50, 490, x + 50, 590), fill="#17181a")
    draw.text((24, 20), f"CAM {chance.randrange(1, 9)}   14:0{chance.randrange(9)}:{chance.randrange(10, 59)}",
              fill="white", font_size=40)  # fmt: skip


_MOTIFS: dict[str, Callable[[Draw, random.Random], None]] = {
    "printer": _printer, "screen": _screen, "cables": _cables, "router": _router, "laptop": _laptop,
    "boxes": _boxes, "server": _server, "camera": _camera,
}  # fmt: skip
