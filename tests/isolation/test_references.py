"""Foreign ids in the fields of a form: never taken, nothing of the stranger's moves, nothing of it is told."""

import uuid
from typing import Any

import pytest

from tests import world
from tests.isolation.house import House
from tests.isolation.sweep import changes

STRANGERS = {"another tenant's": world.DELTA_SAM, "another client's": world.NOAH}
HARBOR = world.tenant_id("harbor")


def one(house: House, statement: str, *values: Any) -> str:
    return str(house.ask(statement, *values)[0][0])


def opened(house: House, **fields: Any) -> Any:
    """What the form of a new ticket answers to these fields."""
    usual = {
        "subject": "A ticket by hand", "description": "words",
        "priority": one(house, "SELECT id FROM priorities WHERE tenant_id = %s AND is_default", HARBOR),
        "board": one(house, "SELECT id FROM boards WHERE tenant_id = %s AND is_default", HARBOR),
    }  # fmt: skip
    return house.send(world.SAM, "POST", "/tickets/new", usual | fields)


def test_the_form_does_work(house: House) -> None:
    assert opened(house).status == 303
    assert house.ask("SELECT count(*) FROM tickets WHERE subject = 'A ticket by hand'") == [(1,)]


@pytest.mark.parametrize(
    ("field", "statement", "whose"),
    [
        ("site", "SELECT id FROM sites WHERE client_id = %(client)s LIMIT 1", "another client's"),
        ("site", "SELECT id FROM sites WHERE client_id = %(client)s LIMIT 1", "another tenant's"),
        ("priority", "SELECT id FROM priorities WHERE tenant_id = %(tenant)s LIMIT 1", "another tenant's"),
        ("board", "SELECT id FROM boards WHERE tenant_id = %(tenant)s LIMIT 1", "another tenant's"),
    ],
)
def test_a_new_ticket_takes_nothing_foreign(house: House, field: str, statement: str, whose: str) -> None:
    stranger = STRANGERS[whose]
    values = {"%(client)s": stranger.client_id, "%(tenant)s": stranger.tenant_id}
    used = [value for name, value in values.items() if name in statement]
    for name in values:
        statement = statement.replace(name, "%s")
    foreign = one(house, statement, *used)
    house.token(world.SAM)
    before = house.tally()
    page, nobodys = opened(house, **{field: foreign}), opened(house, **{field: str(uuid.uuid4())})
    assert page.status == nobodys.status == 422
    assert "CANARY" not in page
    assert changes(before, house.tally(), "sam") == []


@pytest.mark.parametrize("whose", STRANGERS)
def test_a_strangers_waiting_file_is_not_attached(house: House, whose: str) -> None:
    stranger = STRANGERS[whose]
    file_id, form_key = house.ask("SELECT id, form_key FROM staged_files WHERE user_id = %s", stranger.id)[0]
    before = house.tally()
    for key in (form_key, uuid.uuid4()):
        page = opened(house, staged=str(file_id), submission_key=str(key))
        assert page.status in {303, 422}
        assert "CANARY" not in page
    assert house.ask(
        "SELECT count(*) FROM attachments a JOIN tickets t ON t.id = a.ticket_id WHERE t.subject = 'A ticket by hand'"
    ) == [(0,)]
    moved = [line for line in changes(before, house.tally(), "sam") if "staged_files" in line or "summit" in line]
    assert moved == []


@pytest.mark.parametrize("whose", STRANGERS)
def test_a_strangers_submission_key_leads_to_nothing_of_theirs(house: House, whose: str) -> None:
    key = uuid.uuid4()
    house.ask("UPDATE tickets SET submission_key = %s WHERE client_id = %s", key, STRANGERS[whose].client_id)
    page = opened(house, submission_key=str(key))
    assert page.status in {303, 422}
    assert "CANARY" not in page
    assert str(world.CEDAR_NUMBER) not in page.headers.get("Location", "")
    assert str(world.DELTA_NUMBER) not in page.headers.get("Location", "")


@pytest.mark.parametrize(
    ("act", "statement"),
    [
        ("assignment", "SELECT user_id FROM staff_profiles WHERE tenant_id = %s LIMIT 1"),
        ("status", "SELECT id FROM statuses WHERE tenant_id = %s AND category = 'waiting'"),
        ("priority", "SELECT id FROM priorities WHERE tenant_id = %s AND rank = 1"),
    ],
)
def test_a_desk_takes_nothing_of_another_tenant(house: House, act: str, statement: str) -> None:
    foreign = one(house, statement, world.tenant_id("summit"))
    path = f"/msp/tickets/{world.OUR_NUMBER}/{act}"
    house.token(world.TECH)
    before = house.tally()
    page, nobodys = (house.send(world.TECH, "POST", path, {"choice": each}) for each in (foreign, str(uuid.uuid4())))
    assert page.status == nobodys.status == 404
    assert changes(before, house.tally(), "tech") == []
    own = one(house, statement, HARBOR)
    assert house.send(world.TECH, "POST", path, {"choice": own}).status == 303


@pytest.mark.parametrize("person", [world.SAM, world.NOAH])
def test_a_ticket_is_not_given_to_somebody_who_is_not_staff(house: House, person: world.Person) -> None:
    path = f"/msp/tickets/{world.OUR_NUMBER}/assignment"
    assert house.send(world.TECH, "POST", path, {"choice": str(person.id)}).status == 404
