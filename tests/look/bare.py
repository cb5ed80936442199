"""An app with nothing but the look: layouts, macros, scripts, the style page, and pages that try the scripts out."""

import datetime as dt
import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask, Response, make_response, render_template, request
from flask_babel import Babel, format_datetime
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from werkzeug.serving import WSGIRequestHandler, make_server

from portal.core.web import assets, figures, phrases, style_page, style_samples
from portal.core.web.headers import CONTENT_SECURITY_POLICY
from portal.core.web.templating import remembered

ROOT = Path(__file__).resolve().parents[2]
TOKEN = Markup('<input type="hidden" name="csrf_token" value="t">')

PAGES = {
    "try/page.html": """
{% extends "layouts/client.html" %}
{% from "ui/page_head.html" import page_head %}
{% block main %}<div class="stack">{{ page_head("Trying") }}
{% include "try/_form.html" %}
<p><a id="go" href="/try/other" hx-get="/try/other" hx-target="#part" hx-swap="outerMorph" hx-push-url="true">Other
</a></p>
<div id="part" class="sheet">first<div data-trouble role="alert"></div></div></div>{% endblock %}""",
    "try/_form.html": """
{%- from "ui/form.html" import form -%}
{%- from "ui/field.html" import field -%}
{%- from "ui/textarea.html" import textarea -%}
{%- from "ui/file_field.html" import file_field -%}{%- from "ui/button.html" import button -%}
{%- from "ui/error_summary.html" import error_summary -%}
<div id="box" class="sheet stack">{{ error_summary(f) }}
{% call form(action, target=("#box" if live else None), files=True, retry=retry) %}
{{ field(f.subject) }}{{ textarea(f.body, draft="try") }}{{ file_field(f.files) }}
{{ button("Send reply", tone="main", busy="Sending…") }}
{% endcall %}</div>""",
    "try/_done.html": """<div id="box" class="sheet" tabindex="-1"><p id="done">{{ words }}</p></div>""",
    "try/_other.html": """<div id="part" class="sheet">second</div>""",
}


class Trial:
    """What the test tells the app to answer, and what the app was sent."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.status = 200
        self.wait = threading.Event()
        self.wait.set()


def make(trial: Trial) -> Flask:
    """The app."""
    app = Flask("portal", static_folder=None, root_path=str(ROOT / "portal"))
    app.secret_key = "x"
    app.jinja_loader = ChoiceLoader([DictLoader(PAGES), FileSystemLoader(ROOT / "templates")])
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.add_extension("jinja2.ext.i18n")
    Babel(app)
    figures.install(app)
    phrases.install(app)
    said: list[tuple[str, str]] = []

    def flashes() -> list[tuple[str, str]]:
        taken = list(said)
        said.clear()
        return taken

    environment.globals.update(
        asset=assets.asset,
        stylesheets=assets.stylesheets,
        csrf_field=lambda: TOKEN,
        flashes=flashes,
        when=_when,
        full_time=format_datetime,
        remembered=remembered,
    )
    app.register_blueprint(style_page.bp)
    app.add_url_rule("/static/<path:name>", "static", _static)
    app.add_url_rule("/try", "page", _page)
    app.add_url_rule("/try/other", "other", lambda: _other(trial))
    app.add_url_rule("/try/send", "send", lambda: _send(trial, said), methods=["POST"])
    app.add_url_rule("/try/out", "out", _page, methods=["POST"])
    app.after_request(_policy)
    return app


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The app's address while it serves."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _static(name: str) -> Response:
    """The file's bytes, not the open file: a browser that leaves while it is sent would leave it open here."""
    return Response((ROOT / "static/dist" / name).read_bytes(), mimetype=mimetypes.guess_type(name)[0])


def _policy(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def _when(at: dt.datetime) -> str:
    return str(format_datetime(at, "short"))


def _place() -> style_samples.SamplePlace:
    person = request.args.get("person", "sam")
    return replace(style_samples.SamplePlace(), draft_key=person, signout_url="/try/out")


def _context() -> dict[str, Any]:
    return {
        "place": _place(),
        "f": style_samples.SampleForm(formdata=None),
        "live": "plain" not in request.args,
        "retry": "retry" in request.args,
        "action": "/try/send?" + request.query_string.decode(),
    }


def _page() -> str:
    return render_template("try/page.html", title="Trying", **_context())


def _other(trial: Trial) -> Response:
    trial.wait.wait(10)
    trial.received.append({"path": request.full_path})
    if trial.status >= 400:
        body = render_template("errors/_part.html", code=trial.status, name=str(trial.status), request_id="r1")
        return make_response(body, trial.status)
    body = render_template("layouts/fragment.html", fragment="try/_other.html", title="Other", **_context())
    return make_response(body)


def _send(trial: Trial, said: list[tuple[str, str]]) -> Response:
    trial.wait.wait(10)
    files = [
        (each.filename, len(each.read()), each.mimetype) for each in request.files.getlist("files") if each.filename
    ]
    trial.received.append({**request.form, "files": files})
    context = _context()
    if trial.status == 422:
        context["f"].process(request.form)
        context["f"].subject.errors = ["Say in a few words what it is about."]
        return make_response(render_template("layouts/fragment.html", fragment="try/_form.html", **context), 422)
    if trial.status >= 400:
        name = str(trial.status)
        body = render_template("errors/_part.html", code=trial.status, name=name, request_id="r1")
        return make_response(body, trial.status)
    said.append(("good", "Your reply is on its way."))
    if "away" in request.args:
        return Response(status=204, headers={"HX-Redirect": "/try/away"})
    if "stays" in request.args:
        return make_response(render_template("layouts/fragment.html", fragment="try/_form.html", **context))
    if not context["live"]:
        response = make_response("", 303)
        response.headers["Location"] = "/try?" + request.query_string.decode()
        return response
    words = request.form["body"]
    return make_response(render_template("layouts/fragment.html", fragment="try/_done.html", words=words, **context))
