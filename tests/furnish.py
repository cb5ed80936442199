"""Fills the template database with the world of `world.py`; done once per run."""

from portal.core.tenancy.numbers import Counter
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.extensions import db
from portal.identity.models import Password
from portal.identity.passwords import hash_password
from portal.tenants.models import Tenant
from portal.tenants.services import provision
from tests import factories as make
from tests import world


def furnish() -> None:
    """Make both tenants and everybody in them."""
    hashed = hash_password(world.PASSWORD)
    for slug, name in world.TENANTS.items():
        with transaction(system_scope(world.tenant_id(slug))) as session:
            session.add(
                Tenant(
                    id=world.tenant_id(slug), slug=slug, name=name, display_name=name, time_zone="Europe/Berlin",
                    support_email=f"help@{slug}.example", support_phone="+49 30 5550100", created_at=world.OPENED,
                )
            )  # fmt: skip
        with transaction(system_scope(world.tenant_id(slug))):
            provision(world.tenant_id(slug))
            start = 1002 if slug == "harbor" else 900_002
            make.put(Counter(kind="ticket", upcoming=start))
            make.put(Counter(kind="client", upcoming=start + 9000))
            _staff(slug, hashed)
            _companies(slug, hashed)


def _staff(slug: str, hashed: str) -> None:
    for person in world.STAFF:
        if person.tenant == slug:
            user = make.a_user(person.email, "internal", id=person.id, name=person.name)
            make.put(Password(user_id=user.id, hash=hashed, changed_at=world.OPENED))
            make.a_colleague(user, person.role)


def _companies(slug: str, hashed: str) -> None:
    numbers = dict(zip(world.COMPANIES, (world.OUR_NUMBER, world.CEDAR_NUMBER, world.DELTA_NUMBER), strict=True))
    tech_id = next(each.id for each in world.STAFF if each.tenant == slug and each.role == "Technician")
    tech = db.session.get(make.User, (world.tenant_id(slug), tech_id))
    for name, (tenant, number) in world.COMPANIES.items():
        if tenant != slug:
            continue
        word = "" if name == "Bright Dental" else " CANARY"
        client = make.a_client(name, id=world.client_id(name), number=number)
        site = make.a_site(client.id, f"Head office{word}", id=world.fixed(f"site {name}"))
        contacts = {}
        for person in (each for each in world.CLIENTS if each.client == name):
            contact = make.a_contact(client.id, person.name, person.email, id=person.contact_id, site_id=site.id)
            user = make.a_user(person.email, "client", id=person.id, name=person.name)
            make.put(Password(user_id=user.id, hash=hashed, changed_at=world.OPENED))
            make.a_member(user, contact, person.role, id=person.membership_id, ticket_scope=person.ticket_scope)
            contacts[person.role] = contact
        ticket = make.a_ticket(
            contacts["User"], f"The VPN is slow{word}", id=world.ticket_id(numbers[name]), number=numbers[name],
            body=f"Since Monday{word}.", at=world.OPENED, site_id=site.id,
        )  # fmt: skip
        reply = make.a_comment(ticket, f"We are looking into it{word}.", author=tech, at=world.OPENED)
        make.an_attachment(reply, f"trace{word}.png", id=world.fixed(f"file {numbers[name]}"))
        note = make.a_note(ticket, f"SECRETNOTE the router is ours{word}", author=tech, at=world.OPENED)
        make.an_attachment(note, f"SECRETFILE{word}.png", id=world.fixed(f"secret file {numbers[name]}"))
