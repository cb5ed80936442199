"""Flask-Login, and nothing of it but its view of the person: who that is, the request's scope says."""

from typing import Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface
from flask_login import UserMixin
from werkzeug.wrappers import Response as BaseResponse

from portal.core import policy
from portal.core.tenancy.scope import Scope, scope_or_none
from portal.extensions import login


class Person(UserMixin):  # type: ignore[misc]  # ships no types
    """The signed-in person, as Flask-Login wants to see one."""

    def __init__(self, scope: Scope) -> None:
        """Stand for the person of this scope."""
        self.id = str(scope.user_id)
        self.scope = scope


class NoSession(SessionInterface):
    """Flask's own session: always empty, and writing to it is an error. Ours are rows; see `LoginSession`."""

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002  # Flask's own shape
        """An empty one."""
        return NullSession()

    def save_session(self, app: Flask, session: Any, response: BaseResponse) -> None:
        """Nothing is ever in it."""


def person_of(_request: Request) -> Person | None:
    """The person of the request at hand."""
    scope = scope_or_none()
    return Person(scope) if scope is not None and scope.session_id is not None else None


def unauthorized() -> Response:
    """What `login_required` answers, should an extension use it."""
    return policy.to_sign_in()


def install(app: Flask) -> None:
    """Bind the extension to an app."""
    app.session_interface = NoSession()
    login.session_protection = None
    login.request_loader(person_of)
    login.unauthorized_handler(unauthorized)
