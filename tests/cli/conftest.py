"""The commands' tests borrow the launcher's folders."""

from tests.launcher.conftest import open_folder

__all__ = ["open_folder"]
