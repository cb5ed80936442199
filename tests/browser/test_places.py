"""Every place that a person may go to can be pressed: in the bar, behind More and in the person's own menu."""

from typing import Any

import pytest

from tests import world
from tests.browser.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("size", "scripts"), [(PHONE, True), (PHONE, False), (DESKTOP, True)], ids=str)
@pytest.mark.parametrize(("person", "start"), [(world.ADMIN, "/msp"), (world.DANA, "/")], ids=["staff", "client"])
def test_every_place_can_be_pressed(browse: Any, person: world.Person, start: str, size: Any, scripts: bool) -> None:
    page = browse(person, scripts=scripts, size=size)
    page.goto(start)
    pressed = set()
    for link in page.locator(".nav li:not(.nav__more) > a:visible").all():
        link.click(trial=True)
        pressed.add(link.get_attribute("href"))
    for menu in page.locator("details[data-menu]:visible").all():
        menu.locator("summary").click()
        for link in menu.get_by_role("link").all():
            link.click(trial=True)
            pressed.add(link.get_attribute("href"))
        menu.locator("summary").click()
    # On a desk the first act stands on the pages themselves.
    shown = page.locator(".nav li:not(.nav__act) a, .nav__act a:visible, .who a")
    offered = {link.get_attribute("href") for link in shown.all()}
    assert pressed == offered
    assert len(offered) > 4
