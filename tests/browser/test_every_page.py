"""Every page that a person can open: no axe violation, no sideways scrolling, in each scheme and on each size."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from sqlalchemy import update

from portal.identity.models import AccessSettings
from tests import world
from tests.browser.conftest import DESKTOP, fits
from tests.look.test_axe import RULES, faults

pytestmark = pytest.mark.browser

NUMBERS = {"company": world.COMPANIES["Bright Dental"][1]}
SHOWN = {200, 410}
"""A page, or the page that says that a link is spent: those of mails are opened without their mail."""
PEOPLE = {"client": world.DANA, "staff": world.ADMIN, "gate": None, "public": None}


def addresses(app: Flask, face: str) -> list[str]:
    """The addresses of a face without parameters or with our own ticket's number."""
    found = []
    for rule in app.url_map.iter_rules():
        is_page = "GET" in rule.methods and not rule.arguments - {"number"}
        if is_page and app.view_functions[rule.endpoint].__allows__.face == face:
            of = app.view_functions[rule.endpoint].__allows__.object_kind
            path = rule.rule.replace("<int(max=999999999):number>", str(NUMBERS.get(of, world.OUR_NUMBER)))
            if not path.startswith(("/ui", "/static", "/brand")) and not path.endswith("/updates"):
                found.append(path)
    return found


@pytest.mark.parametrize("face", sorted(PEOPLE))
@pytest.mark.parametrize(("scheme", "size"), [("light", None), ("dark", DESKTOP)], ids=["phone", "desktop"])
def test_every_page_is_for_everybody(app: Flask, browse: Any, system: Any, face: str, scheme: str, size: Any) -> None:
    with system() as session:
        session.execute(update(AccessSettings).values(link_sign_in=True, number_sign_in=True, takes_requests=True))
    page = browse(PEOPLE[face], size=size, scheme=scheme)
    seen, problems = 0, {}
    for path in addresses(app, face):
        answer = page.goto(path)
        assert answer.status in SHOWN, path
        seen += 1
        found = faults(Axe().run(page, options=RULES))
        if not fits(page):
            found.append("scrolls to the side")
        if found:
            problems[path] = found
    assert seen
    assert not problems
