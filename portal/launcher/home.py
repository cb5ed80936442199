"""What the launcher keeps in VAR_DIR: its lock, development secrets, and where its servers listen."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from portal.settings_rules import DEVELOPMENT_MARK, KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PRIVATE_FILE = 0o600


class Home:
    """A VAR_DIR. One process at a time holds its lock and owns the servers in it."""

    def __init__(self, folder: Path) -> None:
        """Make the folder where it isn't there yet."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock: int | None = None

    def take(self, what: str) -> bool:
        """Take the lock for the life of this process; False where another process holds it.

        The system lets go of it when we die, however we die. `what` tells others who we are.
        """
        descriptor = os.open(self.folder / "launcher.lock", os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        self.tell({})
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps({"pid": os.getpid(), "what": what}).encode())
        return True

    def leave(self) -> None:
        """Let go of the lock; our servers must have ended."""
        if self._lock is not None:
            with suppress(FileNotFoundError):  # somebody removed the folder under us
                self.tell({})
            os.close(self._lock)
            self._lock = None

    def holder(self) -> tuple[int, str] | None:
        """Process number and purpose of whoever holds the lock, as they told it."""
        with suppress(OSError, ValueError, KeyError):
            told = json.loads((self.folder / "launcher.lock").read_text())
            return int(told["pid"]), str(told["what"])
        return None

    def tell(self, addresses: Mapping[str, str]) -> None:
        """Tell other commands where our servers are (variables of the environment, as in `Settings`)."""
        _write(self.folder / "servers.json", addresses)

    def told(self) -> dict[str, str]:
        """What the lock's holder told; empty while its servers come up."""
        with suppress(OSError, ValueError):
            return dict(json.loads((self.folder / "servers.json").read_text()))
        return {}

    def secrets(self) -> dict[str, str]:
        """The folder's development secrets, made at the first call and readable by us alone.

        Their mark makes production refuse them.
        """
        file = self.folder / "secrets.json"
        if not file.exists():
            made = {
                "SECRET_KEYS": DEVELOPMENT_MARK + secrets.token_urlsafe(48),
                "ENCRYPTION_KEYS": DEVELOPMENT_MARK + base64.urlsafe_b64encode(os.urandom(KEY_BYTES)).decode(),
                "owner_password": secrets.token_urlsafe(24),
                "app_password": secrets.token_urlsafe(24),
            }
            _write(file, made, replace=False)
        return dict(json.loads(file.read_text()))


def _write(file: Path, content: Mapping[str, str], *, replace: bool = True) -> None:
    """Write a private file in one go; without `replace` whoever came first wins."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "w") as new:
        json.dump(dict(content), new)
    if replace:
        draft.replace(file)
    else:
        with suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
