"""The demo's people: the MSP's staff, and those of its clients who can sign in. All have one published password."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from portal.clients.demo import Company
from portal.core.addresses import email_key
from portal.core.bulk import Load, instant, seeded_ids
from portal.identity.passwords import hash_password
from portal.tenants.showcase import PASSWORD

SCOPES = {"admin": "company", "finance": "own", "user": "taking_part"}
"""How much of the client's tickets a role of the demo sees."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the MSP's staff."""

    id: str
    name: str
    role: str

    @property
    def first_name(self) -> str:
        """How one is addressed."""
        return self.name.split()[0]


class Roles(NamedTuple):
    """Ids of the tenant's shipped roles, by side and key."""

    client: dict[str, str]
    internal: dict[str, str]


_STAFF = {
    "harbor": (
        ("admin", "Ada Quay", "Head of service", "administrator"),
        ("tech", "Priya Nair", "Technician", "technician"),
        ("billing", "Bo Lindqvist", "Billing", "billing"),
        ("dispatch", "Frauke Jürgensen", "Dispatcher", "dispatcher"),
        ("jonas", "Jonas Thürmann", "Technician", "technician"),
        ("mei", "Mei-Ling Zhāng", "Technician", "technician"),
    ),
    "summit": (
        ("admin", "Severin Hofer", "Managing partner", "administrator"),
        ("tech", "Tara Okonkwo", "Technician", "technician"),
        ("billing", "Marlies Gruber-Oberhollenzer", "Billing", "billing"),
        ("dispatch", "Anders Bergström", "Dispatcher", "dispatcher"),
        ("leyla", "Leyla Aydin", "Technician", "technician"),
    ),
}
_ANYBODY = (
    ("admin", "Robin Vale", "Administrator", "administrator"),
    ("tech", "Kim Ahrens", "Technician", "technician"),
    ("billing", "Toni Marsh", "Billing", "billing"),
    ("dispatch", "Sascha Quint", "Dispatcher", "dispatcher"),
)


def roles_of(connection: psycopg.Connection[Any], tenant_id: str) -> Roles:
    """The shipped roles as the tenant was given them."""
    found = Roles({}, {})
    rows = connection.execute("SELECT side, key, id FROM roles WHERE tenant_id = %s AND key IS NOT NULL", [tenant_id])
    for side, key, role_id in rows:
        getattr(found, side)[key] = str(role_id)
    return found


def load_staff(load: Load, roles: Roles) -> list[Colleague]:
    """Give the tenant its staff."""
    people = _People(load, "staff")
    loader, tenant_id, make_id = load.loader, load.tenant_id, people.make_id
    add_role = loader.table("staff_roles", "tenant_id", "id", "user_id", "role_id")
    add_profile = loader.table("staff_profiles", "tenant_id", "id", "user_id", "display_name", "title", "is_active",
                               "sees_assigned_only")  # fmt: skip
    staff = []
    for box, name, title, role in _STAFF.get(load.slug, _ANYBODY):
        user_id = people.add("internal", f"{box}@{load.slug}.example", name)
        add_role((tenant_id, make_id(load.since), user_id, roles.internal[role]))
        add_profile((tenant_id, make_id(load.since), user_id, name, title, True, False))
        staff.append(Colleague(user_id, name, role))
    return staff


def load_members(load: Load, companies: Iterable[Company], roles: Roles) -> None:
    """Let those contacts sign in that have a role."""
    people = _People(load, "members")
    loader, tenant_id, make_id, at = load.loader, load.tenant_id, people.make_id, people.at
    add_member = loader.table("memberships", "tenant_id", "id", "user_id", "client_id", "contact_id", "ticket_scope",
                              "is_active", "created_at")  # fmt: skip
    add_role = loader.table("membership_roles", "tenant_id", "id", "client_id", "user_id", "membership_id", "role_id")
    known: dict[str, str] = {}
    for company in companies:
        for contact in (*company.contacts, *company.outsiders):
            if contact.role is None:
                continue
            user_id = known.get(contact.email) or people.add("client", contact.email, contact.name)
            known[contact.email] = user_id
            member_id = make_id(load.since)
            add_member((tenant_id, member_id, user_id, company.id, contact.id, SCOPES[contact.role], True, at))
            add_role((tenant_id, make_id(load.since), company.id, user_id, member_id, roles.client[contact.role]))


class _People:
    """Users and their passwords; the hash is made once, since all share the password that the README tells."""

    def __init__(self, load: Load, purpose: str) -> None:
        self.load = load
        self.make_id = seeded_ids(load.chance(purpose))
        self.at = instant(load.since)
        self.hash = hash_password(PASSWORD)
        self.add_user = load.loader.table("users", "tenant_id", "id", "kind", "email", "email_key", "name", "state",
                                          "state_reason", "is_managed", "verified_at", "created_at")  # fmt: skip
        self.add_password = load.loader.table("passwords", "tenant_id", "id", "user_id", "hash", "changed_at")

    def add(self, kind: str, email: str, name: str) -> str:
        """Add somebody; the id."""
        tenant_id, user_id = self.load.tenant_id, self.make_id(self.load.since)
        self.add_user((tenant_id, user_id, kind, email, email_key(email), name, "active", "", False, self.at, self.at))
        self.add_password((tenant_id, self.make_id(self.load.since), user_id, self.hash, self.at))
        return user_id
