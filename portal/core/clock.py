"""What time it is: really, and for business decisions.

Business decisions (SLA, dunning, billing, reminders, auto-close, invitations) read
`business_now()`, which a tester may move with the file named by PORTAL_CLOCK_FILE. Whatever
protects something (sessions, throttles, leases, retries, one-time codes, signatures) reads
`now()`. SQL gets either as a parameter and never asks the database's own clock.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)

_SHAPE = re.compile(r"([+-]?)((?:\d{1,6}[wdhms])+)", re.ASCII)
_PART = re.compile(r"(\d+)([wdhms])", re.ASCII)
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_LONGEST = timedelta(days=366 * 50)
_MOST_BYTES = 64


def now() -> datetime:
    """Return the real time, aware, in UTC."""
    return datetime.now(UTC)


def business_now() -> datetime:
    """Return the time for business decisions: the real one plus the offset of the clock file."""
    return now() + _clock.offset()


def parse_offset(text: str) -> timedelta:
    """Read an offset such as `+3d2h`, `-90m` or `1w` (w, d, h, m, s); empty text is no offset.

    Raises:
        ValueError: another shape, or more than 50 years.

    """
    text = text.strip()
    if not text:
        return timedelta()
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        message = f"not an offset such as +3d2h or -90m: {text!r}"
        raise ValueError(message)
    offset = timedelta()
    for number, unit in _PART.findall(shape[2]):
        offset += timedelta(**{_UNITS[unit]: int(number)})
    if offset > _LONGEST:
        message = f"more than 50 years away: {text!r}"
        raise ValueError(message)
    return -offset if shape[1] == "-" else offset


def use_clock_file(path: Path | None) -> None:
    """Let `business_now()` follow this file from now on; None means the real time.

    `assembly.build` calls it with the settings' clock file, which is always None in production.
    """
    global _clock  # noqa: PLW0603 - one clock per process, set once at start
    _clock = _ClockFile(path)


@dataclass(slots=True)
class _ClockFile:
    """The offset in a file, read again whenever the file's stamp changes."""

    path: Path | None = None
    _seen: tuple[int, int, int] | None = None
    _offset: timedelta = timedelta()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def offset(self) -> timedelta:
        """Return the last readable offset: a missing file is none, a malformed one changes nothing."""
        if self.path is None:
            return self._offset
        try:
            found = os.stat(self.path)  # noqa: PTH116 - a tenth of the cost of Path.stat on a hot path
        except OSError:
            self._seen, self._offset = None, timedelta()
            return self._offset
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stamp != self._seen:
            with self._lock:
                self._read(self.path, stamp)
        return self._offset

    def _read(self, path: Path, stamp: tuple[int, int, int]) -> None:
        try:
            with path.open("rb") as file:
                text = file.read(_MOST_BYTES).decode("ascii")
            self._offset = parse_offset(text)
        except (OSError, ValueError) as fault:
            _log.warning("clock file not understood, the last offset stays: %s", fault)
        self._seen = stamp


_clock = _ClockFile()
