"""Words, times and drawn parts are remembered, and no reader gets another's."""

import datetime as dt
import threading

import pytest
from flask import Flask, g, render_template_string, url_for
from flask_babel import gettext
from markupsafe import Markup

from portal.core.web import locale, paths
from portal.core.web.place import Place
from portal.core.web.templating import remembered

AT = dt.datetime(2026, 3, 2, 23, 30, tzinfo=dt.UTC)
PAGE = """
{%- from "ui/time.html" import time -%}
{{ _("Newer") }}|{{ _("%(name)s is on it", name=name) }}|{{ ngettext("%(num)d file", "%(num)d files", 2) }}|
{{- spoken("layouts/_words.html") }}|{{ time(at, full=True) }}"""


def page(app: Flask, language: str, time_zone: str) -> str:
    with app.test_request_context():
        g.place = Place(person_locale=language, person_time_zone=time_zone)
        return render_template_string(PAGE, name="<Tom>", at=AT) + gettext("Older")


def test_words_and_times_follow_the_reader_in_many_threads(app: Flask) -> None:
    readers = [("en", "UTC"), ("de", "UTC"), ("en", "Asia/Tokyo"), ("de", "Asia/Tokyo")]
    expected = {reader: page(app, *reader) for reader in readers}
    wrong: list[str] = []

    def read(number: int) -> None:
        for turn in range(40):
            reader = readers[(number + turn) % len(readers)]
            if page(app, *reader) != expected[reader]:
                wrong.append(f"{reader} got somebody else's page")

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert len(set(expected.values())) == len(readers)
    assert "Newer|&lt;Tom&gt; is on it|2 files|" in expected["en", "UTC"]
    assert "Neuere" in expected["de", "UTC"]
    assert "No connection." not in expected["de", "UTC"]


def test_a_page_and_a_mail_within_it_keep_their_languages(app: Flask) -> None:
    with app.test_request_context():
        g.place = Place(person_locale="de")
        german = render_template_string("{{ _('Newer') }}")
        with app.app_context():
            g.place = Place(person_locale="en")
            assert render_template_string("{{ _('Newer') }}") == "Newer"
        assert render_template_string("{{ _('Newer') }}") == german != "Newer"


def test_plain_text_is_not_escaped_and_html_is(app: Flask) -> None:
    pattern = "_('%(name)s is on it', name='<b>')"
    with app.test_request_context():
        g.place = Place(person_locale="en")
        assert render_template_string(f"{{{{ {pattern} }}}}") == "&lt;b&gt; is on it"
        assert render_template_string(f"{{% autoescape false %}}{{{{ {pattern} }}}}{{% endautoescape %}}") == (
            "<b> is on it"
        )


def test_a_text_and_the_same_text_as_html_are_remembered_apart() -> None:
    drawn = remembered(lambda text: Markup("<i>{}</i>").format(text))  # type: ignore[arg-type]  # any function will do
    assert drawn(Markup("<b>")) == "<i><b></i>"
    assert drawn("<b>") == "<i>&lt;b&gt;</i>"


def test_the_day_is_that_of_the_reader(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale.clock, "now", lambda: AT + dt.timedelta(minutes=10))
    said = {}
    for time_zone in ("UTC", "Asia/Tokyo"):
        with app.test_request_context():
            g.place = Place(person_locale="en", person_time_zone=time_zone)
            said[time_zone] = (locale.when(AT), locale.when(AT - dt.timedelta(hours=20)))
    words = {time_zone: [each.split()[0] for each in times] for time_zone, times in said.items()}
    assert words == {"UTC": ["today", "today"], "Asia/Tokyo": ["today", "yesterday"]}


def test_short_ways_lead_where_the_map_does(app: Flask) -> None:
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" in (rule.methods or ()) and not rule.arguments:
                assert paths.fixed(rule.endpoint) == url_for(rule.endpoint)
        for endpoint in ("tickets.show", "desk.show"):
            assert paths.numbered(endpoint)(7001) == url_for(endpoint, number=7001)
