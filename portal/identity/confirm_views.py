"""“Confirm that it's you”, before what wants a fresh proof; and onward to it, with what was typed."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import Forbidden

from portal.core import signing
from portal.core.policy import allow
from portal.core.tenancy.scope import current_scope
from portal.core.web import answer, cookies, csrf
from portal.core.web.cookies import Side
from portal.core.web.forms import Form
from portal.identity import gate, halfway
from portal.identity.blueprint import bp
from portal.identity.forms import CodeForm, PasswordForm
from portal.identity.rules import onward
from portal.identity.services import confirming, passkeys
from portal.identity.services.confirming import NotConfirmed, Proofs
from portal.identity.services.sessions import Started
from portal.identity.throttle import TooManyTries

PAGE = "identity/confirm.html"
RESUME = "identity/resume.html"
FORBIDDEN: Final = 403
_PURPOSE: Final = "kept until confirmed"


@bp.get("/auth/client-portal/confirm")
@allow("client", None)
def client_confirm() -> Response:
    """Ask a client's person for a proof."""
    return _offer("client")


@bp.post("/auth/client-portal/confirm")
@allow("client", None)
def client_confirm_try() -> Response:
    """A client's proof: password, code or passkey."""
    return _try("client")


@bp.get("/auth/msp/confirm")
@allow("staff", None)
def msp_confirm() -> Response:
    """Ask a member of the staff for a proof."""
    return _offer("msp")


@bp.post("/auth/msp/confirm")
@allow("staff", None)
def msp_confirm_try() -> Response:
    """A staff member's proof: password, code or passkey."""
    return _try("msp")


def ask() -> Response:
    """The answer to a request that wants a fresh proof: the page that takes one. What was posted goes along, signed.

    That it came from our own page is checked first: what is confirmed is done afterwards. Raises CsrfFailed.
    """
    csrf.check()
    side = cookies.side_of(request.path)
    if request.method == "GET" or answer.is_htmx():
        own = request.full_path if request.method == "GET" else _path_of(request.headers.get("HX-Current-URL", ""))
        return answer.moved(url_for(f"identity.{side}_confirm", next=own.rstrip("?")))
    typed = csrf.typed(request)
    fields = [] if typed is None else list(typed.items(multi=True))
    kept = signing.sign(_PURPOSE, [request.full_path.rstrip("?"), str(current_scope().user_id), *fields], halfway.LIFE)
    return _page(side, kept=kept, wish=_path_of(request.headers.get("Referer", "")))


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _offer(side: Side) -> Response:
    return _page(side, wish=request.args.get("next"))


def _try(side: Side) -> Response:
    mine = _mine(side)
    kept, wish = request.form.get("kept", ""), request.form.get("next")
    form, prove = _proof(mine)
    if not form.validate():
        return _page(side, form, kept=kept, wish=wish)
    try:
        started = prove()
    except NotConfirmed:
        _refuse(form)
        return _page(side, form, kept=kept, wish=wish)
    except TooManyTries as refused:
        page = _page(side, form, kept=kept, wish=wish, wait=gate.wait(refused.seconds))
        return gate.come_later(page, refused.seconds)
    return gate.with_session(_onward(side, kept, wish), side, started)


def _proof(mine: Proofs) -> tuple[Form, Callable[[], Started]]:
    """The form that was sent, and what checks it."""
    if "credential" in request.form:
        proof, token = request.form["credential"], request.form.get("challenge", "")
        return Form(), lambda: confirming.by_passkey(mine, proof, token, gate.party())
    if "code" in request.form:
        code = CodeForm()
        return code, lambda: confirming.by_code(mine, code.code.data or "", device=gate.device())
    typed = PasswordForm()
    address = request.remote_addr or ""
    return typed, lambda: confirming.by_password(mine, typed.password.data or "", address=address, device=gate.device())


def _refuse(form: Form) -> None:
    if isinstance(form, PasswordForm):
        form.reject("password", gettext("This isn't your password."))
    elif isinstance(form, CodeForm):
        form.reject("code", gettext("This code isn't right, or it was used before."))
    else:
        form.form_errors = [gettext("This passkey is not one of yours here. Try another way.")]


def _onward(side: Side, kept: str, wish: str | None) -> Response:
    """To the page that was asked for, or to a form that sends again what was sent too late."""
    try:
        found = signing.unsign(_PURPOSE, kept)
    except signing.BadToken:
        found = None
    match found:
        case [str(path), str(user_id), *fields] if user_id == str(current_scope().user_id):
            return answer.page(RESUME, title=gettext("Confirmed"), action=path, fields=fields)
    return answer.moved(onward(wish, side))


def _mine(side: Side) -> Proofs:
    viewer = current_scope()
    if viewer.user_id is None:  # somebody looks on as somebody else and proves nothing here
        raise Forbidden
    return confirming.proofs(viewer, side)


def _page(
    side: Side, form: Form | None = None, *, kept: str = "", wish: str | None = None, wait: str | None = None
) -> Response:
    """The page, with what was wrong with the proof that was sent; 403 in place of what was posted too late."""
    status = answer.UNPROCESSABLE if form is not None else FORBIDDEN if kept else 200
    return answer.page(PAGE, status=status, **_facts(side, form), kept=kept, next=onward(wish, side), wait=wait)


def _facts(side: Side, form: Form | None) -> dict[str, Any]:
    mine = _mine(side)
    held = mine.factors.passkeys
    return {
        "title": gettext("Confirm that it's you"),
        "form": form,
        "action": url_for(f"identity.{side}_confirm_try"),
        "can_prove": mine.password is not None or mine.factors.any,
        "password_form": form if isinstance(form, PasswordForm) else PasswordForm(formdata=None),
        "code_form": form if isinstance(form, CodeForm) else CodeForm(formdata=None),
        "has_password": mine.password is not None,
        "has_app": mine.factors.app is not None,
        "passkey": passkeys.ask_for_one(gate.party(), held) if held else None,
    }
