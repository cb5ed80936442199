"""Decodes and re-encodes one hostile picture, alone in its own process with little to spend.

Started by `portal.core.images` as a bare script: it imports nothing of the portal, has no settings
in its environment and no files but three: the picture on standard input, and two to write into,
named by their numbers. What it found goes to standard output as one line of JSON. If it is killed
for using too much, that is an answer too.
"""

import json
import resource
import sys
import warnings
from contextlib import suppress
from io import BytesIO
from typing import BinaryIO

MEGABYTE = 1024 * 1024
MEMORY_BYTES = 480 * MEGABYTE
CPU_SECONDS = 4
OUTPUT_BYTES = 64 * MEGABYTE
MOST_PIXELS = 40_000_000
MOST_FRAMES = 500
MOST_FRAME_PIXELS = 120_000_000
THUMBNAIL_PIXELS = 320
JPEG_QUALITY = 88
LARGE, FRAMES, BROKEN = "large", "frames", "broken"


def _limit() -> None:
    """Spend no more than this from now on; what a system can't limit, the parent's clock does."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, OUTPUT_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))


_limit()

from PIL import Image, ImageCms, ImageOps  # noqa: E402  # the library itself is held to the limits

FORMATS = {"JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "WEBP": "WEBP", "GIF": "GIF"}


class Refused(Exception):
    """The picture won't be taken, because of this word."""


def main(full: int, thumbnail: int) -> dict[str, object]:
    """Write both pictures and tell about them."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(sys.stdin.buffer, formats=["JPEG", "PNG", "WEBP", "GIF"]) as image:
        kind = FORMATS[image.format or ""]
        if image.width * image.height > MOST_PIXELS:
            raise Refused(LARGE)
        frames = _frames(image) if kind in {"GIF", "WEBP", "PNG"} else 1
        with open(full, "wb", closefd=False) as file:
            still = _animation(image, kind, file) if frames > 1 else _still(image, kind, file)
        with open(thumbnail, "wb", closefd=False) as file:
            small = _thumbnail(still)
            small.save(file, "WEBP", quality=75, method=4)
        return {"kind": kind.lower(), "width": still.width, "height": still.height, "frames": frames,
                "thumbnail_width": small.width, "thumbnail_height": small.height}  # fmt: skip


def _frames(image: Image.Image) -> int:
    """How many frames there are, without going through more than are allowed."""
    with suppress(EOFError):
        image.seek(MOST_FRAMES)
        raise Refused(FRAMES)
    image.seek(0)
    frames = int(getattr(image, "n_frames", 1))
    if frames > 1 and frames * image.width * image.height > MOST_FRAME_PIXELS:
        raise Refused(FRAMES)
    return frames


def _still(image: Image.Image, kind: str, file: BinaryIO) -> Image.Image:
    """Turn the picture upright, bring its colours to sRGB, write it without anything else it carried."""
    image.load()
    orientation = image.getexif().get(0x0112, 1)
    made = ImageOps.exif_transpose(image) if orientation not in {0, 1} else image
    made = _in_srgb(made)
    is_as_it_came = made is image and image.format == "JPEG"
    made.info = {name: made.info[name] for name in ("transparency",) if name in made.info and kind != "JPEG"}
    if kind == "JPEG":
        if made.mode not in {"L", "RGB"}:
            made, is_as_it_came = made.convert("RGB"), False
        # The same tables again lose next to nothing and don't grow the file.
        made.save(file, "JPEG", quality="keep" if is_as_it_came else JPEG_QUALITY, exif=b"", icc_profile=None)
    elif kind == "WEBP":
        made.save(file, "WEBP", quality=82, method=2, exif=b"", xmp=b"", icc_profile=None)
    else:
        made.save(file, kind, icc_profile=None, **({"compress_level": 3} if kind == "PNG" else {}))
    return made


def _animation(image: Image.Image, kind: str, file: BinaryIO) -> Image.Image:
    """Write all frames again with their durations; return the first."""
    for name in ("exif", "xmp", "icc_profile", "comment", "XML:com.adobe.xmp"):
        image.info.pop(name, None)
    first = image.convert("RGBA")
    image.seek(0)
    more = {"method": 0, "quality": 75} if kind == "WEBP" else {}
    image.save(file, kind, save_all=True, icc_profile=None, **({"comment": b""} if kind == "GIF" else {}), **more)
    return first


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours as every screen takes them, since the profile that explains them is dropped."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if not profile or image.mode not in {"RGB", "CMYK"}:
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image


def _thumbnail(image: Image.Image) -> Image.Image:
    """At most 320 pixels either way, never larger than the picture."""
    scale = min(1.0, THUMBNAIL_PIXELS / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if image.mode not in {"RGB", "RGBA", "L"}:
        has_alpha = image.mode in {"LA", "PA"} or "transparency" in image.info
        image = image.convert("RGBA" if has_alpha else "RGB")
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _answer() -> dict[str, object]:
    try:
        return main(int(sys.argv[1]), int(sys.argv[2]))
    except Refused as refused:
        return {"refused": str(refused)}
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        return {"refused": LARGE}
    except Exception as error:  # noqa: BLE001  # a decoder fed with rubbish raises anything at all
        return {"refused": BROKEN, "detail": type(error).__name__}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_answer()))
