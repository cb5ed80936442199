"""What the pages of signing in share: the browser at hand, where it is, and what follows a proof."""

import math
from dataclasses import replace

from flask import Response, g, request, url_for
from flask_babel import ngettext

from portal.core.web import answer, cookies
from portal.core.web.cookies import Side
from portal.core.web.hosts import named
from portal.core.web.place import here
from portal.identity import devices, halfway, throttle
from portal.identity.models import User
from portal.identity.rules import onward
from portal.identity.services.entering import Halfway, SignedIn
from portal.identity.services.passkeys import Party
from portal.identity.services.sessions import Started, Visit
from portal.settings import current

TOO_MANY = 429
MINUTE = 60


def visit(side: Side) -> Visit:
    """The browser that asks, and the session of this side that it brought."""
    return Visit(
        address=request.remote_addr or "",
        agent=request.user_agent.string,
        token_hash=cookies.read_hash(request, side, current()),
    )


def device() -> devices.Device:
    """The browser as accounts know it."""
    return devices.read(request, current())


def party() -> Party:
    """The relying party of passkeys: this host, by which the door has found the tenant."""
    settings = current()
    name = named(request.host, settings.base_domain)
    host = name.host if name is not None else ""
    return Party(host, f"{settings.public_scheme}://{request.host.lower()}", here().display_name)


def dress(side: Side) -> None:
    """Give the page the looks of a side: some addresses serve both."""
    if here().side != side or here().person_name is not None:
        g.place = replace(here(), side=side, person_name=None)


def proceed(outcome: SignedIn | Halfway, wish: str | None, side: Side) -> Response:
    """Onward with the new session, or to the second proof."""
    going = onward(wish, side)
    if isinstance(outcome, Halfway):
        return halfway.write(answer.moved(url_for("identity.second_factor")), outcome, going)
    return welcomed(answer.moved(going), side, outcome)


def welcomed(response: Response, side: Side, came_in: SignedIn) -> Response:
    """The answer with the new session, by which the browser is known from now on."""
    devices.write(response, came_in.device, current())
    return halfway.drop(with_session(response, side, came_in.started))


def proven(response: Response, user: User) -> Response:
    """The answer to somebody who proved the mailbox in this browser: strangers' tries don't count there."""
    side: Side = "msp" if user.kind == "internal" else "client"
    devices.write(response, device().proving(throttle.marks(side, user.email_key)), current())
    return response


def with_session(response: Response, side: Side, started: Started) -> Response:
    """The answer with this session's token."""
    cookies.set_token(response, side, started.token, current(), seconds=started.seconds)
    return response


def wait(seconds: float) -> str:
    """For how long no more tries are taken, in words."""
    return str(
        ngettext("Wait a minute and try again.", "Wait %(num)d minutes and try again.", math.ceil(seconds / MINUTE))
    )


def come_later(response: Response, seconds: float) -> Response:
    """A page that says so, as the answer to one try too many."""
    response.status_code = TOO_MANY
    response.headers["Retry-After"] = str(math.ceil(seconds))
    return response
