"""What a file really is, by its first bytes and its name's end, and a name that is safe to show and to save.

An extension must be on the list and the content must agree with it. What a browser might run (HTML,
SVG, XML, scripts, web archives) is kept as bytes without a type, for download only; programs aren't
kept at all.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HEAD_BYTES = 4096
"""How much of a file's beginning `sniff` wants to see."""
LONGEST_NAME = 120
_LONGEST_NAME_BYTES = 200
OPAQUE: Final = "application/octet-stream"

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
PICTURES: Final = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}
"""What is decoded and written anew; see `portal.core.images`."""
_ZIPPED: Final = {
    "zip": "application/zip",
    "docx": _OFFICE + "wordprocessingml.document",
    "xlsx": _OFFICE + "spreadsheetml.sheet",
    "pptx": _OFFICE + "presentationml.presentation",
    "odt": _OPEN + "text",
    "ods": _OPEN + "spreadsheet",
    "odp": _OPEN + "presentation",
}
_COMPOUND: Final = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
}
_OTHER: Final = {
    "pdf": "application/pdf", "rtf": "application/rtf", "heic": "image/heic", "tif": "image/tiff", "bmp": "image/bmp",
    "mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm",
}  # fmt: skip
_TEXTS: Final = {
    "txt": "text/plain", "log": "text/plain", "md": "text/plain", "csv": "text/csv", "eml": "message/rfc822",
    "ics": "text/calendar", "vcf": "text/vcard",
}  # fmt: skip
_ACTIVE: Final = frozenset({"html", "htm", "xhtml", "svg", "xml", "xsl", "js", "mjs", "css", "json", "mht", "mhtml"})
TYPES: Final = frozenset(
    {*PICTURES.values(), *_ZIPPED.values(), *_COMPOUND.values(), *_OTHER.values(), *_TEXTS.values()}
)
"""Every type that a file may be served with; none that a browser runs."""
_SAME: Final = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "heif": "heic", "tiff": "tif", "text": "txt"}

ALLOWED: Final = frozenset({*PICTURES, *_ZIPPED, *_COMPOUND, *_OTHER, *_TEXTS, *_ACTIVE, *_SAME})
"""Every extension that is taken, for a file chooser's `accept`."""

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKS: Final = (
    (b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"GIF87a", "gif"), (b"GIF89a", "gif"),
    (b"%PDF-", "pdf"), (b"{\\rtf", "rtf"), (_ZIP, "zip"), (b"PK\x05\x06", "zip"), (_OLE, "ole"),
    (b"II*\x00", "tif"), (b"MM\x00*", "tif"), (b"\x1aE\xdf\xa3", "webm"),
)  # fmt: skip
_BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), "heic"),
    **dict.fromkeys((b"qt  ",), "mov"),
    **dict.fromkeys((b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash"), "mp4"),
}


class Refusal(StrEnum):
    """Why a file isn't taken."""

    KIND = "kind"  # this kind of file never
    MISMATCH = "mismatch"  # the content isn't what the name says
    EMPTY = "empty"


class FileRefused(Exception):
    """The file can't be taken."""

    def __init__(self, reason: Refusal, extension: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.extension = extension


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What a file is: the type it is served with, and the extension that belongs to it."""

    content_type: str
    extension: str


def sniff(head: bytes, name: str) -> Sniffed:
    """What a file with this beginning and name is. Raises FileRefused."""
    if not head:
        raise FileRefused(Refusal.EMPTY)
    given = extension_of(name)
    extension, found = _SAME.get(given, given), _found(head)
    if found in PICTURES and (extension in PICTURES or not extension):
        return Sniffed(PICTURES[found], found)  # phones call a JPEG .png, and some send no extension at all
    if not extension and (found == "pdf" or (not found and _is_text(head))):
        extension = found or "txt"
    if extension not in ALLOWED:
        raise FileRefused(Refusal.KIND, given[:10])
    content_type = _agreed(extension, found, head)
    if content_type is None:
        raise FileRefused(Refusal.MISMATCH, extension)
    return Sniffed(content_type, given if _SAME.get(given) == extension else extension)


def extension_of(name: str) -> str:
    """The name's last extension in lower case, without the dot; empty where it has none."""
    stem, dot, extension = name.strip().rpartition(".")
    return extension.strip().lower() if dot and stem.strip(". ") and extension.strip().isalnum() else ""


def _agreed(extension: str, found: str, head: bytes) -> str | None:
    """The type that content and extension agree upon, None if they don't."""
    if extension in _ZIPPED:
        return _ZIPPED[extension] if found == "zip" else None
    if extension in _COMPOUND:
        return _COMPOUND[extension] if found == "ole" else None
    if extension in _OTHER:
        same_box = {extension, found} == {"mp4", "mov"}
        return _OTHER[extension] if found == extension or same_box else None
    if extension in _TEXTS:
        return _TEXTS[extension] if _is_text(head) else None
    return OPAQUE if extension in _ACTIVE and _is_text(head) else None


def _found(head: bytes) -> str:
    """What the first bytes say; empty where they say nothing."""
    for mark, kind in _MARKS:
        if head.startswith(mark):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "")
    # "BM" alone begins many a text; a bitmap goes on with its own length and two empty words.
    return "bmp" if head[:2] == b"BM" and head[6:10] == b"\x00" * 4 else ""


def _is_text(head: bytes) -> bool:
    """Whether it reads as text: UTF-16 with its mark, or no zero bytes and hardly a control character."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    if b"\x00" in head:
        return False
    odd = sum(byte in _CONTROLS for byte in head)
    return odd * 100 <= len(head)


_CONTROLS: Final = frozenset(range(0x20)) - frozenset(b"\t\n\r\f\x1b")  # terminals' colours are in many a log
_PARTS = re.compile(r"[/\\]")
_RESERVED = re.compile(r'[<>:"|?*]')
_BLANKS = re.compile(r"\s+")
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
_JOINERS = "\u200c\u200d"  # Persian words and emoji are written with them


def clean_name(name: str, extension: str | None = None) -> str:
    """A file's name fit to be shown, stored and saved anywhere: letters of all languages stay.

    Folders, control characters, what turns text round, and what some system can't save are taken out;
    the length is bounded with the extension kept. With `extension` (from `sniff`) the name ends so.
    """
    name = _PARTS.split(unicodedata.normalize("NFC", name))[-1]
    name = "".join(each for each in name if each in _JOINERS or unicodedata.category(each)[0] != "C")
    name = _BLANKS.sub(" ", _RESERVED.sub("_", name)).strip(". ")
    given = extension_of(name)
    stem = name[: -len(given) - 1].rstrip(". ") if given else name
    ending = extension if extension is not None else given
    if ending and given not in {ending, *(alias for alias, real in _SAME.items() if real == ending)}:
        # An unknown ending is part of the name: `report.2026` is not a kind of file.
        stem = stem if given in ALLOWED or not given else name
    elif given:
        ending = given
    stem = _shortened(stem, LONGEST_NAME - len(ending) - 1, _LONGEST_NAME_BYTES - len(ending.encode()) - 1)
    if not stem.strip(" ._"):
        stem = "file"
    if stem.split(".", maxsplit=1)[0].lower() in _DEVICES:
        stem = f"_{stem}"
    return f"{stem}.{ending}" if ending else stem


def _shortened(text: str, characters: int, size: int) -> str:
    """At most so many characters and bytes of UTF-8, no character cut in two."""
    text = text[:characters]
    return text.encode()[:size].decode(errors="ignore").rstrip(". ")
