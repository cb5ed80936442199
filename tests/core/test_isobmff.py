"""Phone photos and videos lose what they tell, and nothing else."""

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from portal.core.isobmff import Unreadable, scrub


def box(kind: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return struct.pack(">I4s", 8 + len(inside), kind) + inside


def scrubbed(data: bytes) -> bytes:
    file = io.BytesIO(data)
    scrub(file)
    made = file.getvalue()
    assert len(made) == len(data), "nothing moves"
    return made


def avif() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    file = io.BytesIO()
    image = Image.new("RGB", (64, 48), (200, 30, 30))
    image.save(file, "AVIF", exif=exif, xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET-XMP</x:xmpmeta>")
    return file.getvalue()


def heic(version: int = 0, method: int = 0) -> bytes:
    """A photo of two items, pixels and Exif, as phones write it; built by hand, since nothing here encodes HEIC."""
    wide = ">I" if version == 2 else ">H"
    infe = b"".join(
        box(b"infe", b"\x02\x00\x00\x00", struct.pack(">HH4s", number, 0, kind), b"\x00")
        for number, kind in ((1, b"hvc1"), (2, b"Exif"))
    )
    iinf = box(b"iinf", b"\x00\x00\x00\x00", struct.pack(">H", 2), infe)

    def meta(pixels_at: int, exif_at: int) -> bytes:
        items = b"".join(
            struct.pack(wide, number)
            + (struct.pack(">H", how) if version else b"")
            + struct.pack(">HHII", 0, 1, at, 12)
            for number, at, how in ((1, pixels_at, 0), (2, exif_at, method))
        )
        iloc = box(b"iloc", bytes([version, 0, 0, 0]), b"\x44\x00", struct.pack(wide, 2), items)
        idat = box(b"idat", b"SECRET-PLACE") if method else b""
        return box(b"meta", b"\x00" * 4, iinf, iloc, idat)

    ftyp = box(b"ftyp", b"heic\x00\x00\x00\x00mif1")
    before = len(ftyp) + len(meta(0, 0)) + 8
    place = b"" if method else b"SECRET-PLACE"
    return ftyp + meta(before, 0 if method else before + 12) + box(b"mdat", b"PIXELSPIXELS", place)


def movie(kind: bytes = b"qt  ") -> bytes:
    place = box(b"udta", box(b"\xa9xyz", b"SECRET+52.52+013.40/"))
    keys = box(b"meta", box(b"keys", b"com.apple.quicktime.location.ISO6709"), box(b"ilst", b"SECRET"))
    trak = box(b"trak", box(b"tkhd", b"MATRIX"), box(b"udta", b"SECRET"), box(b"mdia", b"SAMPLES"))
    moov = box(b"moov", box(b"mvhd", b"HEADER"), trak, place, keys)
    return box(b"ftyp", kind + b"\x00" * 4) + box(b"mdat", b"FRAMES") + moov + box(b"uuid", b"SECRET")


def test_a_real_file_still_opens_and_tells_nothing() -> None:
    data = avif()
    assert b"SECRET-CAMERA" in data
    assert b"SECRET-XMP" in data
    made = scrubbed(data)
    assert b"SECRET" not in made
    with Image.open(io.BytesIO(made)) as image:
        assert image.size == (64, 48)
        red, green, _ = image.convert("RGB").getpixel((5, 5))  # type: ignore[misc]  # a pixel of RGB
        assert red > 180 > green


@pytest.mark.parametrize(("version", "method"), [(0, 0), (1, 0), (2, 0), (1, 1)])
def test_a_photo_loses_its_place_and_keeps_its_pixels(version: int, method: int) -> None:
    data = heic(version, method)
    assert b"SECRET-PLACE" in data
    made = scrubbed(data)
    assert b"SECRET" not in made
    assert b"PIXELSPIXELS" in made
    emptied = data.replace(b"SECRET-PLACE", b"").replace(b"Exif", b"skip")
    assert made.replace(b"\x00", b"") == emptied.replace(b"\x00", b"")


def test_a_video_loses_its_place_and_keeps_its_frames() -> None:
    made = scrubbed(movie())
    assert b"SECRET" not in made
    assert b"location" not in made
    for kept in (b"FRAMES", b"MATRIX", b"SAMPLES", b"HEADER"):
        assert kept in made


@pytest.mark.parametrize(
    "data",
    [
        box(b"ftyp", b"heic")[:-2],
        box(b"ftyp", b"heic") + struct.pack(">I4s", 7, b"moov"),
        box(b"ftyp", b"heic") + struct.pack(">I4sQ", 1, b"moov", 2**63),
        box(b"ftyp", b"heic") + box(b"free") * 3000,
        heic().replace(b"\x02\x00\x00\x00\x00\x02\x00\x00Exif", b"\x01\x00\x00\x00\x00\x02\x00\x00Exif"),
        heic()[: len(heic()) // 2],
        b"x" * 7,
    ],
)
def test_what_is_not_in_order_is_refused(data: bytes) -> None:
    assert data != heic()
    with pytest.raises(Unreadable):
        scrub(io.BytesIO(data))


def test_a_place_beyond_the_file_is_refused() -> None:
    data = heic()
    at = data.index(b"iloc") + 4 + 4 + 2 + 2 + 14 + 2 + 2 + 2
    with pytest.raises(Unreadable):
        scrub(io.BytesIO(data[:at] + b"\x7f\xff\xff\xff" + data[at + 4 :]))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_bytes_make_it_fail_otherwise_or_grow(data: st.DataObject) -> None:
    made = bytearray(data.draw(st.sampled_from([heic(), heic(2), heic(1, 1), movie()])))
    for _ in range(data.draw(st.integers(1, 6))):
        made[data.draw(st.integers(0, len(made) - 1))] = data.draw(st.integers(0, 255))
    file = io.BytesIO(bytes(made[: data.draw(st.integers(1, len(made)))]))
    before = len(file.getvalue())
    try:
        scrub(file)
    except Unreadable:
        return
    assert len(file.getvalue()) == before
