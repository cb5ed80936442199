"""Every answer tells browsers and caches what they may do."""

from types import SimpleNamespace

import pytest
from flask import Flask, Response, abort, g
from werkzeug.test import TestResponse

from portal.core.web import headers

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": headers.CONTENT_SECURITY_POLICY,
    "Permissions-Policy": headers.PERMISSIONS_POLICY,
    "Cache-Control": "no-store",
}
FILE = headers.FILE_POLICY


def answer(path: str, *, production: bool = False, method: str = "GET") -> TestResponse:
    app = Flask("test")
    app.extensions["settings"] = SimpleNamespace(is_production=production)
    headers.register(app)
    views = {
        "/page": lambda: "<h1>Tickets</h1>",
        "/poll": lambda: Response(status=204),
        "/fault": lambda: abort(500),
        "/weak": lambda: Response("x", headers={"Content-Security-Policy": "default-src *"}),
        "/file": lambda: Response("x", headers={"Content-Security-Policy": FILE}),
        "/brand.css": lambda: Response("x", headers={"Cache-Control": "public, max-age=31536000, immutable"}),
        "/private": lambda: Response("x", headers={"Cache-Control": "private, max-age=600"}),
        "/cookie": lambda: Response("x", headers={"Cache-Control": "public", "Set-Cookie": "a=b"}),
    }
    for rule, view in views.items():
        app.add_url_rule(rule, rule, view, methods=["GET", "POST"])
    app.before_request(lambda: setattr(g, "request_id", "r-1"))
    return app.test_client().open(path, method=method)


@pytest.mark.parametrize("path", ["/page", "/fault", "/nowhere"])
def test_every_answer_with_a_body_has_them_all(path: str) -> None:
    given = answer(path).headers
    assert {name: given.get(name) for name in ALWAYS} == ALWAYS
    assert given["X-Request-Id"] == "r-1"


@pytest.mark.parametrize(
    "directive",
    ["script-src 'self'", "style-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'",
     "frame-ancestors 'none'", "default-src 'none'"],
)  # fmt: skip
def test_the_policy_is_strict(directive: str) -> None:
    assert directive in headers.CONTENT_SECURITY_POLICY.split("; ")
    for loose in ("unsafe", "*", "data:", "http", "nonce-", "sha256-"):
        assert loose not in headers.CONTENT_SECURITY_POLICY


def test_a_weaker_policy_is_overruled_and_a_sandbox_stays() -> None:
    assert answer("/weak").headers["Content-Security-Policy"] == headers.CONTENT_SECURITY_POLICY
    assert answer("/file").headers["Content-Security-Policy"] == FILE
    assert "allow-" not in FILE


def test_strict_transport_in_production_only() -> None:
    assert "Strict-Transport-Security" not in answer("/page").headers
    assert answer("/page", production=True).headers["Strict-Transport-Security"].startswith("max-age=63072000")


def test_pages_vary_by_what_changes_them() -> None:
    assert answer("/page").headers["Vary"] == "HX-Request, HX-Request-Type, Cookie"


def test_only_what_is_public_may_be_stored() -> None:
    public = answer("/brand.css").headers
    assert public["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Vary" not in public
    assert answer("/private").headers["Cache-Control"] == "no-store"
    assert answer("/cookie").headers["Cache-Control"] == "no-store"


def test_an_empty_poll_stays_under_its_budget() -> None:
    given = answer("/poll", production=True)
    assert given.status_code == 204
    server = (
        "HTTP/1.1 204 NO CONTENT\r\nServer: gunicorn\r\nDate: Sat, 21 Nov 2026 07:29:00 GMT\r\n"
        "Connection: keep-alive\r\n\r\n"
    )
    own = "".join(f"{name}: {value}\r\n" for name, value in given.headers.items())
    assert given.headers["Cache-Control"] == "no-store"
    assert len(server + own) < 300
