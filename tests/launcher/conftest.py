"""Folders for servers that a test starts by itself, and their removal."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.launcher import place

OPEN = 0o755
DATA = ("postgres", "valkey")


def remove(folder: Path) -> None:
    for name in DATA:
        place.discard(folder / name)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A VAR_DIR that an unprivileged account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="portal-launcher-"))
    folder.chmod(OPEN)
    yield folder
    remove(folder)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A VAR_DIR below a folder that only we may enter."""
    above = Path(tempfile.mkdtemp(prefix="portal-launcher-"))
    folder = above / "checkout" / "var"
    folder.mkdir(parents=True)
    yield folder
    remove(folder)
    shutil.rmtree(above)
