"""One JSON line an event on stderr: what happened, in which request, for which tenant and person.

Ours and the libraries' lines take the same way, so every line is redacted, and JSON's escapes
leave no line break, terminal code or invisible character with which a text could forge another line.
"""

import json
import logging
import sys
import time
from typing import Any, TextIO

import structlog
from flask import Flask, Response, g, request
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from portal.core import redact
from portal.core.ids import new_id
from portal.settings import Settings

_OURS = "portal-json"
_QUIET = frozenset({"/healthz", "/readyz"})
_SECRET_ARGUMENTS = ("token", "secret", "key", "code", "signature")
_LONGEST_PATH = 200
_log = structlog.get_logger("portal.request")


def configure(settings: Settings) -> None:
    """Route all logging of the process through here; may be called again."""
    root = logging.getLogger()
    for old in [one for one in root.handlers if one.name == _OURS]:
        root.removeHandler(old)
    root.addHandler(handler())
    root.setLevel(settings.log_level)
    logging.captureWarnings(capture=settings.is_production)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_shared(), ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def handler(stream: TextIO | None = None) -> logging.Handler:
    """A handler that writes redacted JSON lines, for loggers with handlers of their own (gunicorn's)."""
    made = logging.StreamHandler(stream or sys.stderr)
    made.name = _OURS
    made.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[*_shared(), structlog.stdlib.ExtraAdder()],
            processors=[ProcessorFormatter.remove_processors_meta, cleaned, rendered],
        )
    )
    return made


def register(app: Flask) -> None:
    """Number each request, bind its number to all lines, and write one line at its end.

    To be called before everything else that hooks into requests.
    """
    app.before_request(_begin)
    app.after_request(_tell)
    app.teardown_request(lambda _error: structlog.contextvars.clear_contextvars())


def cleaned(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Redact every field; the request's own ids come first for the reader's eye."""
    return {name: redact.value(name, given) for name, given in event.items()}


def rendered(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """One line of pure ASCII."""
    return json.dumps(event, default=str, ensure_ascii=True)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]


def _begin() -> None:
    g.request_id = new_id().hex
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _tell(response: Response) -> Response:
    facts: dict[str, Any] = {
        "method": request.method if len(request.method) < 10 else "?",  # noqa: PLR2004  # longer is no method
        "route": request.url_rule.rule if request.url_rule else None,
        "path": shown_path(),
        "status": response.status_code,
        "ms": round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        "bytes": response.content_length,
    }
    is_quiet = request.path in _QUIET or request.path.startswith("/static/")
    level = logging.DEBUG if is_quiet and response.status_code < 400 else logging.INFO  # noqa: PLR2004  # no refusal
    _log.log(level, "request", **facts)
    return response


def shown_path() -> str | None:
    """The request's path without query; None where the address itself holds a secret."""
    arguments = request.view_args or {}
    if any(word in name.lower() for name in arguments for word in _SECRET_ARGUMENTS):
        return None
    return request.path[:_LONGEST_PATH]
