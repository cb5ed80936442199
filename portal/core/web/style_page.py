"""`/ui`: every macro in every state, and sample pages made of them. Not registered in production.

``/ui?scheme=…`` is not needed: browsers are asked for light or dark. ``?dir=rtl`` turns a page, ``?brand=rrggbb``
shows it in another brand's colours.
"""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from werkzeug.exceptions import NotFound

from portal.core.palette import palette
from portal.core.policy import public
from portal.core.web import style_samples as samples
from portal.core.web.brand import stylesheet
from portal.core.web.nav import Entry

bp = Blueprint("style", __name__, url_prefix="/ui")

OPEN = "invented data only; never registered in production"

PAGES = {
    "home": "client", "tickets": "client", "ticket": "client", "new": "client",
    "queue": "msp", "desk": "msp", "signin": "client", "msp-signin": "msp",
}  # fmt: skip
"""Sample pages by name, with their side."""

ERRORS = ("400", "403", "404", "405", "413", "422", "429", "500", "503", "csrf", "unknown_host")


@bp.get("")
@public("public", because=OPEN)
def index() -> str:
    """All macros."""
    brand = _brand()
    return _render("style/index.html", "client", "", palette=palette(f"#{brand}" if brand else "#1d5fd1"), errors=ERRORS)


@bp.get("/<name>")
@public("public", because=OPEN)
def sample(name: str) -> str:
    """A sample page. Raises NotFound for one that doesn't exist."""
    if name not in PAGES:
        raise NotFound
    return _render(f"style/{name.replace('-', '_')}.html", PAGES[name], {"ticket": "tickets", "new": "tickets", "desk": "queue"}.get(name, name))


@bp.get("/error/<name>")
@public("public", because=OPEN)
def error(name: str) -> str:
    """An error page, as it looks with a tenant and without (`?bare=1`)."""
    if name not in ERRORS:
        abort(404)
    bare = {"display_name": "", "support_email": "", "support_phone": "", "support_hours": "", "website": ""}
    place = replace(samples.SamplePlace(), **(bare if request.args.get("bare") else {}), brand_css_url=_brand_url("client"))
    return render_template(f"errors/{name}.html", place=place, request_id="01jd3v9k", code=name, name=name, kept=None)


@bp.get("/brand.css")
@public("public", because=OPEN)
def brand() -> Response:
    """The stylesheet of a brand that is tried out."""
    chosen = _brand()
    response = make_response(stylesheet(f"#{chosen}" if chosen else None, "client"))
    response.content_type = "text/css"
    return response


def _brand() -> str:
    wish = request.args.get("brand", "")
    return wish if len(wish) == 6 and all(each in "0123456789abcdefABCDEF" for each in wish) else ""  # noqa: PLR2004  # rrggbb


def _brand_url(side: str) -> str | None:
    return url_for("style.brand", brand=_brand()) if side == "client" and _brand() else None


def _render(template: str, side: Any, current: str, **context: Any) -> str:
    turned = request.args.get("dir") == "rtl"
    place = replace(
        samples.SamplePlace(),
        side=side,
        brand_css_url=_brand_url(side),
        dir="rtl" if turned else "ltr",
        person_name=None if "signin" in template else ("Priya Nair" if side == "msp" else "Sam Rivera"),
        client_name=None if side == "msp" else "Bright Dental",
        nav=[] if "signin" in template else (samples.staff_nav(current) if side == "msp" else samples.client_nav(current)),
        action=Entry("Get help", "/ui/new", "plus", current == "new") if side == "client" else None,
        home_url="/ui/queue" if side == "msp" else "/ui/home",
    )
    return render_template(
        template, place=place, flashes=list, ago=samples.ago, tickets=samples.tickets(), files=samples.FILES,
        good=samples.good_form(), bad=samples.bad_form(), long_word=samples.LONG_WORD, pages=PAGES, **context,
    )  # fmt: skip
