"""The people and things that every test finds: two MSPs, three companies, the neighbour included.

Harbor IT serves Bright Dental (ours, "A1") and Cedar Law (the other client,
"A2"). Summit Networks ("B") serves Delta Foods. Everybody has the same shape of
data, but the neighbours' numbers begin at 900,000 and their texts carry the word
CANARY, so that a leak is seen at once. Ids are fixed, made from the names.
"""

import datetime as dt
import uuid
from dataclasses import dataclass

PASSWORD = "portal-demo-2026"
SPACE = uuid.UUID("6f1f6a1e-0000-4000-8000-000000000000")
OPENED = dt.datetime(2026, 9, 1, 9, 0, tzinfo=dt.UTC)


def fixed(name: str) -> uuid.UUID:
    """The id of the thing of this name."""
    return uuid.uuid5(SPACE, name)


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in."""

    email: str
    tenant: str
    side: str
    role: str
    name: str
    client: str = ""
    ticket_scope: str = "company"

    @property
    def id(self) -> uuid.UUID:
        return fixed(f"user {self.tenant} {self.email}")

    @property
    def contact_id(self) -> uuid.UUID:
        return fixed(f"contact {self.tenant} {self.email}")

    @property
    def membership_id(self) -> uuid.UUID:
        return fixed(f"membership {self.tenant} {self.email}")

    @property
    def tenant_id(self) -> uuid.UUID:
        return fixed(f"tenant {self.tenant}")

    @property
    def client_id(self) -> uuid.UUID:
        return fixed(f"client {self.client}")


def _staff(tenant: str, box: str, role: str, name: str) -> Person:
    return Person(f"{box}@{tenant}.example", tenant, "msp", role, name)


def _client(tenant: str, client: str, email: str, role: str, name: str) -> Person:
    scope = "company" if role == "Admin" else "taking_part"
    return Person(email, tenant, "client", role, name, client, scope)


ADMIN = _staff("harbor", "admin", "Administrator", "Ada Quay")
TECH = _staff("harbor", "tech", "Technician", "Priya Nair")
BILLING = _staff("harbor", "billing", "Billing", "Bo Ledger")
READER = _staff("harbor", "reader", "Read-only", "Rea Donly")
SUMMIT_ADMIN = _staff("summit", "admin", "Administrator", "Sven CANARY")
SUMMIT_TECH = _staff("summit", "tech", "Technician", "Tara CANARY")
DANA = _client("harbor", "Bright Dental", "dana@brightdental.example", "Admin", "Dana Bright")
SAM = _client("harbor", "Bright Dental", "sam@brightdental.example", "User", "Sam Bright")
FIN = _client("harbor", "Bright Dental", "fin@brightdental.example", "Finance", "Fin Bright")
OLIVIA = _client("harbor", "Cedar CANARY", "olivia@cedarlaw.example", "Admin", "Olivia CANARY")
NOAH = _client("harbor", "Cedar CANARY", "noah@cedarlaw.example", "User", "Noah CANARY")
DELTA_DANA = _client("summit", "Delta CANARY", "dana@deltafoods.example", "Admin", "Dana CANARY")
DELTA_SAM = _client("summit", "Delta CANARY", "sam@deltafoods.example", "User", "Sam CANARY")

STAFF = (ADMIN, TECH, BILLING, READER, SUMMIT_ADMIN, SUMMIT_TECH)
CLIENTS = (DANA, SAM, FIN, OLIVIA, NOAH, DELTA_DANA, DELTA_SAM)
PEOPLE = (*STAFF, *CLIENTS)
TENANTS = {"harbor": "Harbor IT", "summit": "Summit CANARY"}
COMPANIES = {"Bright Dental": ("harbor", 10001), "Cedar CANARY": ("harbor", 900101), "Delta CANARY": ("summit", 900001)}
OUR_NUMBER = 1001
CEDAR_NUMBER = 900501
DELTA_NUMBER = 900001


def tenant_id(slug: str) -> uuid.UUID:
    """The id of a tenant."""
    return fixed(f"tenant {slug}")


def client_id(name: str) -> uuid.UUID:
    """The id of a company."""
    return fixed(f"client {name}")


def ticket_id(number: int) -> uuid.UUID:
    """The id of the ticket that every company has from the start."""
    return fixed(f"ticket {number}")
