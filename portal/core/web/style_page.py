"""`/ui`: every macro in every state, and sample pages made of them. Not registered in production.

``?dir=rtl`` turns a page around, ``?brand=rrggbb`` shows it in another brand's colours; light or dark is the browser's.
"""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.exceptions import NotFound

from portal.core.colour import CLIENT_BLUE, is_colour
from portal.core.palette import palette
from portal.core.policy import public
from portal.core.web import style_samples as samples
from portal.core.web.brand import stylesheet
from portal.core.web.cookies import Side
from portal.core.web.nav import Entry

bp = Blueprint("style", __name__, url_prefix="/ui")

OPEN = "invented data only; never registered in production"

PAGES: dict[str, tuple[Side, str]] = {
    "home": ("client", "home"),
    "tickets": ("client", "tickets"),
    "ticket": ("client", "tickets"),
    "new": ("client", "new"),
    "queue": ("msp", "queue"),
    "desk": ("msp", "queue"),
    "signin": ("client", ""),
    "msp-signin": ("msp", ""),
}
"""Sample pages by name: their side, and which place of the navigation is the current one (none: nobody signed in)."""

ERRORS = ("400", "403", "404", "405", "413", "422", "429", "500", "503", "csrf", "unknown_host")
NOBODY = samples.SamplePlace(
    display_name="", support_email="", support_phone="", support_hours="", website="", person_name=None
)
"""The frame of a page without a tenant."""


@bp.get("")
@public("public", because=OPEN)
def index() -> str:
    """All macros."""
    return _render("index", "client", "none", palette=palette(_wish() or CLIENT_BLUE), errors=ERRORS)


@bp.get("/<name>")
@public("public", because=OPEN)
def sample(name: str) -> str:
    """A sample page. Raises NotFound for one that doesn't exist."""
    if name not in PAGES:
        raise NotFound
    side, current = PAGES[name]
    return _render(name.replace("-", "_"), side, current)


@bp.get("/error/<name>")
@public("public", because=OPEN)
def error(name: str) -> str:
    """An error page, as it looks with a tenant and without (`?bare=1`). Raises NotFound for an unknown one."""
    if name not in ERRORS:
        raise NotFound
    place = NOBODY if request.args.get("bare") else replace(samples.SamplePlace(), brand_css_url=_brand_url("client"))
    return render_template(f"errors/{name}.html", place=place, request_id="01jd3v9k", code=name, name=name, kept=None)


@bp.get("/brand.css")
@public("public", because=OPEN)
def brand() -> Response:
    """The stylesheet of a brand that is tried out."""
    response = make_response(stylesheet(_wish(), "client"))
    response.content_type = "text/css"
    return response


def _wish() -> str | None:
    wish = f"#{request.args.get('brand', '')}"
    return wish if is_colour(wish) else None


def _brand_url(side: Side) -> str | None:
    wish = _wish()
    return url_for("style.brand", brand=wish[1:]) if wish and side == "client" else None


def _render(name: str, side: Side, current: str, **context: Any) -> str:
    place = replace(
        _signed_in(side, current) if current else samples.SamplePlace(side=side, person_name=None),
        brand_css_url=_brand_url(side),
        dir="rtl" if request.args.get("dir") == "rtl" else "ltr",
    )
    return render_template(
        f"style/{name}.html", place=place, flashes=list, ago=samples.ago, tickets=samples.tickets(),
        files=samples.FILES, good=samples.good_form(), bad=samples.bad_form(), long_word=samples.LONG_WORD, pages=PAGES,
        **context,
    )  # fmt: skip


def _signed_in(side: Side, current: str) -> samples.SamplePlace:
    if side == "msp":
        nav = samples.staff_nav(current)
        return samples.SamplePlace(side=side, person_name="Priya Nair", client_name=None, nav=nav, home_url="/ui/queue")
    action = Entry("Get help", "/ui/new", "plus", current == "new")
    return samples.SamplePlace(nav=samples.client_nav(current), action=action, home_url="/ui/home")
