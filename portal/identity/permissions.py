"""Who may do what: every permission, every shipped role, and the table of both.

`flask permissions --json` prints it, a test compares it with what the views ask
for. New tenants get these roles; from then on a tenant's own rows decide, and
changing them is the tenant's business.
"""

from dataclasses import dataclass
from typing import Literal

RoleSide = Literal["internal", "client"]


@dataclass(frozen=True, slots=True)
class ShippedRole:
    """A role that every new tenant has.

    `is_required`: the product can't work without it, and its absence is an error.
    `is_giveable`: a client's Admin may give it to the client's own people.
    """

    key: str
    name: str
    side: RoleSide
    is_required: bool = False
    is_giveable: bool = False


ROLES = (
    ShippedRole("user", "User", "client", is_required=True, is_giveable=True),
    ShippedRole("finance", "Finance", "client", is_giveable=True),
    ShippedRole("admin", "Admin", "client", is_required=True),
    ShippedRole("read_only", "Read-only", "internal"),
    ShippedRole("billing", "Billing", "internal"),
    ShippedRole("technician", "Technician", "internal"),
    ShippedRole("dispatcher", "Dispatcher", "internal"),
    ShippedRole("administrator", "Administrator", "internal", is_required=True),
)

# A word in a row: the role has the permission. A dot: it has not.
_TABLE = """
permission        user finance admin   read_only billing technician dispatcher administrator
ticket:read       yes  yes     yes     yes       yes     yes        yes        yes
ticket:create     yes  yes     yes     .         .       yes        yes        yes
ticket:comment    yes  yes     yes     .         .       .          .          .
ticket:resolve    yes  yes     yes     .         .       yes        yes        yes
ticket:reply      .    .       .       .         .       yes        yes        yes
ticket:note       .    .       .       .         yes     yes        yes        yes
ticket:assign     .    .       .       .         .       yes        yes        yes
ticket:update     .    .       .       .         .       yes        yes        yes
ticket:private    .    .       .       .         .       .          yes        yes
client:read       .    .       .       yes       yes     yes        yes        yes
client:update     .    .       .       .         .       .          yes        yes
user:read         .    .       yes     yes       .       .          yes        yes
user:invite       .    .       yes     .         .       .          yes        yes
user:update       .    .       yes     .         .       .          .          yes
user:deactivate   .    .       yes     .         .       .          .          yes
review:decide     .    .       yes     .         .       .          .          yes
portal:view_as    .    .       .       .         .       .          yes        yes
role:read         .    .       .       .         .       .          .          yes
role:update       .    .       .       .         .       .          .          yes
access:update     .    .       .       .         .       .          .          yes
sso:update        .    .       .       .         .       .          .          yes
amount:unlimited  .    .       .       .         .       .          .          yes
activity:read     .    .       yes     .         .       .          .          .
job:read          .    .       .       .         .       .          .          yes
outbox:read       .    .       .       .         .       .          .          yes
outbox:replay     .    .       .       .         .       .          .          yes
audit:read        .    .       .       .         .       .          .          yes
audit:export      .    .       .       .         .       .          .          yes
"""


def _parsed(table: str) -> dict[str, frozenset[str]]:
    """Permission → keys of the roles that have it. Raises ValueError for a table that doesn't add up."""
    head, *rows = (line.split() for line in table.strip().splitlines())
    if sorted(head[1:]) != sorted(role.key for role in ROLES):
        message = "the table's columns are not the shipped roles"
        raise ValueError(message)
    grants: dict[str, frozenset[str]] = {}
    for permission, *marks in rows:
        if len(marks) != len(head) - 1 or set(marks) - {"yes", "."} or permission in grants:
            message = f"the row of {permission} doesn't add up"
            raise ValueError(message)
        grants[permission] = frozenset(key for key, mark in zip(head[1:], marks, strict=True) if mark == "yes")
    return grants


GRANTS = _parsed(_TABLE)
PERMISSIONS = frozenset(GRANTS)


def permissions_for(side: RoleSide) -> frozenset[str]:
    """What roles of a side can hold: what some shipped role of it has. Nothing of the MSP's own is ever a client's."""
    keys = {role.key for role in ROLES if role.side == side}
    return frozenset(permission for permission, holders in GRANTS.items() if holders & keys)


def permissions_of(role_key: str) -> frozenset[str]:
    """What a shipped role may do in a new tenant."""
    return frozenset(permission for permission, keys in GRANTS.items() if role_key in keys)


def as_rows() -> list[dict[str, object]]:
    """The table for machines: one row a role."""
    return [
        {
            "role": role.key,
            "name": role.name,
            "side": role.side,
            "required": role.is_required,
            "giveable": role.is_giveable,
            "permissions": sorted(permissions_of(role.key)),
        }
        for role in ROLES
    ]
