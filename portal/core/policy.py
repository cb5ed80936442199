"""Who may call what: one decorator a view, one table for all.

A view says with `allow` which permission it needs, or with `public` that none
is needed and why it is safe. `flask routes-table` prints what they said, and a
view that said nothing stops the start.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from flask import Flask, Response, current_app, g, request, url_for
from sqlalchemy import Select
from werkzeug.exceptions import Forbidden, NotFound, Unauthorized

from portal.core import clock
from portal.core.tenancy.scope import Scope, current_scope
from portal.core.web import answer, cookies
from portal.extensions import db

Face = Literal["client", "staff", "gate", "public", "machine", "base"]
View = TypeVar("View", bound=Callable[..., Any])
Row = TypeVar("Row")
SIGN_IN = {"client": "identity.client_sign_in", "msp": "identity.msp_sign_in"}
FRESH: Final = dt.timedelta(minutes=15)
"""How long a proof of who one is counts for acts that want a fresh one."""
LOOKERS_MAY_WRITE: Final = frozenset({"ticket:create", "ticket:comment", "ticket:resolve"})
"""The most that `door.enter` leaves to *Open portal as…* beside reading, where the tenant allows writing."""
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
STEP_UP: Final = "step_up"
"""Where an app keeps what answers a request that wants a fresh proof: a function of no arguments."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a view demands. `hidden`: those who may not are told that it doesn't exist.

    `fresh`: the person must have proved who they are within the last 15 minutes.
    `looking_on`: also open to somebody of the staff who looks on as a client's person,
    though it names no permission that says so.
    """

    face: Face
    permission: str | None = None
    hidden: bool = True
    object_kind: str = ""
    reason: str = ""
    fresh: bool = False
    looking_on: bool = False
    of_nobody: bool = False


def allow(  # what a view demands
    face: Literal["client", "staff"],
    permission: str | None,
    *,
    of: str = "",
    hidden: bool = True,
    fresh: bool = False,
    looking_on: bool = False,
) -> Callable[[View], View]:
    """The view needs a signed-in person of this side with this permission (None: any signed-in one).

    `of` names the kind of object in the address, for the sweep of the tests. `fresh`
    is for sensitive acts, the page of their form and what it posts to alike: whose
    last proof is too old confirms first, and what was posted is kept meanwhile
    (passwords aside). Nobody does such things while looking on as somebody else;
    `looking_on` marks what is open to them without naming a permission.
    """
    return _ruled(Rule(face, permission, hidden, of, fresh=fresh, looking_on=looking_on))


def public(
    face: Literal["gate", "public", "machine", "base"], *, because: str, of_nobody: bool = False
) -> Callable[[View], View]:
    """The view is open to everyone; `because` says why that is safe.

    `of_nobody` is for pages at the gate whose form is for whoever is about to sign in,
    even where the browser has a session already: page and form then agree on that.
    """
    return _ruled(Rule(face, reason=because, of_nobody=of_nobody))


def _ruled(rule: Rule) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.__allows__ = rule  # type: ignore[attr-defined]  # a mark on a function
        return view

    return mark


def rule_of(app: Flask, endpoint: str) -> Rule | None:
    """What the view of an endpoint said."""
    return getattr(app.view_functions.get(endpoint), "__allows__", None)


def rule_of_request() -> Rule | None:
    """What the view of this request said; None where no view answers."""
    return rule_of(current_app, request.endpoint) if request.endpoint else None


def is_of_nobody(rule: Rule, method: str) -> bool:
    """Whether such a request is answered without its session: proving who one is starts from nothing.

    Whatever session the browser brought, its own or a planted one, must not matter then.
    """
    return rule.face == "gate" and (method == "POST" or rule.of_nobody)


def check_every_view(app: Flask) -> None:
    """Refuse to start with a view that said nothing. Raises RuntimeError naming them."""
    silent = sorted(name for name in app.view_functions if rule_of(app, name) is None)
    if silent:
        message = f"these views do not say who may call them: {', '.join(silent)}"
        raise RuntimeError(message)


def admit(rule: Rule | None) -> Response | None:
    """Let the person in, send a stranger to the sign-in of this side, or refuse.

    Raises NotFound (hidden, or signed in on the other side alone), Forbidden and, for htmx, Unauthorized.
    """
    if rule is None:
        raise NotFound
    if rule.face in {"gate", "public"}:
        return None
    if rule.face not in {"client", "staff"}:
        raise NotFound
    scope = current_scope()
    if scope.session_id is None:
        if g.place.signed_in_elsewhere:
            raise NotFound
        return to_sign_in()
    if scope.staff_user_id is not None and not is_open_to_lookers(rule, request.method):
        raise NotFound if rule.hidden else Forbidden
    if rule.permission is not None and not scope.may(rule.permission):
        raise NotFound if rule.hidden else Forbidden
    return _wants_proof(scope) if rule.fresh else None


def is_open_to_lookers(rule: Rule, method: str) -> bool:
    """Whether somebody of the staff who looks on as a client's person may call it, if the permission allows it.

    They see what the person sees. They change nothing but tickets, and those only where
    the tenant lets the door leave them such a permission; settings, credentials and
    whatever else names no permission stay shut unless they are marked.
    """
    if rule.looking_on:
        return True
    if rule.fresh or rule.permission is None:
        return False
    return method in _READS or rule.permission in LOOKERS_MAY_WRITE


def is_open_to(scope: Scope, endpoint: str, method: str = "GET") -> bool:
    """Whether the table lets the person call this view: what decides if a link or a button to it is shown."""
    rule = rule_of(current_app, endpoint)
    if rule is None:
        return True
    if rule.permission is not None and not scope.may(rule.permission):
        return False
    return scope.staff_user_id is None or rule.face != "client" or is_open_to_lookers(rule, method)


def _wants_proof(scope: Scope) -> Response | None:
    """Let somebody on who proved themselves lately; others confirm first. Raises Forbidden."""
    if scope.user_id is None:
        raise Forbidden
    if is_fresh(scope):
        return None
    asking: Response = current_app.extensions[STEP_UP]()
    return asking


def is_fresh(scope: Scope) -> bool:
    """Whether the person's last proof counts for sensitive acts."""
    return scope.proved_at is not None and scope.proved_at > clock.now() - FRESH


def to_sign_in() -> Response:
    """To the sign-in of this side. htmx is told 401 in place instead, so that what was typed stays on the page."""
    if answer.is_htmx():
        raise Unauthorized
    onward = request.full_path.rstrip("?") if request.method == "GET" else None
    return answer.moved(url_for(SIGN_IN[cookies.side_of(request.path)], next=onward))


def one_or_404(statement: Select[Row]) -> Row:
    """The one object that the statement finds for this viewer. Raises NotFound, the same for absent and hidden."""
    found: Row | None = db.session.execute(statement).unique().scalar_one_or_none()
    if found is None:
        raise NotFound
    return found
