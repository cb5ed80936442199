"""Takes place and camera out of phone photos and videos that we don't decode (HEIC, MP4, MOV).

All are boxes in boxes (ISO 14496-12). What tells where and with what something was taken stands in
boxes or items of its own, which are emptied in place: nothing moves, so pictures and sound stay
where the index says. How to turn the picture stands elsewhere and stays.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

MOST_BOXES: Final = 2_000
MOST_META_BYTES: Final = 4_000_000
_DESCRIPTIONS: Final = frozenset({b"udta", b"meta", b"uuid"})
_TELLING_ITEMS: Final = frozenset({b"Exif", b"mime", b"uri "})
_ZEROS: Final = b"\x00" * 65_536


class Unreadable(ValueError):
    """The boxes aren't in order; what the file tells can't be found and therefore not be removed."""


@dataclass(frozen=True, slots=True)
class _Box:
    """A box's kind, where it begins, where its content begins and ends."""

    kind: bytes
    start: int
    content: int
    end: int


def scrub(file: IO[bytes]) -> None:
    """Empty what tells of place and camera, in place. Raises Unreadable; the file is then of no use."""
    try:
        size = file.seek(0, 2)
        for box in _boxes(file, 0, size):
            if box.kind == b"meta":
                _scrub_items(file, box, size)
            elif box.kind == b"moov":
                _scrub_movie(file, box)
            elif box.kind in {b"uuid", b"udta"}:
                _empty(file, box)
    except struct.error as error:
        raise Unreadable from error


def _scrub_movie(file: IO[bytes], movie: _Box) -> None:
    for box in _boxes(file, movie.content, movie.end):
        if box.kind in _DESCRIPTIONS:
            _empty(file, box)
        elif box.kind == b"trak":
            for inner in _boxes(file, box.content, box.end):
                if inner.kind in _DESCRIPTIONS:
                    _empty(file, inner)


def _empty(file: IO[bytes], box: _Box) -> None:
    """Make a box free space of the same size."""
    file.seek(box.start + 4)
    file.write(b"free")
    _zero(file, box.content, box.end)


def _zero(file: IO[bytes], start: int, end: int) -> None:
    file.seek(start)
    file.writelines(_ZEROS[: min(len(_ZEROS), end - at)] for at in range(start, end, len(_ZEROS)))


def _boxes(file: IO[bytes], start: int, end: int) -> Iterator[_Box]:
    """The boxes between two places, one behind the other."""
    for _ in range(MOST_BOXES):
        if start == end:
            return
        file.seek(start)
        length, kind = struct.unpack(">I4s", file.read(8))
        content = start + 8
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
            content += 8
        elif length == 0:
            length = end - start
        if length < content - start or start + length > end:
            raise Unreadable
        yield _Box(kind, start, content, start + length)
        start += length
    raise Unreadable


def _scrub_items(file: IO[bytes], meta: _Box, size: int) -> None:
    """Zero the items of a picture's `meta` box that tell things."""
    if meta.end - meta.content > MOST_META_BYTES:
        raise Unreadable
    parts = {box.kind: box for box in _boxes(file, meta.content + 4, meta.end)}  # a version stands before the boxes
    if b"iinf" not in parts or b"iloc" not in parts:
        return
    telling = _telling_items(file, parts[b"iinf"])
    base = {0: 0, 1: parts[b"idat"].content if b"idat" in parts else size}
    limit = {0: size, 1: parts[b"idat"].end if b"idat" in parts else size}
    for item, method, offset, length in _extents(_Reader(_content(file, parts[b"iloc"]))):
        if item not in telling:
            continue
        start = base.get(method, size) + offset
        end = start + length
        if not length or end > limit.get(method, 0):
            raise Unreadable
        _zero(file, start, end)


def _content(file: IO[bytes], box: _Box) -> bytes:
    file.seek(box.content)
    return file.read(box.end - box.content)


def _telling_items(file: IO[bytes], box: _Box) -> set[int]:
    """The numbers of the items that hold metadata; each is renamed to a kind that nobody reads.

    An emptied item under its old name would be an invalid one to some decoders.
    """
    found = set()
    (version,) = struct.unpack(">B", _content(file, box)[:1])
    for entry in _boxes(file, box.content + (6 if version == 0 else 8), box.end):
        reader = _Reader(_content(file, entry))
        entry_version = reader.number(1)
        reader.number(3)
        if entry_version < 2:  # noqa: PLR2004  # the standard's version number: older entries name no kind
            raise Unreadable
        wide = 2 if entry_version == 2 else 4  # noqa: PLR2004  # same
        item = reader.number(wide)
        reader.number(2)
        if reader.take(4) in _TELLING_ITEMS:
            found.add(item)
            file.seek(entry.content + 4 + wide + 2)
            file.write(b"skip")
    return found


def _extents(reader: "_Reader") -> Iterator[tuple[int, int, int, int]]:
    """Item, how its place is meant (0 in the file, 1 in `idat`), offset and length of each piece."""
    version = reader.number(1)
    reader.number(3)
    sizes = reader.number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2  # noqa: PLR2004  # the standard's version number
    for _ in range(_counted(reader.number(wide))):
        item = reader.number(wide)
        method = reader.number(2) & 15 if version else 0
        reader.number(2)
        base = reader.number(base_size)
        for _ in range(_counted(reader.number(2))):
            if version:
                reader.number(index_size)
            yield item, method, base + reader.number(offset_size), reader.number(length_size)


def _counted(number: int) -> int:
    if number > MOST_BOXES:
        raise Unreadable
    return number


class _Reader:
    """Numbers out of bytes, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next bytes. Raises Unreadable where they end."""
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise Unreadable
        self._at += size
        return taken

    def number(self, size: int) -> int:
        """The next number of so many bytes; nothing is 0."""
        return int.from_bytes(self.take(size), "big")
