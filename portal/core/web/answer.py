"""Pages, parts and what follows an act. Only this module and `headers` know htmx's headers.

One partial serves the first paint and every later swap: a view names the whole
page and the partial in it; which one goes out is decided here.
"""

from typing import Any

from flask import Response, g, make_response, render_template, request
from werkzeug.utils import redirect as _redirect

from portal.core.web.assets import stylesheets

UNPROCESSABLE = 422


def wants_part() -> bool:
    """Whether htmx asked for a part; a restored history entry always gets the whole page."""
    asked = request.headers.get("HX-Request-Type") == "partial"
    return asked and request.headers.get("HX-History-Restore-Request") != "true"


def is_htmx() -> bool:
    """Whether the request was sent by htmx rather than by the browser itself."""
    return request.headers.get("HX-Request") == "true"


def page(template: str, part: str | None = None, /, *, status: int = 200, **context: Any) -> Response:
    """The whole page, or its part where htmx asked for one."""
    if part is not None and wants_part():
        return make_response(_part(part, context), status)
    from portal.core.web.place import here  # a place asks the policy, and the policy answers

    whole = make_response(render_template(template, **context), status)
    # With the answer's head, before the page itself is there and read: on a slow line that is a tenth of a second.
    whole.headers["Link"] = ", ".join(f"<{each}>; rel=preload; as=style" for each in stylesheets(here()))
    return whole


def saw(url: str, part: str | None = None, /, **context: Any) -> Response:
    """The answer to an act that succeeded: the changed part for htmx, else a 303 to the page that shows it."""
    if part is not None and wants_part():
        return make_response(_part(part, context))
    return moved(url)


def invalid(template: str, part: str | None = None, /, **context: Any) -> Response:
    """The form again with what was typed and what is wrong with it: 422."""
    return page(template, part, status=UNPROCESSABLE, **context)


def moved(url: str) -> Response:
    """Send the person to another page of this site: 303, or htmx's own header, which browsers hide from scripts."""
    if is_htmx():
        response = Response(status=204)
        response.headers["HX-Redirect"] = url
        return response
    return make_response(_redirect(url, 303))


def nothing_new() -> Response:
    """The answer to a poll that found nothing: 204 without a body."""
    return Response(status=204)


def _part(part: str, context: dict[str, Any]) -> str:
    """A partial as htmx gets it: with the page's title and what there is to say, out of band."""
    return render_template("layouts/fragment.html", fragment=part, **context)


def say(message: str, kind: str = "good") -> None:
    """Tell the person something on the next page (a short-lived signed cookie) or, with htmx, in this answer."""
    g.setdefault("flashes", []).append((kind, message))
