"""What this domain brings into the application."""

from flask import Flask

from portal.identity import roles  # noqa: F401  # registers the roles of a new tenant


def register(app: Flask) -> None:
    """Add pages and the person of the request to an app."""
