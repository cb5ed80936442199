"""What a page does for a slow line: the first look waits for as little as possible, and that is asked for first."""

import re

from tests.world import SAM, TECH


def test_the_stylesheets_are_asked_for_by_the_answers_head(visit):
    for person, path in ((SAM, "/tickets"), (TECH, "/msp/tickets"), (None, "/auth/client-portal/signin")):
        page = visit(person).get(path)
        named = re.findall(r"<([^>]+)>; rel=preload; as=style", page.headers.get("Link", ""))
        assert named == [link["href"] for link in page.dom.select("head link[rel=stylesheet]")] != []


def test_a_part_of_a_page_asks_for_nothing(visit):
    part = visit(SAM).get("/tickets", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert "Link" not in part.headers


def test_script_and_logo_stand_behind_what_the_first_look_waits_for(visit):
    page = visit(SAM).get("/tickets").dom
    assert page.head.select("script") == []
    script = page.body.find_all(recursive=False)[-1]
    assert (script.name, script.has_attr("defer"), script["fetchpriority"]) == ("script", True, "low")
    logo = page.select_one(".brand img")
    assert logo is None or logo["loading"] == "lazy"
