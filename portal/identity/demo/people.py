"""The demo's people: the MSP's staff, and those of its clients who can sign in. All have one published password."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from portal.clients.demo import Company, Contact
from portal.core.addresses import email_key
from portal.core.bulk import Load, instant, seeded_ids
from portal.identity.passwords import hash_password
from portal.tenants.showcase import PASSWORD

SCOPES = {"admin": "company", "finance": "own", "user": "taking_part", "reader": "company"}
"""How much of the client's tickets a role of the demo sees."""
READER = ("reader", "Reader", ("ticket:read",))
"""A role that the MSP made itself: what the demo calls it, its name, and what it may do."""


DAY, NOON = 86_400_000, 43_200_000
"""Milliseconds."""
DAYS = 12
"""So many days back people came in."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How somebody's access is cut to size. `at_site`: the role counts at the own site alone."""

    scope: str = ""
    at_site: bool = False
    on_boards: bool = False
    denied: tuple[str, ...] = ()
    is_invited: bool = False
    by_grant: bool = False


CUTS = {
    "lena@brightdental.example": Cut("company", at_site=True),
    "theo@brightdental.example": Cut(on_boards=True),
    "ines@brightdental.example": Cut("own"),
    "jule@brightdental.example": Cut(is_invited=True),
    "paul@cedarlaw.example": Cut(denied=("ticket:resolve",)),
    "hanna@elbepartners.example": Cut("company", by_grant=True),
    "mirjam@deltafoods.example": Cut("company", at_site=True),
}


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


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody's seat at a company."""

    id: str
    user_id: str
    company: Company
    contact: Contact
    cut: Cut
    role_id: str
    """The id of the row that gives the role."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody with a login: the staff by their mailbox, the others by seat."""

    staff: dict[str, str]
    seats: list[Seated]

    def seat(self, email: str, company: str = "") -> Seated:
        """The seat of this address, the first where it has several and no company is named."""
        return next(each for each in self.seats if each.contact.email == email and company in {"", each.company.name})


class Bounds(NamedTuple):
    """What some seats are held by: a group of boards, a grant over a group of clients."""

    board_group_id: str | None
    client_group_id: str | None
    grant_id: str | None


class Roles(NamedTuple):
    """Ids of the tenant's roles, by side and key."""

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
_HELD = {"harbor": (("nils", "Nils Brodersen", "Technician", "technician", "Cedar Law"),)}
"""Of all clients only the last named one exists for them, so no story of the demo is theirs."""
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


def add_reader(load: Load, roles: Roles) -> None:
    """Give a tenant that the README names a role of its own, which its clients' Admins may give."""
    if load.slug not in _STAFF:
        return
    key, name, permissions = READER
    make_id = seeded_ids(load.chance("roles"))
    add_role = load.loader.table("roles", "tenant_id", "id", "name", "side", "is_giveable", "requires_mfa")
    add_permission = load.loader.table("role_permissions", "tenant_id", "id", "role_id", "permission")
    roles.client[key] = make_id(load.since)
    add_role((load.tenant_id, roles.client[key], name, "client", True, False))
    for permission in permissions:
        add_permission((load.tenant_id, make_id(load.since), roles.client[key], permission))


def load_staff(load: Load, roles: Roles, companies: Iterable[Company]) -> tuple[list[Colleague], dict[str, str]]:
    """Give the tenant its staff: those who work on every client's tickets, and everybody's ids by mailbox."""
    people = _People(load, "staff")
    loader, tenant_id, make_id = load.loader, load.tenant_id, people.make_id
    add_role = loader.table("staff_roles", "tenant_id", "id", "user_id", "role_id")
    add_profile = loader.table("staff_profiles", "tenant_id", "id", "user_id", "display_name", "title", "is_active",
                               "sees_assigned_only")  # fmt: skip
    add_assignment = loader.table("client_assignments", "tenant_id", "id", "user_id", "client_id")
    staff, ids = [], {}

    def add(box: str, name: str, title: str, role: str, *, is_held: bool) -> None:
        ids[box] = people.add("internal", f"{box}@{load.slug}.example", name)
        add_role((tenant_id, make_id(load.since), ids[box], roles.internal[role]))
        add_profile((tenant_id, make_id(load.since), ids[box], name, title, True, is_held))

    for box, name, title, role in _STAFF.get(load.slug, _ANYBODY):
        add(box, name, title, role, is_held=False)
        staff.append(Colleague(ids[box], name, role))
    for box, name, title, role, client in _HELD.get(load.slug, ()):
        add(box, name, title, role, is_held=True)
        served = next(company.id for company in companies if company.name == client)
        add_assignment((tenant_id, make_id(load.since), ids[box], served))
    return staff, ids


def load_members(load: Load, companies: Iterable[Company], roles: Roles, bounds: Bounds) -> list[Seated]:
    """Let those contacts sign in that have a role."""
    people = _People(load, "members")
    loader, tenant_id, make_id, at = load.loader, load.tenant_id, people.make_id, people.at
    add_member = loader.table("memberships", "tenant_id", "id", "user_id", "client_id", "contact_id", "site_id",
                              "ticket_scope", "board_group_id", "group_grant_id", "is_active", "last_used_at",
                              "created_at")  # fmt: skip
    add_role = loader.table("membership_roles", "tenant_id", "id", "client_id", "user_id", "membership_id", "role_id")
    known: dict[str, str] = {}
    seats = []
    for company in companies:
        for contact in (*company.contacts, *company.others):
            if contact.role is None:
                continue
            cut = CUTS.get(contact.email, Cut())
            user_id = known.get(contact.email) or people.add(
                "client", contact.email, contact.name, is_pending=cut.is_invited
            )
            known[contact.email] = user_id
            seat = Seated(make_id(load.since), user_id, company, contact, cut, make_id(load.since))
            seats.append(seat)
            add_member(
                (tenant_id, seat.id, user_id, company.id, contact.id, contact.site_id if cut.at_site else None,
                 cut.scope or SCOPES[contact.role], bounds.board_group_id if cut.on_boards else None,
                 bounds.grant_id if cut.by_grant else None, not cut.is_invited, _last_use(load, company, contact), at)
            )  # fmt: skip
            add_role((tenant_id, seat.role_id, company.id, user_id, seat.id, roles.client[contact.role]))
    return seats


def days_of(company: Company, contact: Contact) -> range:
    """How many days ago somebody beside the README's people came in: every fourth day."""
    if contact not in company.others or CUTS.get(contact.email, Cut()).is_invited:
        return range(0)
    return range(company.others.index(contact) % 4 + 1, DAYS + 1, 4)


def _last_use(load: Load, company: Company, contact: Contact) -> str | None:
    days = days_of(company, contact)
    return instant((load.until // DAY - days[0]) * DAY + NOON) if days else None


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

    def add(self, kind: str, email: str, name: str, *, is_pending: bool = False) -> str:
        """Add somebody; the id. Who was invited and hasn't come yet has no password and no proven mailbox."""
        tenant_id, user_id = self.load.tenant_id, self.make_id(self.load.since)
        state, verified_at = ("pending", None) if is_pending else ("active", self.at)
        self.add_user((tenant_id, user_id, kind, email, email_key(email), name, state, "", False, verified_at, self.at))
        if not is_pending:
            self.add_password((tenant_id, self.make_id(self.load.since), user_id, self.hash, self.at))
        return user_id
