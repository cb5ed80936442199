"""Pictures from strangers: decoded and written anew in a child process, never here.

What comes out is only pixels: upright, in sRGB, without place, camera, comments, profiles or whatever
was hidden behind the picture. Decoders have holes and pictures can be bombs, so the child has limits
on memory and time and nothing worth stealing.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

CHILD = Path(__file__).with_name("image_child.py")
WALL_SECONDS = 20
"""The child has four seconds of processor time; this is for a machine that is busy with other things."""
_TYPES = {"jpeg": ("image/jpeg", "jpg"), "png": ("image/png", "png"), "webp": ("image/webp", "webp"),
          "gif": ("image/gif", "gif")}  # fmt: skip


class Reason(StrEnum):
    """Why a picture isn't taken."""

    LARGE = "large"
    FRAMES = "frames"
    BROKEN = "broken"
    SLOW = "slow"


class ImageRefused(Exception):
    """The picture can't be taken; nothing of what was written may be used."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}{f' ({detail})' if detail else ''}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """What was made of it. Sizes in pixels; the thumbnail is WebP, 320 at most either way."""

    content_type: str
    extension: str
    width: int
    height: int
    frames: int
    thumbnail_width: int
    thumbnail_height: int


def remake(source: IO[bytes], full: IO[bytes], thumbnail: IO[bytes]) -> Picture:
    """Read a picture (JPEG, PNG, WebP, GIF) and write it anew, and a thumbnail, into two real files.

    All three need a `fileno()`; the written ones are rewound. Raises ImageRefused.
    """
    source.seek(0)
    command = [sys.executable, "-I", str(CHILD), str(full.fileno()), str(thumbnail.fileno())]
    try:
        done = subprocess.run(  # noqa: S603 - our own script, with numbers as arguments
            command,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(full.fileno(), thumbnail.fileno()),
            env={"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            cwd="/",
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ImageRefused(Reason.SLOW) from error
    facts = _facts(done)
    full.seek(0)
    thumbnail.seek(0)
    content_type, extension = _TYPES[facts.pop("kind")]
    return Picture(content_type, extension, **facts)


def _facts(done: "subprocess.CompletedProcess[bytes]") -> dict[str, Any]:
    """What the child said, or what its end says. Raises ImageRefused."""
    if done.returncode < 0:
        raise ImageRefused(Reason.SLOW, f"signal {-done.returncode}")
    try:
        facts: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise ImageRefused(Reason.LARGE, f"exit {done.returncode}") from None
    if "refused" in facts:
        raise ImageRefused(Reason(facts["refused"]), facts.get("detail", ""))
    return facts
