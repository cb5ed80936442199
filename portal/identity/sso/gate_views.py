"""`/auth/sso/<provider>`: leaving for the issuer by a button, coming back with a code."""

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext

from portal.core.policy import SIGN_IN, one_or_404, public
from portal.core.web import answer
from portal.identity import gate
from portal.identity.blueprint import bp
from portal.identity.models import SsoProvider
from portal.identity.rules import onward
from portal.identity.sso import coming_in, queries, state
from portal.identity.sso.coming_in import SsoRefused, side_of
from portal.identity.sso.state import BadState

LONGEST_CODE = 4096
LEAVING = "identity/sso/leaving.html"


@bp.post("/auth/sso/<slug>")
@public("gate", because="it sends a stranger to the directory that the tenant chose; it proves nobody yet")
def sso_start(slug: str) -> Response:
    """Leave for the issuer. A form may not lead to another host, so a page with a link goes between."""
    provider = one_or_404(queries.offered_as(slug))
    side = side_of(provider)
    gate.dress(side)
    address = request.remote_addr or ""
    try:
        leaving = coming_in.leave(provider, onward(request.form.get("next"), side), address=address)
    except SsoRefused:
        return _refused(provider)
    page = make_response(render_template(LEAVING, title=provider.name, name=provider.name, url=leaving.url))
    page.headers["Refresh"] = f"0; url={leaving.url}"
    return state.write(page, leaving.journey)


@bp.get("/auth/sso/<slug>")
@public("gate", because="the issuer's code is what is asked for here, with a state that is good once", of_nobody=True)
def sso_back(slug: str) -> Response:
    """Come back from the issuer with a code, or with its refusal."""
    provider = one_or_404(queries.offered_as(slug))
    side = side_of(provider)
    gate.dress(side)
    code = request.args.get("code", "")
    try:
        journey = state.end(provider.id, request.args.get("state", ""))
    except BadState:
        return _refused(provider, "state")
    if not code or len(code) > LONGEST_CODE or "error" in request.args:
        return _refused(provider, "the issuer refused" if "error" in request.args else "no code")
    try:
        outcome = coming_in.come_in(provider, journey, code, visit=gate.visit(side), device=gate.device())
    except SsoRefused:
        return _refused(provider)
    return state.drop(gate.proceed(outcome, journey.wish, side))


def _refused(provider: SsoProvider, untold: str = "") -> Response:
    """Back to the sign-in page, with one sentence for all reasons. `untold`: one that the trail doesn't know yet."""
    if untold:
        coming_in.note_refusal(provider, untold, address=request.remote_addr or "")
    answer.say(
        gettext(
            "We couldn't sign you in with %(name)s. Try again; if it stays so, tell the people who look after it.",
            name=provider.name,
        ),
        "bad",
    )
    return state.drop(answer.moved(url_for(SIGN_IN[side_of(provider)])))
