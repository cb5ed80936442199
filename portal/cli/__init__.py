"""The commands of `flask`: one file a noun."""

from flask import Flask


def register(app: Flask) -> None:
    """Add every command to an app."""
