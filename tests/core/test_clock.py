"""The business clock follows its file; the real one never does."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.assembly import build
from portal.core import clock
from portal.settings import read


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "clock"
    clock.use_clock_file(path)
    yield path
    clock.use_clock_file(None)


def shift() -> timedelta:
    """How far the business clock stands from the real one, to the second."""
    return timedelta(seconds=round((clock.business_now() - clock.now()).total_seconds()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+3d2h", timedelta(days=3, hours=2)),
        ("-90m", timedelta(minutes=-90)),
        ("1w", timedelta(weeks=1)),
        ("+45s\n", timedelta(seconds=45)),
        ("", timedelta()),
        ("  +0d ", timedelta()),
    ],
)
def test_offsets_read(text: str, expected: timedelta) -> None:
    assert clock.parse_offset(text) == expected


@pytest.mark.parametrize("text", ["3", "+d", "++3d", "3d-2h", "3 d", "+3y", "٣d", "+999999d", "1d;2h"])
def test_other_shapes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|years"):
        clock.parse_offset(text)


def test_real_time_is_aware_and_utc() -> None:
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_without_a_file_both_agree() -> None:
    assert shift() == timedelta()


def test_follows_the_file_while_running(file: Path) -> None:
    assert shift() == timedelta()
    file.write_text("+3d2h\n")
    assert shift() == timedelta(days=3, hours=2)
    file.write_text("-90m")
    assert shift() == timedelta(minutes=-90)
    file.unlink()
    assert shift() == timedelta()


def test_same_size_and_new_inode_is_noticed(file: Path) -> None:
    file.write_text("+1d")
    assert shift() == timedelta(days=1)
    stamp = file.stat()
    other = file.with_name("other")
    other.write_text("+2d")
    os.utime(other, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    other.replace(file)
    assert shift() == timedelta(days=2)


def test_malformed_keeps_the_last_good_and_says_so_once(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    file.write_text("+5h")
    assert shift() == timedelta(hours=5)
    file.write_bytes(b"\xff tomorrow")
    assert shift() == timedelta(hours=5)
    assert shift() == timedelta(hours=5)
    assert len([r for r in caplog.records if "clock file" in r.message]) == 1


def test_the_setting_moves_the_clock(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("+3d2h\n")
    environ = {
        "PORTAL_ENV": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEYS": "s" * 48,
        "ENCRYPTION_KEYS": "A" * 43 + "=",
        "PORTAL_CLOCK_FILE": str(file),
    }
    try:
        build(read(environ))
        assert shift() == timedelta(days=3, hours=2)
    finally:
        clock.use_clock_file(None)
