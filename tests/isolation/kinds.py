"""Kinds of objects in addresses, as `policy.allow(of=…)` names them, and where everybody's are found.

A new kind wants a line here; a route of an unknown kind fails the sweep.
"""

import uuid
from collections.abc import Iterator
from typing import Any

from psycopg.rows import dict_row

from tests import world
from tests.isolation.house import DANAS_NUMBER, House
from tests.world import Person

FINDS: dict[str, str] = {
    "ticket": "SELECT number FROM tickets WHERE client_id = %(client)s AND number <> %(danas)s ORDER BY number LIMIT 1",
    "comment": (
        "SELECT t.number, c.id AS comment_id FROM comments c JOIN tickets t ON t.id = c.ticket_id"
        " JOIN attachments a ON a.comment_id = c.id"
        " WHERE c.client_id = %(client)s AND c.visibility = %(visibility)s AND t.number <> %(danas)s LIMIT 1"
    ),
    "attachment": (
        "SELECT t.number, c.id AS file_id FROM attachments c JOIN tickets t ON t.id = c.ticket_id"
        " WHERE c.client_id = %(client)s AND c.visibility = %(visibility)s AND t.number <> %(danas)s LIMIT 1"
    ),
    "delivery": "SELECT id AS delivery_id FROM deliveries WHERE tenant_id = %(tenant)s LIMIT 1",
    "mail": "SELECT id AS mail_id FROM outgoing_mail WHERE tenant_id = %(tenant)s LIMIT 1",
    "company": "SELECT number FROM clients WHERE id = %(client)s",
    "contact": (
        "SELECT c.number, k.id AS contact_id FROM contacts k JOIN clients c ON c.id = k.client_id"
        " WHERE k.client_id = %(client)s AND k.email <> '' ORDER BY k.email NOT LIKE 'fin@%%', k.email DESC LIMIT 1"
    ),
    "colleague": (
        "SELECT k.id AS contact_id FROM contacts k JOIN memberships m ON m.contact_id = k.id"
        " WHERE k.client_id = %(client)s AND k.email <> '' ORDER BY k.email DESC LIMIT 1"
    ),
    "role": "SELECT id AS role_id FROM roles WHERE tenant_id = %(tenant)s AND key = 'finance'",
    "board_group": "SELECT id AS group_id FROM board_groups WHERE tenant_id = %(tenant)s LIMIT 1",
    "staff_member": (
        "SELECT s.user_id FROM staff_profiles s JOIN users u ON u.id = s.user_id"
        " WHERE s.tenant_id = %(tenant)s AND u.email LIKE 'tech@%%' LIMIT 1"
    ),
    "review_item": "SELECT id AS item_id FROM access_review_items WHERE client_id = %(client)s LIMIT 1",
    "company_review_item": (
        "SELECT c.number, i.id AS item_id FROM access_review_items i JOIN clients c ON c.id = i.client_id"
        " WHERE i.client_id = %(client)s LIMIT 1"
    ),
    "client_group": "SELECT id AS group_id FROM client_groups WHERE tenant_id = %(tenant)s LIMIT 1",
    "group_grant": "SELECT group_id, id AS grant_id FROM group_grants WHERE tenant_id = %(tenant)s LIMIT 1",
    "passkey": "SELECT id AS passkey_id FROM passkeys WHERE user_id = %(user)s LIMIT 1",
    "session": "SELECT id AS session_id FROM sessions WHERE user_id = %(user)s LIMIT 1",
    "alert": "SELECT id AS alert_id FROM security_alerts WHERE tenant_id = %(tenant)s LIMIT 1",
    "sso_provider": "SELECT id AS provider_id FROM sso_providers WHERE tenant_id = %(tenant)s LIMIT 1",
    "access_request": "SELECT id AS request_id FROM access_requests WHERE tenant_id = %(tenant)s LIMIT 1",
}
"""Values for the address of one object of each kind, found for a person."""

DANAS: dict[str, str] = {
    "ticket": "SELECT number FROM tickets WHERE number = %(danas)s",
    "comment": "SELECT t.number, c.id AS comment_id FROM comments c JOIN tickets t ON t.id = c.ticket_id"
    " JOIN attachments a ON a.comment_id = c.id WHERE t.number = %(danas)s",
    "attachment": "SELECT t.number, c.id AS file_id FROM attachments c JOIN tickets t ON t.id = c.ticket_id"
    " WHERE t.number = %(danas)s",
}  # fmt: skip
"""The same of the colleague's ticket, which is hidden from those who take no part in it."""

OF_TENANT = frozenset(
    {
        "delivery",
        "staff_member",
        "client_group",
        "group_grant",
        "mail",
        "role",
        "board_group",
        "access_request",
        "alert",
        "sso_provider",
    }
)
OF_PERSON = frozenset({"passkey", "session"})
Values = dict[str, Any]


def own(house: House, kind: str, person: Person) -> Values:
    """Something of this kind that the person may see."""
    found = _find(house, FINDS[kind], person if person.side == "client" else _client_beside(person), "public")
    if kind in OF_PERSON:
        house.visitor(person)
        _give_passkey(house, person)
        found = _find(house, FINDS[kind], person, "public")
    assert found, f"{person.email} has no {kind}"
    return found


def foreign(house: House, kind: str, person: Person) -> Iterator[tuple[str, Values]]:
    """Everything of this kind that the person may not see, with a word for whose it is."""
    yield "another tenant's", _surely(house, kind, _of_other_tenant(person))
    if kind in OF_PERSON:
        others = (world.NOAH, world.DANA, world.TECH, world.ADMIN)
        for other in others:
            if other.id != person.id:
                house.visitor(other)
                _give_passkey(house, other)
                yield f"{other.name}'s", _surely(house, kind, other)
    if person.side != "client" or kind in OF_TENANT | OF_PERSON:
        return
    yield "another client's", _surely(house, kind, world.NOAH)
    if kind in {"comment", "attachment"}:
        hidden = _find(house, FINDS[kind], person, "internal")
        assert hidden
        yield "the staff's among themselves", hidden
    if person.ticket_scope != "company" and kind in DANAS:
        found = _find(house, DANAS[kind], person, "public")
        assert found
        yield "a colleague's", found


def nobodys(values: Values) -> Values:
    """Values of the same shape that belong to nobody."""
    return {name: uuid.uuid4() if isinstance(value, uuid.UUID) else 424242 for name, value in values.items()}


def mixed(mine: Values, other: Values) -> Iterator[Values]:
    """An address half of the own and half of the other: the own ticket with a foreign file, and the other way round."""
    for name in mine:
        half = mine | {name: other[name]}
        if half not in (mine, other):
            yield half


def _give_passkey(house: House, person: Person) -> None:
    """One for somebody who has none, or has just removed it."""
    house.ask(
        "INSERT INTO passkeys (tenant_id, id, user_id, name, credential_id, public_key, sign_count, transports,"
        " created_at) SELECT tenant_id, gen_random_uuid(), id, 'key', 'anew ' || id, 'AA', 0, '{}', created_at"
        " FROM users u WHERE u.id = %s AND NOT EXISTS (SELECT FROM passkeys k WHERE k.user_id = u.id)",
        person.id,
    )


def _surely(house: House, kind: str, person: Person) -> Values:
    found = _find(house, FINDS[kind], person, "public")
    assert found, f"{person.email} has no {kind}: add one to the house"
    return found


def _of_other_tenant(person: Person) -> Person:
    return world.DELTA_SAM if person.tenant == "harbor" else world.SAM


def _client_beside(person: Person) -> Person:
    return world.SAM if person.tenant == "harbor" else world.DELTA_SAM


def _find(house: House, statement: str, person: Person, visibility: str) -> Values | None:
    values = {
        "client": person.client_id if person.side == "client" else None, "tenant": person.tenant_id, "user": person.id,
        "visibility": visibility, "danas": DANAS_NUMBER,
    }  # fmt: skip
    return house.owner.cursor(row_factory=dict_row).execute(statement, values).fetchone()
