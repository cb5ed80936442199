"""Requests that change something must come from our own pages.

Two checks, both needed. Provenance: the browser's `Sec-Fetch-Site` must say `same-origin`; where it
isn't sent, `Origin` must be this very host. Token: a code bound to the session or, before sign-in,
to the `portal-gate` cookie; it lives as long as that and is masked anew in each answer, so that
compressing a page gives nothing away.
"""

import base64
import binascii
import hmac
import os
from collections.abc import Callable
from datetime import timedelta
from itertools import islice
from typing import Final, TypeVar

from flask import Flask, Request, Response, current_app, g, request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import Forbidden

from portal.core.signing import BadToken, signer
from portal.core.tenancy.scope import scope_or_none
from portal.core.web import cookies
from portal.settings import current

FIELD: Final = "csrf_token"
HEADER: Final = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
GATE_LIFE = timedelta(hours=12)
MOST_KEPT: Final = 50
"""Fields; no form of ours has as many, and each costs the refusal twenty times the bytes it came in."""
_PURPOSE, _GATE_PURPOSE = "csrf", "csrf gate"
_CODE_BYTES = 32
_TOKEN_CHARACTERS = 88  # mask and masked code in base64
_SECRET_FIELDS = ("password", "secret", "token", "code")

Binding = Callable[[], bytes | None]
View = TypeVar("View", bound=Callable[..., object])


class CsrfFailed(Forbidden):
    """An unsafe request that can't be shown to come from our own page.

    `kept` holds what was typed (no files, no secrets) when at least the provenance is ours, so that
    the error page may offer it again; it is None for a request from elsewhere, whose fields nobody
    here typed, and for one of more fields than any form has.
    """

    description = "This page has been open for too long or was opened from elsewhere."

    def __init__(self, reason: str, kept: "MultiDict[str, str] | None" = None) -> None:
        super().__init__()
        self.reason = reason
        self.kept = kept


def register(app: Flask, binding: Binding | None = None) -> None:
    """Check every unsafe request of an app; `binding` tells the session that tokens are tied to.

    To be called after the edge has been put on, which learns the session first.
    """
    app.extensions["csrf_binding"] = binding or session_binding
    app.before_request(check)
    app.after_request(_keep_gate)
    app.jinja_env.globals.update(csrf_field=csrf_field, csrf_token=csrf_token)


def session_binding() -> bytes | None:
    """The signed-in session's id, None before sign-in."""
    scope = scope_or_none()
    return scope.session_id.bytes if scope is not None and scope.session_id is not None else None


def exempt(*, because: str) -> Callable[[View], View]:
    """The view's requests carry another proof, such as a signature or an API key; `because` names it."""

    def mark(view: View) -> View:
        view.__csrf_exempt__ = because  # type: ignore[attr-defined]  # a mark on a function
        return view

    return mark


def csrf_token() -> str:
    """A fresh mask around the code of this session."""
    code = signer().macs(_PURPOSE, _binding())[0]
    mask = os.urandom(_CODE_BYTES)
    return base64.urlsafe_b64encode(mask + _xor(mask, code)).decode()


def csrf_field() -> Markup:
    """The hidden field that each form carries."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_token())


def check() -> None:
    """Refuse an unsafe request that isn't proven to be ours. Raises CsrfFailed."""
    if request.method in SAFE_METHODS or request.endpoint is None or _is_exempt(request.endpoint):
        return
    fault = provenance_fault(request)
    if fault is not None:
        raise CsrfFailed(fault)
    token = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not _is_ours(token):
        raise CsrfFailed(FIELD, typed(request))


def provenance_fault(asked: Request) -> str | None:
    """Why the request doesn't come from a page of this host; None if it does."""
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        return None if site == "same-origin" else "sec-fetch-site"
    origin = asked.headers.get("Origin")
    return None if origin is not None and origin.lower() == asked.host_url.rstrip("/").lower() else "origin"


def _is_exempt(endpoint: str) -> bool:
    return hasattr(current_app.view_functions.get(endpoint), "__csrf_exempt__")


def _is_ours(token: str) -> bool:
    if len(token) != _TOKEN_CHARACTERS:
        return False
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    if len(raw) != 2 * _CODE_BYTES:
        return False
    code = _xor(raw[:_CODE_BYTES], raw[_CODE_BYTES:])
    return any(hmac.compare_digest(code, ours) for ours in signer().macs(_PURPOSE, _binding()))


def typed(asked: Request) -> "MultiDict[str, str] | None":
    """What was typed, no files and no secrets, to be offered again; None for more fields than any form has."""
    if len(list(islice(asked.form.items(multi=True), MOST_KEPT + 1))) > MOST_KEPT:
        return None
    return MultiDict(
        (name, value)
        for name, value in asked.form.items(multi=True)
        if name != FIELD and not any(word in name.lower() for word in _SECRET_FIELDS)
    )


def _binding() -> bytes:
    """What this request's tokens are tied to: the session, or the gate cookie (made if need be)."""
    find: Binding = current_app.extensions["csrf_binding"]
    session = find()
    if session is not None:
        return b"session:" + session
    return b"gate:" + _gate().encode()


def _gate() -> str:
    """The visitor's gate value: from the cookie, or a new one that the answer will set."""
    if "csrf_gate" not in g:
        try:
            value = signer().unsign(_GATE_PURPOSE, request.cookies.get(_gate_cookie(), ""))
        except BadToken:
            value = None
        g.csrf_gate = value if isinstance(value, str) else base64.urlsafe_b64encode(os.urandom(18)).decode()
    gate: str = g.csrf_gate
    return gate


def _gate_cookie() -> str:
    return cookies.host_bound("portal-gate", current())


def _keep_gate(response: Response) -> Response:
    """Set the gate cookie, or prolong it, wherever a token was made for it."""
    if "csrf_gate" in g:
        response.set_cookie(
            _gate_cookie(),
            signer().sign(_GATE_PURPOSE, g.csrf_gate, GATE_LIFE),
            max_age=GATE_LIFE,
            secure=current().public_scheme == "https",
            httponly=True,
            samesite="Lax",
        )
    return response


def _xor(one: bytes, two: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, two, strict=True))
