"""The demo's clients: companies, their sites and contacts."""

import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from portal.core.addresses import email_key
from portal.core.bulk import Load, instant, seeded_ids

FIRST_NUMBER = 10001


@dataclass(slots=True)
class Contact:
    """Somebody at a client. `role` is set for those who can sign in."""

    id: str
    name: str
    email: str
    title: str = ""
    speaks: str = "en"
    role: str | None = None
    site_id: str = ""

    @property
    def locale(self) -> str | None:
        """The language they want to be written to, where the product has it and it isn't the usual one."""
        return self.speaks if self.speaks == "de" else None

    @property
    def first_name(self) -> str:
        """How one is addressed."""
        return self.name.split()[0]


@dataclass(slots=True)
class Company:
    """A client of the demo, and what its people talk about."""

    id: str
    number: int
    name: str
    domain: str
    devices: Sequence[str]
    apps: Sequence[str]
    sites: list[tuple[str, str]] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    others: list[Contact] = field(default_factory=list)
    """People who tell no story: an accountant of another house, and those whose access is cut to size."""


@dataclass(frozen=True, slots=True)
class Named:
    """A company that the README names, with those who sign in: box, name, role."""

    name: str
    domain: str
    people: tuple[tuple[str, str, str], ...]
    sites: tuple[tuple[str, str, str, str], ...]
    devices: tuple[str, ...]
    apps: tuple[str, ...]


NAMED: dict[str, tuple[Named, ...]] = {
    "harbor": (
        Named(
            "Bright Dental",
            "brightdental.example",
            (("dana", "Dana Wright", "admin"), ("sam", "Sam Keller", "user"), ("fin", "Fin Høeg-Østerby", "finance")),
            (("Practice Altona", "Große Bergstraße 12", "22767", "Hamburg"),
             ("Laboratory", "Hafenweg 3", "20457", "Hamburg")),
            ("the X-ray workstation", "the reception printer", "the scanner in the laboratory", "treatment PC 3"),
            ("DentaPlan", "the recall list", "the X-ray archive"),
        ),
        Named(
            "Cedar Law",
            "cedarlaw.example",
            (("olivia", "Olivia Brandt", "admin"), ("noah", "Noah Weiß", "user")),
            (("Chambers", "Neuer Wall 40", "20354", "Hamburg"),),
            ("the document scanner", "the printer on the first floor", "the dictation set", "the court notebook"),
            ("LexFile", "the deadline calendar", "the dictation program"),
        ),
    ),
    "summit": (
        Named(
            "Delta Foods",
            "deltafoods.example",
            (("dana", "Dana Petrović", "admin"), ("sam", "Sam Al-Masri", "user")),
            (("Plant 1", "Industriezone 8", "6060", "Hall in Tirol"), ("Cold store", "Innufer 2", "6020", "Innsbruck"),
             ("Office", "Maria-Theresien-Straße 1", "6020", "Innsbruck")),
            ("the label printer on line 2", "the scale at goods-in", "the terminal in the cold", "the office printer"),
            ("FreshTrack", "the batch register", "the order portal"),
        ),
    ),
}  # fmt: skip

PERSONNEL = "Personnel"
"""The title of whoever asks for what others are not to know of."""


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody beside the README's people; of no company: somebody who comes in at each that the README names."""

    company: str
    name: str
    email: str
    title: str
    role: str
    site: int = 0


_OTHERS: dict[str, tuple[Other, ...]] = {
    "harbor": (
        Other("", "Kim Ledger", "kim@ledgerworks.example", "Bookkeeping", "finance"),
        Other("", "Hanna Elbers", "hanna@elbepartners.example", "Elbe Partners", "finance"),
        Other("Bright Dental", "Lena Vogt", "lena@brightdental.example", "Head of the laboratory", "user", 1),
        Other("Bright Dental", "Theo Lindgren", "theo@brightdental.example", "Apprentice", "reader"),
        Other("Bright Dental", "Ines Falk", "ines@brightdental.example", PERSONNEL, "user"),
        Other("Bright Dental", "Jule Petersen", "jule@brightdental.example", "Reception", "user"),
        Other("Cedar Law", "Paul Reuter", "paul@cedarlaw.example", "Trainee", "user"),
    ),
    "summit": (Other("Delta Foods", "Mirjam Egger", "mirjam@deltafoods.example", "Cold store", "user", 1),),
}
"""What each of them may is said where access is (`portal/identity/demo`)."""
_PEOPLE = (
    ("Wolfgang Müller-Lüdenscheidt", "Managing director", "de"),
    ("Maximilian-Alexander Freiherr von Hohenstein-Falkenburg zu Brandenstein", "Adviser", "de"),
    ("ليلى الحسن", "Accounting", "ar"),
    ("דנה לוי", "Front office", "he"),
    ("Łukasz Żółtowski", "Warehouse", "en"),
    ("Jürgen Großkreuz", "Purchasing", "de"),
    ("Nguyễn Thị Minh Khai", "Quality", "en"),
    ("Zoë Ångström", "Marketing", "en"),
    ("Björk Guðmundsdóttir", "Laboratory", "en"),
    ("Peter Smith", "Sales", "en"),
    ("Ана Петровић", "Personnel", "en"),
    ("Sabine Schäfer", "Reception", "de"),
    ("José Luís Peñalver Iñárritu", "Field service", "en"),
    ("李明", "Logistics", "en"),
    ("Käthe Öztürk", "Assistant", "de"),
    ("Aoife Ní Dhomhnaill", "Assistant", "en"),
)
ALWAYS = 4
"""The first of them are everywhere: names that are long, have umlauts or run from right to left."""
_TOWNS = (("Lübeck", "23552"), ("Görlitz", "02826"), ("Köln", "50667"), ("Würzburg", "97070"), ("Graz", "8010"))
_HEADS = ("Albatross", "Blau", "Corvus", "Domberg", "Eiche & Söhne", "Fährmann", "Glocke", "Hansa", "Ilse", "Juno",
          "Kranich", "Linden", "Möwe", "Nordlicht", "Oststern", "Quelle", "Rösler", "Florian", "Traube")  # fmt: skip
_TAILS = ("Bau GmbH", "Logistik", "Praxis", "Steuerberatung", "Maschinenbau AG", "Apotheke", "Verlag", "Feinkost",
          "Immobilien", "Architekten", "Werkstatt GmbH & Co. KG", "Versicherungsmakler")  # fmt: skip
_DEVICES = ("the printer in the hall", "the scanner upstairs", "workstation 7", "the plotter", "the copier")
_APPS = ("the order book", "ProfiPlan", "the time sheet", "the stock list")
EVERY_DAY = 86_400_000
"""Milliseconds."""


def load_companies(load: Load, *, count: int) -> list[Company]:
    """Give the tenant its clients, named ones first, `count` in all; they came in the first days of the time."""
    chance = load.chance("clients")
    make_id = seeded_ids(chance)
    named = NAMED.get(load.slug, ())
    companies = []
    for place in range(max(count, len(named))):
        at = load.since + place * EVERY_DAY // max(count, 1)
        number = FIRST_NUMBER + place
        if place < len(named):
            companies.append(_of_readme(named[place], number, make_id, at, chance))
        else:
            companies.append(_invented(load.slug, number, make_id, at, chance))
    _let_others_in(load, companies[: len(named)])
    _add(load, companies)
    return companies


def _let_others_in(load: Load, companies: list[Company]) -> None:
    """With chance of their own, so that the rest of the demo stays what it was."""
    make_id = seeded_ids(load.chance("others"))
    for other in _OTHERS.get(load.slug, ()):
        for company in companies:
            if other.company in {"", company.name}:
                person = Contact(make_id(load.since), other.name, other.email, other.title, role=other.role)
                person.site_id = company.sites[other.site][0]
                company.others.append(person)


def _of_readme(named: Named, number: int, make_id: Callable[[int], str], at: int, chance: random.Random) -> Company:
    company = Company(make_id(at), number, named.name, named.domain, named.devices, named.apps)
    company.sites = [(make_id(at), site[0]) for site in named.sites]
    for box, name, role in named.people:
        title = {"admin": "Office manager", "finance": "Accounting"}.get(role, "Assistant")
        company.contacts.append(Contact(make_id(at), name, f"{box}@{named.domain}", title, role=role))
    _fill(company, make_id, at, chance, people=8)
    return company


def _invented(slug: str, number: int, make_id: Callable[[int], str], at: int, chance: random.Random) -> Company:
    head, tail = chance.choice(_HEADS), chance.choice(_TAILS)
    company = Company(make_id(at), number, f"{head} {tail}", f"c{number}.{slug}.example", _DEVICES, _APPS)
    company.sites = [(make_id(at), name) for name in ("Head office", "Branch")[: chance.randint(1, 2)]]
    _fill(company, make_id, at, chance, people=6)
    company.contacts[0].role = "admin"
    return company


def _fill(company: Company, make_id: Callable[[int], str], at: int, chance: random.Random, *, people: int) -> None:
    """Contacts who only write mails and make calls, and a site for everybody."""
    for name, title, speaks in (*_PEOPLE[:ALWAYS], *chance.sample(_PEOPLE[ALWAYS:], people - ALWAYS)):
        box = _box(name) or f"office{len(company.contacts)}"
        company.contacts.append(Contact(make_id(at), name, f"{box}@{company.domain}", title, speaks))
    for contact in company.contacts:
        contact.site_id = chance.choice(company.sites)[0]


def _box(name: str) -> str:
    """The part of a mail address before the @, empty for names that ASCII has no letters for."""
    words = name.lower().replace("ß", "ss").replace("ø", "o").replace("ł", "l").replace("ð", "d").split()
    plain = [
        "".join(letter for letter in unicodedata.normalize("NFKD", word) if letter.isascii() and letter.isalpha())
        for word in (words[0], words[-1])
    ]
    return ".".join(plain) if all(plain) else ""


def _add(load: Load, companies: list[Company]) -> None:
    loader, tenant_id, at = load.loader, load.tenant_id, instant(load.since)
    add_client = loader.table("clients", "tenant_id", "id", "number", "name", "email_domain", "phone", "is_active",
                              "portal_access", "created_at")  # fmt: skip
    add_site = loader.table("sites", "tenant_id", "id", "client_id", "name", "street", "postal_code", "city", "country")
    add_contact = loader.table("contacts", "tenant_id", "id", "client_id", "site_id", "name", "email", "email_key",
                               "phone", "title", "locale", "is_primary", "is_active", "portal_access",
                               "created_at")  # fmt: skip
    for company in companies:
        phone = f"+49 30 23125 {company.number % 1000:03d}"
        add_client((tenant_id, company.id, company.number, company.name, company.domain, phone, True, True, at))
        streets = {site[0]: site for named in NAMED.values() for one in named for site in one.sites}
        for place, (site_id, name) in enumerate(company.sites):
            town, code = _TOWNS[(company.number + place) % len(_TOWNS)]
            _, street, code, town = streets.get(name, (name, f"Marktplatz {place + 1}", code, town))
            add_site((tenant_id, site_id, company.id, name, street, code, town, "DE" if len(code) > 4 else "AT"))  # noqa: PLR2004  # digits
        for place, contact in enumerate((*company.contacts, *company.others)):
            line = f"{phone}-{place:02d}"
            add_contact(
                (tenant_id, contact.id, company.id, contact.site_id, contact.name, contact.email,
                 email_key(contact.email), line, contact.title, contact.locale, place == 0, True, True, at)
            )  # fmt: skip
