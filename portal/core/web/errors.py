"""Every refusal and fault as a page a person can use; never a stack, never SQL."""

import structlog
from flask import Flask, Response, g, make_response, render_template, request
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from portal.core.web import answer, misses
from portal.core.web.csrf import CsrfFailed
from portal.core.web.edge import UnknownHost
from portal.core.web.place import here
from portal.extensions import db

log = structlog.get_logger("portal.errors")
PAGES = frozenset({400, 401, 403, 404, 405, 413, 422, 429, 500, 503})
RETRY_SECONDS = 5


def install(app: Flask) -> None:
    """Answer all errors of an app."""
    app.register_error_handler(HTTPException, refused)
    app.register_error_handler(DBAPIError, database_failed)
    app.register_error_handler(Exception, failed)


def refused(error: HTTPException) -> Response:
    """A refusal that was meant: its own status and page."""
    db.session.rollback()
    if error.response is not None:
        return make_response(error.response)
    code = error.code if error.code in PAGES else 400 if (error.code or 500) < 500 else 500  # noqa: PLR2004
    if code == 404:  # noqa: PLR2004
        misses.count()
    name = "unknown_host" if isinstance(error, UnknownHost) else "csrf" if isinstance(error, CsrfFailed) else str(code)
    response = _render(name, code or 500, kept=getattr(error, "kept", None), action=request.full_path.rstrip("?"))
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        response.headers["Allow"] = ", ".join(sorted(allowed))
    retry_after = getattr(error, "retry_after", None)
    if retry_after:
        response.headers["Retry-After"] = str(int(retry_after))
    return response


def database_failed(error: DBAPIError) -> Response:
    """The database is away, or two transactions met: come again in a moment."""
    away = error.connection_invalidated or isinstance(error, OperationalError)
    if not away:
        return failed(error)
    log.warning("database away", path=request.path, error=type(error.orig).__name__)
    unavailable = ServiceUnavailable(retry_after=RETRY_SECONDS)
    return refused(unavailable)


def failed(error: Exception) -> Response:
    """A fault of ours: logged in full, shown as an apology with the number to quote."""
    log.error("request failed", path=request.path, method=request.method, exc_info=error)
    return refused(InternalServerError())


def _render(name: str, code: int, **more: object) -> Response:
    """The page, or for htmx the sentence that its own script puts where the request was made."""
    template = "errors/_part.html" if answer.is_htmx() else f"errors/{name}.html"
    facts = {"code": code, "name": name, "request_id": g.get("request_id", ""), "place": here()}
    return make_response(render_template(template, **facts, **more), code)
