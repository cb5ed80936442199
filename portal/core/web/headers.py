"""The headers that every answer carries, so that browsers and caches do only what we mean.

An answer without a body (204, 304, a redirect's few bytes aside) runs nothing and shows nothing; it
gets only what matters for it, since the poll for new replies must stay under 300 bytes.
"""

from flask import Flask, Response, g, request

from portal.settings import Settings, current

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
FILE_POLICY = (
    "default-src 'none'; style-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
)
"""For files that people uploaded: whatever they hold, opened directly they run and load nothing."""
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_WITH_A_BODY = {
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TWO_YEARS = "max-age=63072000; includeSubDomains"
_VARIES = ("HX-Request", "HX-Request-Type", "Cookie")
_NO_BODY = frozenset({204, 304})


def register(app: Flask) -> None:
    """Put the headers on every answer of an app, errors included."""

    @app.after_request
    def add(response: Response) -> Response:
        return apply(response, settings=current())


def apply(response: Response, *, settings: Settings) -> Response:
    """Add the headers. What a view has set stays only where it is at least as strict."""
    headers = response.headers
    headers["X-Content-Type-Options"] = "nosniff"
    if settings.is_production:
        headers["Strict-Transport-Security"] = _TWO_YEARS
    _hold_back(response)
    if response.status_code in _NO_BODY:
        headers.pop("Content-Type", None)
        return response
    if "sandbox" not in headers.get("Content-Security-Policy", ""):
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    headers.update(_WITH_A_BODY)
    request_id = g.get("request_id")
    if request_id:
        headers["X-Request-Id"] = request_id
    return response


def of_the_server(*, is_production: bool) -> dict[str, str]:
    """The headers for what the server answers by itself, to bytes that never became a request of the application."""
    transport = {"Strict-Transport-Security": _TWO_YEARS} if is_production else {}
    return {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        **_WITH_A_BODY,
        **transport,
    }


def _hold_back(response: Response) -> None:
    """Let no cache keep what isn't meant for everybody: only answers marked public may be stored."""
    if response.cache_control.public and not response.headers.getlist("Set-Cookie"):
        return
    response.headers["Cache-Control"] = "no-store"
    if request.method in {"GET", "HEAD"}:
        response.vary.update(_VARIES)
