"""Clients with their sites, contacts and logins."""

import datetime as dt
import random
import uuid
from dataclasses import dataclass

from portal.demo.cast import FIRST, LAST, PLACE, TRADE, Company, Person
from portal.demo.desk import Requester
from portal.demo.rows import Batch, Row, made_id

SCOPES = {"admin": "company", "finance": "taking_part", "user": "taking_part"}


@dataclass(frozen=True)
class Town:
    """What the people of one tenant need: its id, its client roles by key, the hash of the demo's password."""

    tenant_id: uuid.UUID
    roles: dict[str, uuid.UUID]
    password_hash: str
    since: dt.datetime


def invented(slug: str, place: int, chance: random.Random) -> Company:
    """A company that nobody named, with four people, two of whom can sign in."""
    name = f"{chance.choice(PLACE)} {chance.choice(TRADE)} {place}"
    domain = f"client{place}.{slug}.example"
    roles = ("user", "admin", "", "")
    names = [f"{chance.choice(FIRST)} {chance.choice(LAST)}" for _ in roles]
    people = tuple(
        Person(each, f"p{at}@{domain}", role) for at, (each, role) in enumerate(zip(names, roles, strict=True))
    )
    return Company(name, domain, people, (("Main office", f"Main street {place}", f"{10000 + place}", "Berlin"),))


def settle(batch: Batch, town: Town, company: Company, number: int, chance: random.Random) -> list[Requester]:
    """The company's rows; who of it may ask for help, as often as its share says."""
    own: Row = {"tenant_id": town.tenant_id}
    client = batch.add("clients", own | {
        "id": made_id(town.since, chance), "number": number, "name": company.name, "email_domain": company.domain,
        "phone": f"+49 30 555{number % 10_000:04}", "tax_id_sealed": None, "is_active": True, "created_at": town.since,
    })  # fmt: skip
    own |= {"client_id": client["id"]}
    sites = [
        batch.add("sites", own | {
            "id": made_id(town.since, chance), "name": name, "street": street, "postal_code": code, "city": city,
            "country": "DE",
        })
        for name, street, code, city in company.sites
    ]  # fmt: skip
    requesters = []
    for place, person in enumerate(company.people):
        site = sites[place % len(sites)]
        contact = _contact(batch, town, own, person, site, chance, is_primary=place == 1)
        if person.role:
            _login(batch, town, contact, person, chance)
        requesters.append(Requester(contact["id"], client["id"], site["id"], person.name))
    return requesters * company.share


def _contact(  # noqa: PLR0913  # whose, who, where
    batch: Batch, town: Town, own: Row, person: Person, site: Row, chance: random.Random, *, is_primary: bool
) -> Row:
    return batch.add("contacts", own | {
        "id": made_id(town.since, chance), "site_id": site["id"], "name": person.name, "email": person.email,
        "email_key": person.email.casefold(), "phone": "", "title": person.title, "locale": person.locale,
        "is_primary": is_primary, "is_active": True, "created_at": town.since,
    })  # fmt: skip


def _login(batch: Batch, town: Town, contact: Row, person: Person, chance: random.Random) -> None:
    own = {"tenant_id": town.tenant_id}
    user = batch.add("users", own | {
        "id": made_id(town.since, chance), "kind": "client", "email": person.email,
        "email_key": person.email.casefold(), "name": person.name, "locale": person.locale, "time_zone": None,
        "state": "active", "created_at": town.since,
    })  # fmt: skip
    own |= {"user_id": user["id"]}
    batch.add("passwords", own | {
        "id": made_id(town.since, chance), "hash": town.password_hash, "changed_at": town.since,
    })  # fmt: skip
    membership = batch.add("memberships", own | {
        "id": made_id(town.since, chance), "client_id": contact["client_id"], "contact_id": contact["id"],
        "site_id": contact["site_id"], "ticket_scope": SCOPES[person.role], "is_active": True,
        "created_at": town.since,
    })  # fmt: skip
    batch.add("membership_roles", own | {
        "id": made_id(town.since, chance), "membership_id": membership["id"], "role_id": town.roles[person.role],
    })  # fmt: skip
