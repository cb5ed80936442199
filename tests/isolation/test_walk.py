"""What is shown works, and what may be done is shown: every shipped role on both sides walks through all its pages."""

from typing import Any

import pytest

from portal.core import policy as table
from portal.core.web import nav
from portal.identity.permissions import permissions_for
from portal.tickets import policy
from tests import world
from tests.isolation.house import TOKEN_PAGE, House
from tests.isolation.lived_in import A_ROLE_ALONE, AT_ANNEX, LOOKS_UP, live_in
from tests.isolation.test_matrix import FACE_OF, PEOPLE, crowded, permissions
from tests.isolation.walk import Walk
from tests.people.conftest import opened
from tests.world import Person

__all__ = ["crowded"]

BY_ITSELF = {
    "GET identity.client_confirm": "asked for by itself where the last proof is old",
    "POST identity.client_confirm_try": "its form",
    "GET identity.msp_confirm": "asked for by itself where the last proof is old",
    "POST identity.msp_confirm_try": "its form",
    "POST access.save_roles": "its button stands under the preview, which a POST answers",
    "POST people.leave_portal": "in the banner of somebody who looks on, and for nobody else",
}
"""What nothing shown leads to, and why that is as it should be."""


@pytest.fixture
def lived_in(crowded: House) -> House:
    """The house with somebody and something in every state that has a button of its own."""
    live_in(crowded, PEOPLE)
    return crowded


def walk(house: House, person: Person, may: set[str], **how: Any) -> Walk:
    """The person's walk with these permissions; pages that look different without an app are seen a second time."""
    found = Walk(house.app, house.visitor(person), FACE_OF[person.side], frozenset(may), **how).go()
    house.ask("DELETE FROM totps")
    return found.go(TOKEN_PAGE[person.side])


def unexplained(found: Walk) -> list[str]:
    return [each for each in found.dead_ends() if each not in BY_ITSELF]


@pytest.mark.parametrize("person", [*PEOPLE, LOOKS_UP], ids=lambda person: person.role)
def test_what_a_role_is_shown_works_and_what_it_may_do_is_shown(lived_in: House, person: Person) -> None:
    found = walk(lived_in, person, permissions(lived_in, person))
    assert found.wrong == []
    assert unexplained(found) == []
    assert not [each for each in BY_ITSELF if tuple(reversed(each.split())) in found.led_to], "shown after all"
    assert found.opened > 25, "somebody stayed at home"
    assert {title: views for title, views in found.titles.items() if len(views) > 1} == {}, "two pages of one name"


@pytest.mark.parametrize("writes", [False, True], ids=["reading", "writing"])
def test_somebody_who_looks_on_is_shown_what_a_looker_may(lived_in: House, writes: bool) -> None:
    lived_in.ask("UPDATE access_settings SET view_as_may_write = %s", writes)
    staff, held = lived_in.visitor(world.ADMIN), permissions(lived_in, world.DANA)
    assert opened(staff, world.DANA).status == 303
    may = {each for each in held if each.endswith(":read") or (writes and each in table.LOOKERS_MAY_WRITE)}
    found = Walk(lived_in.app, staff, "client", frozenset(may), looks_on=True).go()
    assert found.wrong == []
    assert found.dead_ends() == []
    assert found.press("tickets.") == []
    assert any("/comments" in address for address in found.forms) is writes


def test_who_acts_at_one_site_is_offered_that_there_alone(lived_in: House) -> None:
    """Ella reads the tickets of every site and answers those of the annex: what she is shown, she can send."""
    found = walk(lived_in, AT_ANNEX, permissions(lived_in, world.DANA))
    assert found.wrong == []
    assert unexplained(found) == []
    assert ("tickets.comment", "POST") in found.led_to
    assert f"/tickets/{world.OUR_NUMBER}/comments" not in found.forms
    assert found.press("tickets.") == []


def test_a_single_permission_leads_nowhere_that_is_shut(lived_in: House) -> None:
    """A tenant makes roles of its own: whatever is in one, nobody is led to what it doesn't hold."""
    visitor, wrong = lived_in.visitor(A_ROLE_ALONE), []
    everybodys = Walk(lived_in.app, visitor, "staff", frozenset(), examples=1).go()
    for permission in sorted(permissions_for("internal")):
        lived_in.ask(
            "UPDATE role_permissions p SET permission = %s FROM roles r WHERE r.tenant_id = p.tenant_id"
            " AND r.id = p.role_id AND r.name = %s", permission, A_ROLE_ALONE.role,
        )  # fmt: skip
        alone = Walk(lived_in.app, visitor, "staff", frozenset({permission}), examples=1, known={*everybodys.known})
        wrong += [f"with {permission} alone {each}" for each in alone.go().wrong]
    assert everybodys.wrong + wrong == []


def test_a_link_to_what_is_shut_is_found(lived_in: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sam's menu leads to the people of the company, whom only its Admins look after."""
    planted = nav.Item("client", "People", "people", "people.users", 70)
    monkeypatch.setattr(nav, "_items", [*nav._items, planted])
    monkeypatch.setattr(nav.policy, "is_open_to", lambda *_: True)
    found = walk(lived_in, world.SAM, permissions(lived_in, world.SAM), examples=1)
    assert "/ shows GET /account/users, which this person may not" in found.wrong
    assert "/ leads to /account/users, which answers 404" in found.wrong


def test_a_button_for_what_is_shut_is_found(lived_in: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "may", lambda *_: True)
    found = walk(lived_in, world.READER, permissions(lived_in, world.READER), examples=1)
    assert any("/replies, which this person may not" in each for each in found.wrong)


def test_a_page_without_a_way_there_is_found(lived_in: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nav, "_items", [each for each in nav._items if each.endpoint != "activity.activity"])
    found = walk(lived_in, world.DANA, permissions(lived_in, world.DANA), examples=1)
    assert "GET activity.activity" in unexplained(found)
