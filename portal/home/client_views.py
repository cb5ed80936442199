"""`/` and `/contact`."""

from flask import Blueprint, Response
from flask_babel import gettext, to_user_timezone

from portal.core import clock
from portal.core.policy import allow, public
from portal.core.tenancy.scope import viewer
from portal.core.web import answer, paging
from portal.core.web.place import here
from portal.home import needs
from portal.home.rules import Daypart, daypart, first_name
from portal.home.tickets import tickets
from portal.tickets import policy, wording

bp = Blueprint("home", __name__)


@bp.get("/")
@allow("client", None, looking_on=True)
def dashboard() -> Response:
    """Is anything wrong, what needs me, what's going on."""
    mine = tickets(viewer)
    waiting = needs.gather(viewer, mine)
    return answer.page(
        "home/dashboard.html",
        "home/_dashboard.html",
        title=gettext("Home"),
        greeting=_greeting(),
        needs=waiting,
        needs_count=paging.said(waiting.total),
        tickets=mine,
        with_us_count=paging.said(mine.with_us) if mine else "",
        may_ask=policy.may_open(viewer),
        badge_of=wording.client_badge,
    )


def _greeting() -> str:
    name = first_name(here().person_name or "")
    part = daypart(to_user_timezone(clock.now()).hour)
    if part is Daypart.MORNING:
        return str(gettext("Good morning, %(name)s", name=name))
    if part is Daypart.AFTERNOON:
        return str(gettext("Good afternoon, %(name)s", name=name))
    return str(gettext("Good evening, %(name)s", name=name))


@bp.get("/contact")
@public("public", because="whoever can't sign in must reach the MSP all the same; sign-in pages say as much")
def contact() -> Response:
    """How to reach the MSP."""
    return answer.page("home/contact.html", title=gettext("Contact"))
