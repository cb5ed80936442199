"""Attribute rules: the table of who may what, printed by the code and compared with what was agreed."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.tenancy.scope import Reach, Scope
from portal.identity.attributes import may_decide, sees_client
from portal.identity.permissions import ROLES, permissions_of
from tests import world

OURS, OTHER = world.client_id("Bright Dental"), world.client_id("Cedar CANARY")
LIMIT = 50_000

TABLE = """
role           held to   our client  other client  500.00  500.01  500.01, no limit
Administrator  all       yes         yes           yes     yes     yes
Administrator  ours      yes         no            yes     yes     yes
Administrator  nothing   no          no            yes     yes     yes
Billing        all       yes         yes           yes     no      yes
Billing        ours      yes         no            yes     no      yes
Billing        nothing   no          no            yes     no      yes
Dispatcher     all       yes         yes           yes     no      yes
Dispatcher     ours      yes         no            yes     no      yes
Dispatcher     nothing   no          no            yes     no      yes
Read-only      all       yes         yes           yes     no      yes
Read-only      ours      yes         no            yes     no      yes
Read-only      nothing   no          no            yes     no      yes
Technician     all       yes         yes           yes     no      yes
Technician     ours      yes         no            yes     no      yes
Technician     nothing   no          no            yes     no      yes
""".strip()


def somebody(role, client_ids):
    return Scope(
        tenant_id=world.tenant_id("harbor"), reach=Reach.STAFF, user_id=uuid.UUID(int=1),
        permissions=permissions_of(role.key), client_ids=client_ids,
    )  # fmt: skip


def printed() -> str:
    """The same table, as the rules answer."""
    lines = [TABLE.splitlines()[0]]
    for role in sorted((each for each in ROLES if each.side == "internal"), key=lambda each: each.name):
        for name, clients in (("all", None), ("ours", frozenset({OURS})), ("nothing", frozenset())):
            viewer = somebody(role, clients)
            cells = (
                sees_client(viewer, OURS), sees_client(viewer, OTHER), may_decide(viewer, LIMIT, LIMIT),
                may_decide(viewer, LIMIT + 1, LIMIT), may_decide(viewer, LIMIT + 1, None),
            )  # fmt: skip
            words = [role.name, name, *("yes" if cell else "no" for cell in cells)]
            widths = (15, 10, 12, 14, 8, 8, 0)
            lines.append("".join(word.ljust(width) for word, width in zip(words, widths, strict=True)).rstrip())
    return "\n".join(lines)


def test_the_rules_answer_as_the_table_says() -> None:
    print(printed())  # noqa: T201  # a table that people read
    assert printed() == TABLE


@given(amount=st.integers(), limit=st.none() | st.integers(0, 10**12))
def test_a_limit_never_lets_more_through_than_none(amount: int, limit: int | None) -> None:
    technician, administrator = (
        somebody(next(role for role in ROLES if role.key == key), None) for key in ("technician", "administrator")
    )
    assert may_decide(administrator, amount, limit)
    assert may_decide(technician, amount, limit) is (limit is None or abs(amount) <= limit)


@pytest.mark.parametrize("reach", [Reach.GATE, Reach.CLIENT])
def test_others_see_their_own_client_at_most(reach: Reach) -> None:
    viewer = Scope(tenant_id=world.tenant_id("harbor"), reach=reach, client_id=OURS, user_id=uuid.UUID(int=1))
    assert sees_client(viewer, OURS) is (reach is Reach.CLIENT)
    assert not sees_client(viewer, OTHER)
