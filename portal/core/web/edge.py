"""The edge of a request: its scope, its one transaction, its end.

The scope's context variable is entered around the whole WSGI call, so that
error pages and teardown are inside it. `before_request` sends the door as the
first statement; the view runs and renders; then the transaction is committed,
still inside dispatching, so that a commit that fails is answered as a fault.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from flask import Flask, Request, Response, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import NotFound
from werkzeug.routing import MapAdapter

from portal.core import policy
from portal.core.tenancy import doors
from portal.core.tenancy.scope import UNENTERED, entered, scope_or_none
from portal.core.web import cookies, place, rotation, templating
from portal.core.web.hosts import Named, named
from portal.core.web.proxies import COUNTRY
from portal.extensions import db
from portal.settings import Settings, current

IDLE = {"client": dt.timedelta(days=14), "msp": dt.timedelta(hours=12)}
FRONT = "/.front"
"""Where the installation's own front page stands in the map of addresses; people see it at `/` of the base domain."""
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class UnknownHost(NotFound):
    """No tenant answers at this host. The page says so without naming anybody."""


class Portal(Flask):
    """The application: a view and what it renders are one transaction."""

    jinja_environment = templating.Templates

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Match addresses; `/` is a dashboard at a tenant's host and the front page at the bare base domain.

        Deciding it here, by the host alone, leaves one rule per address: whatever comes
        after routing (permission, headers, tests that walk the map) sees two pages.
        """
        adapter = super().create_url_adapter(request)
        if request is not None and adapter is not None and adapter.path_info.strip("/") == "":
            name = named(request.host, self.extensions["settings"].base_domain)
            if name is not None and name.is_base:
                adapter.path_info = FRONT
        return adapter

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view, render its answer, commit; roll back whatever was raised."""
        try:
            answer = self.make_response(super().dispatch_request())
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
        return answer


class ScopedRequests:
    """WSGI middleware: each request begins and ends in no scope."""

    def __init__(self, app: WSGI) -> None:
        """Wrap the application."""
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        with entered(UNENTERED):
            return self.app(environ, start_response)


def install(app: Portal) -> None:
    """Put the edge on an app."""
    app.wsgi_app = ScopedRequests(app.wsgi_app)  # type: ignore[method-assign]  # Flask's documented way
    app.before_request(enter)


def enter() -> Response | None:
    """Let the request in: host, session, permission. Raises UnknownHost, NotFound, Forbidden."""
    settings = current()
    rule = policy.rule_of_request()
    if rule is not None and rule.face == "machine":
        return None
    name = named(request.host, settings.base_domain)
    if name is None:
        raise UnknownHost
    if name.is_base:
        if rule is not None and rule.face == "base":
            return None
        raise UnknownHost
    _through_the_door(name, settings, rule)
    if request.routing_exception is not None:
        return None
    return policy.admit(rule)


def _through_the_door(name: Named, settings: Settings, rule: policy.Rule | None) -> None:
    side = cookies.side_of_request(request, settings)
    is_nobody = rule is not None and policy.is_of_nobody(rule, request.method)
    arguments: dict[str, Any] = {
        "slug": name.slug,
        "host": name.host,
        "side": side,
        "token_hash": "" if is_nobody else cookies.read_hash(request, side, settings),
        "other_token_hash": cookies.read_hash(request, cookies.other(side), settings),
        "idle": IDLE[side],
    }
    try:
        entry = doors.enter(**arguments)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        # The server restarted under the pool. Nothing has happened yet, so a second try is safe.
        db.session.rollback()
        entry = doors.enter(**arguments)
    if entry is None:
        raise UnknownHost
    g.place = place.of_entry(entry, side=side, settings=settings)
    if rule is not None and rule.face in {"client", "staff"}:  # what caches may keep carries no token
        rotation.rotate(entry, side, arguments["token_hash"])
    scope = entry.scope
    db.session().info["origin"] = origin_of(request)
    structlog.contextvars.bind_contextvars(
        tenant_id=str(scope.tenant_id), user_id=str(scope.user_id) if scope.user_id else None
    )


def origin_of(asked: Request) -> dict[str, str]:
    """Where a request comes from, for the trail; the country only where it is known."""
    country = asked.environ.get(COUNTRY, "")
    here = {"address": asked.remote_addr or "", "request_id": g.get("request_id", "")}
    return here | ({"country": country} if country else {})


def is_signed_in() -> bool:
    """Whether the request has a person."""
    scope = scope_or_none()
    return scope is not None and scope.session_id is not None
