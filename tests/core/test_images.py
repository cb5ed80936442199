"""Pictures come out as pixels only, and no picture can hurt the server."""

import io
import os
import resource
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from portal.core import images
from portal.core.images import ImageRefused, Picture, Reason, remake

ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def two_halves(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Red at the left, blue at the right."""
    made = Image.new("RGB", size, (220, 20, 20))
    made.paste((20, 20, 220), (size[0] // 2, 0, *size))
    return made.convert(mode)


class Remade:
    """A picture taken through the child, and what came out."""

    def __init__(self, data: bytes) -> None:
        with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as full, tempfile.TemporaryFile() as small:
            source.write(data)
            self.picture: Picture = remake(source, full, small)
            self.full, self.small = full.read(), small.read()

    def image(self) -> Image.Image:
        return Image.open(io.BytesIO(self.full))

    def thumbnail(self) -> Image.Image:
        return Image.open(io.BytesIO(self.small))


def refused(data: bytes) -> Reason:
    with pytest.raises(ImageRefused) as caught:
        Remade(data)
    return caught.value.reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_kind_comes_back_as_itself_with_a_thumbnail(kind: str) -> None:
    made = Remade(encoded(two_halves(size=(640, 400)), kind))
    assert (made.picture.width, made.picture.height, made.picture.frames) == (640, 400, 1)
    assert made.picture.content_type == f"image/{kind.lower()}"
    assert made.image().format == kind
    assert made.image().size == (640, 400)
    assert made.thumbnail().format == "WEBP"
    assert made.thumbnail().size == (320, 200) == (made.picture.thumbnail_width, made.picture.thumbnail_height)
    red, _, blue = cast("tuple[int, int, int]", made.image().convert("RGB").getpixel((10, 10)))
    assert red > 180 > blue


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
)  # fmt: skip
def test_png_in_every_mode(mode: str) -> None:
    image = Image.frombytes("I;16", (8, 8), b"\x00\x80" * 64) if mode == "I;16" else two_halves("RGB").convert(mode)
    made = Remade(encoded(image, "PNG"))
    assert made.image().size == image.size
    if mode == "I;16":
        assert made.image().getpixel((0, 0)) in range(127, 130)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_in_every_mode(mode: str) -> None:
    made = Remade(encoded(two_halves(mode), "JPEG"))
    assert made.image().mode in {"L", "RGB"}


def test_small_pictures_are_not_blown_up() -> None:
    assert Remade(encoded(two_halves(size=(10, 4)), "PNG")).thumbnail().size == (10, 4)
    assert Remade(encoded(Image.new("RGB", (1, 2000)), "PNG")).thumbnail().size == (1, 320)


def secrets() -> Image.Exif:
    exif = Image.Exif()
    exif[MAKE] = "SECRET-CAMERA"
    exif[GPS] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
    exif[0x010E] = "SECRET-DESCRIPTION"
    return exif


def carriers() -> Iterator[tuple[str, bytes]]:
    picture = two_halves()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET-XMP</x:xmpmeta>"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET-TEXT")
    text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    yield "jpeg", encoded(picture, "JPEG", exif=secrets(), icc_profile=profile, comment=b"SECRET", xmp=xmp)
    yield "png", encoded(picture, "PNG", exif=secrets(), icc_profile=profile, pnginfo=text)
    yield "webp", encoded(picture, "WEBP", exif=secrets(), icc_profile=profile, xmp=xmp)
    yield "gif", encoded(picture, "GIF", comment=b"SECRET-COMMENT")
    frames = [two_halves(), two_halves().rotate(90)]
    yield "animated gif", encoded(picture, "GIF", save_all=True, append_images=frames, comment=b"SECRET", duration=80)
    yield "animated webp", encoded(picture, "WEBP", save_all=True, append_images=frames, exif=secrets(), xmp=xmp)
    yield "animated png", encoded(picture, "PNG", save_all=True, append_images=frames, pnginfo=text, exif=secrets())
    yield "with something behind it", encoded(picture, "JPEG") + b"<script>SECRET</script>PK\x03\x04SECRET"


@pytest.mark.parametrize(("label", "data"), list(carriers()), ids=lambda value: value if isinstance(value, str) else "")
def test_nothing_but_pixels_comes_out(label: str, data: bytes) -> None:
    if "SECRET" not in label:
        assert b"SECRET" in data
    made = Remade(data)
    for content in (made.full, made.small):
        for trace in (b"SECRET", b"Exif", b"ICC", b"iCCP", b"xmp", b"XMP", b"tEXt", b"iTXt", b"eXIf", b"GPS"):
            assert trace not in content, trace
    assert not made.image().getexif()
    assert "icc_profile" not in made.image().info
    assert "comment" not in made.image().info


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animations_keep_moving(kind: str) -> None:
    frames = [Image.new("RGB", (30, 20), color) for color in ("red", "green", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=120, loop=0)
    made = Remade(data)
    assert made.picture.frames == 3
    assert getattr(made.image(), "n_frames", 1) == 3
    assert getattr(made.thumbnail(), "n_frames", 1) == 1


@pytest.mark.parametrize(("orientation", "size", "corner"), [
    (1, (60, 40), "left"), (3, (60, 40), "right"), (6, (40, 60), "top"), (8, (40, 60), "bottom"),
    (2, (60, 40), "right"),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pictures_stand_upright(kind: str, orientation: int, size: tuple[int, int], corner: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    made = Remade(encoded(two_halves(), kind, exif=exif))
    assert (made.picture.width, made.picture.height) == size
    width, height = size
    where = {"left": (5, height // 2), "right": (width - 5, height // 2), "top": (width // 2, 5),
             "bottom": (width // 2, height - 5)}[corner]  # fmt: skip
    red, _, blue = cast("tuple[int, int, int]", made.image().convert("RGB").getpixel(where))
    assert red > 180 > blue, "the red half belongs there"


def test_transparency_stays() -> None:
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    for data in (encoded(clear, "PNG"), encoded(clear, "WEBP"), encoded(clear.convert("P"), "PNG", transparency=0)):
        made = Remade(data)
        assert cast("tuple[int, ...]", made.image().convert("RGBA").getpixel((1, 1)))[3] == 0
        assert cast("tuple[int, ...]", made.thumbnail().convert("RGBA").getpixel((1, 1)))[3] == 0


def test_a_photo_does_not_grow() -> None:
    noise = Image.frombytes("RGB", (200, 150), os.urandom(90_000)).resize((2000, 1500), Image.Resampling.BICUBIC)
    data = encoded(noise, "JPEG", quality=60)
    assert len(Remade(data).full) < 1.05 * len(data)


# Bombs. Each is small to send and would be huge, endless or deadly to decode.


def png(width: int, height: int, body: bytes = b"") -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def gif(width: int, height: int, frames: int) -> bytes:
    frame = b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b"\x2c" + struct.pack("<4HB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return (
        b"GIF89a" + struct.pack("<2H", width, height) + b"\x80\x00\x00\x00\x00\x00\xff\xff\xff" + frame * frames + b";"
    )


def whole_jpeg() -> bytes:
    return encoded(two_halves(size=(800, 600)), "JPEG")


def hostile() -> Iterator[tuple[str, bytes, set[Reason]]]:
    yield "65k squared", png(65_535, 65_535, zlib.compress(b"\x00" * 1000)), {Reason.LARGE}
    yield "2 billion wide", png(2**31 - 1, 1), {Reason.LARGE, Reason.BROKEN}
    yield "41 megapixels", encoded(Image.new("1", (8200, 5000)), "PNG"), {Reason.LARGE}
    yield "100 megapixels", encoded(Image.new("1", (10_000, 10_000)), "PNG"), {Reason.LARGE}
    yield "declared small, packed large", png(10, 10, zlib.compress(b"\x00" * 50_000_000)), set()
    yield "40 megapixels", encoded(Image.new("RGBA", (8000, 5000), (9, 99, 200, 128)), "PNG"), set()
    yield "ten thousand frames", gif(1, 1, 10_000), {Reason.FRAMES}
    yield "large frames", gif(6000, 6000, 400), {Reason.FRAMES, Reason.SLOW}
    yield "wide gif", gif(65_535, 65_535, 1), {Reason.LARGE}
    yield "cut jpeg", whole_jpeg()[:4000], {Reason.BROKEN}
    yield "cut png", encoded(two_halves(size=(800, 600)), "PNG")[:300], {Reason.BROKEN}
    yield "cut webp", encoded(two_halves(size=(800, 600)), "WEBP")[:200], {Reason.BROKEN}
    yield "cut gif", encoded(two_halves(size=(800, 600)), "GIF")[:100], {Reason.BROKEN}
    yield "empty", b"", {Reason.BROKEN}
    yield "header only", b"\xff\xd8\xff", {Reason.BROKEN}
    yield "not a picture", b"<svg onload=alert(1)>", {Reason.BROKEN}
    yield (
        "script in disguise",
        b"GIF89a/*" + b"x" * 300 + b"*/=1;alert(1)",
        {Reason.BROKEN, Reason.LARGE, Reason.FRAMES},
    )
    yield "postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", {Reason.BROKEN}
    yield "tiff", encoded(two_halves(), "TIFF"), {Reason.BROKEN}
    yield "bmp", encoded(two_halves(), "BMP"), {Reason.BROKEN}
    yield "text bomb", text_bomb(), {Reason.BROKEN, Reason.LARGE}


def text_bomb() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packed = zlib.compress(b"\x00" * 100_000_000)
    whole = encoded(two_halves(), "PNG")
    return whole[:33] + chunk(b"zTXt", b"k\x00\x00" + packed) + whole[33:]


MEASURE = """
import resource, sys, time
sys.path.insert(0, sys.argv[1])
from portal.core.images import ImageRefused, remake
began = time.process_time()
with open(sys.argv[2], "rb") as source, open(sys.argv[3], "wb+") as full, open(sys.argv[4], "wb+") as small:
    try:
        remake(source, full, small)
    except ImageRefused as refused:
        print(refused.reason, end=" ")
child = resource.getrusage(resource.RUSAGE_CHILDREN)
print(child.ru_maxrss // 1024, round(child.ru_utime + child.ru_stime, 2))
"""


@pytest.mark.parametrize(
    ("label", "data", "reasons"), list(hostile()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_bombs_are_refused_and_cost_little(tmp_path: Path, label: str, data: bytes, reasons: set[Reason]) -> None:
    """Measured from a process that forked nothing else, so that the figures are the child's."""
    (tmp_path / "in").write_bytes(data)
    root = str(Path(images.__file__).parents[2])
    command = [sys.executable, "-c", MEASURE, root, *(str(tmp_path / name) for name in ("in", "full", "small"))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *reason, megabytes, seconds = done.stdout.split()
    assert set(reason) <= reasons
    assert bool(reason) is bool(reasons)
    assert int(megabytes) < 512
    assert float(seconds) < 5


def test_the_limits_are_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a child that would take everything, the limits and not the goodwill of the decoder end it."""
    child = Path(images.CHILD).read_text()
    greedy = {
        "memory": "x = bytearray(600 * 1024 * 1024)",
        "time": "while True: pass",
        "disk": "import os\nwith open(int(sys.argv[1]), 'wb') as f:\n    for _ in range(80): f.write(b'x' * 1048576)",
        "files": "keep = [open('/dev/null') for _ in range(100)]",
        "crash": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    }
    head = child.split("from PIL import", maxsplit=1)[0].replace("CPU_SECONDS = 4", "CPU_SECONDS = 1")
    for name, act in greedy.items():
        script = tmp_path / f"{name}.py"
        script.write_text(f"{head}\n{act}\nprint('{{}}')\n")
        monkeypatch.setattr(images, "CHILD", script)
        assert refused(whole_jpeg()) in {Reason.LARGE, Reason.SLOW}, name


def test_a_child_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "hang.py"
    script.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(images, "CHILD", script)
    monkeypatch.setattr(images, "WALL_SECONDS", 0.5)
    assert refused(whole_jpeg()) is Reason.SLOW


def test_the_child_gets_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "tell.py"
    script.write_text(
        "import json, os\n"
        "fds = [fd for fd in range(3, 64) if os.path.exists(f'/proc/self/fd/{fd}')]\n"
        "print(json.dumps({'refused': 'broken', 'detail': ' '.join(sorted(os.environ)) + f' {len(fds)}'}))\n"
    )
    monkeypatch.setattr(images, "CHILD", script)
    monkeypatch.setenv("SECRET_KEYS", "hunter2")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    with pytest.raises(ImageRefused, match=r"\(LC_ALL MALLOC_ARENA_MAX 2\)"):
        Remade(whole_jpeg())


def test_this_process_keeps_its_own_limits() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    Remade(whole_jpeg())
    assert resource.getrlimit(resource.RLIMIT_AS) == before
