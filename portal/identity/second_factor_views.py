"""The second proof at the gate, and setting one up there where a role wants it. Nobody here has a session yet."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext

from portal.core import audit
from portal.core.policy import SIGN_IN, public
from portal.core.web import answer
from portal.core.web.forms import Form
from portal.identity import gate, halfway, setup
from portal.identity.blueprint import bp
from portal.identity.forms import CodeForm, PasskeyNameForm, RecoveryForm, SetupForm
from portal.identity.rules import onward
from portal.identity.services import entering, passkeys, second_factor, totp
from portal.identity.services.entering import Person
from portal.identity.services.second_factor import Factors
from portal.identity.throttle import TooManyTries

PAGE = "identity/gate/second_factor.html"
ENROLMENT = "identity/gate/enrolment.html"
CODES = "identity/gate/recovery_codes.html"
HALFWAY = "who comes here has given the first proof, as a signed cookie says, which opens nothing else"


@dataclass(frozen=True, slots=True)
class At:
    """Who stands at the gate, with what they brought and what they have."""

    carried: halfway.Carried
    person: Person
    factors: Factors

    @property
    def next_url(self) -> str:
        """Where they were going."""
        return onward(self.carried.wish, self.person.side)


@bp.get("/auth/mfa", endpoint="second_factor")
@public("gate", because=HALFWAY, of_nobody=True)
def second_factor_page() -> Response:
    """Ask for the second factor."""
    return _led(lambda at: answer.page(PAGE, **_facts(at)))


@bp.post("/auth/mfa")
@public("gate", because=HALFWAY)
def second_factor_try() -> Response:
    """The code of an app."""
    return _led(_try_code)


@bp.post("/auth/mfa/recovery")
@public("gate", because=HALFWAY)
def recovery_try() -> Response:
    """A recovery code."""
    return _led(_try_recovery)


@bp.post("/auth/mfa/passkey")
@public("gate", because=HALFWAY)
def passkey_try() -> Response:
    """A passkey as the second factor."""
    return _led(_try_passkey)


@bp.get("/auth/mfa/enrolment")
@public("gate", because=HALFWAY, of_nobody=True)
def enrolment() -> Response:
    """Set up a second factor, which a role wants."""
    return _led(lambda at: answer.page(ENROLMENT, **_enrolment_facts(at)), enrolling=True)


@bp.post("/auth/mfa/enrolment")
@public("gate", because=HALFWAY)
def enrolment_app() -> Response:
    """The first code of the app that was set up."""
    return _led(_enrol_app, enrolling=True)


@bp.post("/auth/mfa/enrolment/passkey")
@public("gate", because=HALFWAY)
def enrolment_passkey() -> Response:
    """The passkey that was made."""
    return _led(_enrol_passkey, enrolling=True)


def _led(act: Callable[[At], Response], *, enrolling: bool = False) -> Response:
    """Act for whoever is halfway in, on the page that is theirs; everybody else begins anew."""
    carried = halfway.read()
    person = entering.resume(carried.halfway) if carried is not None else None
    if carried is None or person is None:
        answer.say(gettext("Please sign in again."), "info")
        return halfway.drop(answer.moved(url_for(SIGN_IN[carried.halfway.side if carried is not None else "client"])))
    gate.dress(person.side)
    at = At(carried, person, second_factor.of(person.user.id))
    if at.factors.any == enrolling:
        return answer.moved(url_for(".second_factor" if at.factors.any else ".enrolment"))
    return act(at)


def _try_code(at: At) -> Response:
    form = CodeForm()
    return _try(at, "app", form, lambda: second_factor.use_code(at.person.user, form.code.data or "", gate.device()))


def _try_recovery(at: At) -> Response:
    form = RecoveryForm()
    return _try(at, "recovery code", form, lambda: _use_recovery_code(at, form.recovery.data or ""))


def _use_recovery_code(at: At, typed: str) -> bool:
    return second_factor.use_recovery_code(at.person.user, typed, gate.device())


def _try(at: At, factor: str, form: CodeForm | RecoveryForm, is_right: Callable[[], bool]) -> Response:
    field = "code" if isinstance(form, CodeForm) else "recovery"
    if not form.validate():
        return answer.invalid(PAGE, **_facts(at, form))
    try:
        if is_right():
            return _in(at, factor)
    except TooManyTries as refused:
        if refused.is_news:
            _note(at, "sign_in.throttled", factor)
        page = answer.page(PAGE, **_facts(at, form, wait=gate.wait(refused.seconds)))
        return gate.come_later(page, refused.seconds)
    _note(at, "sign_in.failed", factor)
    form.reject(field, gettext("This code isn't right, or it was used before."))
    return answer.invalid(PAGE, **_facts(at, form))


def _try_passkey(at: At) -> Response:
    proof, token = request.form.get("credential", ""), request.form.get("challenge", "")
    try:
        passkeys.use(at.person.user, proof, token, gate.party())
    except passkeys.PasskeyRefused as refused:
        _note(at, "sign_in.failed", "passkey", refused.reason)
        form = CodeForm(formdata=None)
        form.form_errors = [gettext("This passkey is not one of yours here. Try another way.")]
        return answer.invalid(PAGE, **_facts(at, form))
    return _in(at, "passkey")


def _note(at: At, action: str, factor: str, reason: str = "second factor") -> None:
    person = at.person
    audit.record(
        action, person.user, client_id=person.client_id, shown=True,
        side=person.side, account=person.mark[0], factor=factor, reason=reason,
    )  # fmt: skip


def _in(at: At, factor: str) -> Response:
    return gate.proceed(_session(at, factor), at.carried.wish, at.person.side)


def _session(at: At, factor: str) -> entering.SignedIn:
    visit, device = gate.visit(at.person.side), gate.device()
    return entering.let_in(at.person, at.carried.halfway.way, visit=visit, device=device, factor=factor)


def _enrol_app(at: At) -> Response:
    form = SetupForm()
    try:
        if form.validate() and setup.app_is_set_up(at.person.user, form):
            return _enrolled(at, "app")
    except totp.AlreadySetUp:
        return answer.moved(url_for(".second_factor"))
    return answer.invalid(ENROLMENT, **_enrolment_facts(at, app=form))


def _enrol_passkey(at: At) -> Response:
    form = PasskeyNameForm()
    if form.validate() and setup.passkey_is_made(at.person.user, form, client_id=at.person.client_id):
        return _enrolled(at, "passkey")
    return answer.invalid(ENROLMENT, **_enrolment_facts(at, passkey=form))


def _enrolled(at: At, factor: str) -> Response:
    """The session begins with this answer, which shows the recovery codes: it is the only one that ever does."""
    codes = second_factor.added(at.person.user, factor, client_id=at.person.client_id)
    page = answer.page(CODES, title=gettext("Your recovery codes"), codes=codes, next_url=at.next_url)
    return gate.welcomed(page, at.person.side, _session(at, factor))


def _facts(at: At, form: Form | None = None, *, wait: str | None = None) -> dict[str, Any]:
    has_passkeys = bool(at.factors.passkeys)
    return {
        "title": gettext("Confirm that it's you"),
        "form": form or CodeForm(formdata=None),
        "code_form": form if isinstance(form, CodeForm) else CodeForm(formdata=None),
        "recovery_form": form if isinstance(form, RecoveryForm) else RecoveryForm(formdata=None),
        "has_app": at.factors.app is not None,
        "passkey": passkeys.ask_for_one(gate.party(), at.factors.passkeys) if has_passkeys else None,
        "is_recovering": isinstance(form, RecoveryForm),
        "sign_in_url": url_for(SIGN_IN[at.person.side]),
        "wait": wait,
    }


def _enrolment_facts(at: At, *, app: SetupForm | None = None, passkey: PasskeyNameForm | None = None) -> dict[str, Any]:
    user = at.person.user
    return {
        "title": gettext("Set up a second step"),
        "form": app or passkey or CodeForm(formdata=None),
        **setup.app_facts(user, app),
        **setup.passkey_facts(user, passkey),
        "sign_in_url": url_for(SIGN_IN[at.person.side]),
    }
