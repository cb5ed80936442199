"""Who is in the demo: the two MSPs with their people and companies, and invented names for more."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Person:
    """Somebody at a client. Without a role there is no login."""

    name: str
    email: str
    role: str = ""
    title: str = ""
    locale: str | None = None


@dataclass(frozen=True)
class Company:
    """A client with its sites and people; `share` is how many of the tenant's tickets are its own."""

    name: str
    domain: str
    people: tuple[Person, ...]
    sites: tuple[tuple[str, str, str, str], ...]
    share: int = 1


@dataclass(frozen=True)
class Msp:
    """A tenant with its three people and its look."""

    slug: str
    name: str
    color: str
    staff: tuple[tuple[str, str, str, str], ...]
    companies: tuple[Company, ...] = field(default=())
    phone: str = "+49 30 5550100"
    hours: str = "Mon–Fri 8:00–18:00"


def _staff(slug: str, admin: str, tech: str, billing: str, second: str) -> tuple[tuple[str, str, str, str], ...]:
    return (
        (f"admin@{slug}.example", admin, "administrator", "Managing director"),
        (f"tech@{slug}.example", tech, "technician", "Support engineer"),
        (f"billing@{slug}.example", billing, "billing", "Accounts"),
        (f"dispatch@{slug}.example", second, "dispatcher", "Service desk"),
    )


HARBOR = Msp(
    "harbor", "Harbor IT", "#0f766e", _staff("harbor", "Ada Okafor", "Priya Nair", "Jonas Weber", "Marek Dvořák"),
    (
        Company(
            "Bright Dental", "brightdental.example",
            (
                Person("Sam Okoye", "sam@brightdental.example", "user", "Dental assistant"),
                Person("Dana Whitfield", "dana@brightdental.example", "admin", "Practice manager"),
                Person("Fin Larsen", "fin@brightdental.example", "finance", "Bookkeeping"),
                Person("Dr. Agnieszka Wiśniewska-Brzęczyszczykiewicz", "agnieszka@brightdental.example", "", "Dentist"),
            ),
            (("Practice Mitte", "Rosenthaler Str. 12", "10119", "Berlin"), ("Practice West", "Kantstr. 88", "10627", "Berlin")),
            share=6,
        ),
        Company(
            "Cedar Law", "cedarlaw.example",
            (
                Person("Noah Stein", "noah@cedarlaw.example", "user", "Associate"),
                Person("Olivia Grant", "olivia@cedarlaw.example", "admin", "Partner"),
                Person("Tobias Brandt", "tobias@cedarlaw.example", "", "Paralegal"),
            ),
            (("Chambers", "Fasanenstr. 30", "10719", "Berlin"),),
            share=3,
        ),
        Company(
            "Müller & Söhne Präzisionswerkzeuge und Sondermaschinenbau GmbH & Co. KG", "mueller-soehne.example",
            (Person("Jürgen Müller", "juergen@mueller-soehne.example", "", "Geschäftsführer", "de"),
             Person("Änne Groß", "aenne@mueller-soehne.example", "", "Einkauf", "de")),
            (("Werk 1", "Industriestr. 4", "73730", "Esslingen am Neckar"),),
        ),
        Company(
            "مخبز الواحة", "waha-bakery.example",
            (Person("ليلى حداد", "layla@waha-bakery.example", "", "صاحبة المخبز"),),
            (("الفرع الرئيسي", "Sonnenallee 101", "12045", "Berlin"),),
        ),
    ),
)  # fmt: skip
SUMMIT = Msp(
    "summit", "Summit Networks", "#b45309", _staff("summit", "Helen Marsh", "Luca Romano", "Mei Tan", "Ivo Petrov"),
    (
        Company(
            "Delta Foods", "deltafoods.example",
            (
                Person("Sam Idris", "sam@deltafoods.example", "user", "Warehouse"),
                Person("Dana Kowalski", "dana@deltafoods.example", "admin", "Operations"),
                Person("Ruth Adler", "ruth@deltafoods.example", "", "Quality"),
            ),
            (("Depot South", "Harbour Road 7", "20457", "Hamburg"), ("Depot North", "Kieler Str. 200", "22525", "Hamburg")),
            share=4,
        ),
        Company(
            "Straßenbau Großmann", "grossmann-bau.example",
            (Person("Käthe Großmann", "kaethe@grossmann-bau.example", "", "Büro", "de"),),
            (("Bauhof", "Am Damm 3", "21107", "Hamburg"),),
        ),
    ),
    phone="+49 40 5550199", hours="Mon–Sat 7:00–19:00",
)  # fmt: skip
MSPS = (HARBOR, SUMMIT)

FIRST = (
    "Aisha", "Bruno", "Clara", "Dimitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jakub", "Katrin", "Léon", "Mila",
    "Nils", "Oksana", "Pavel", "Quirin", "Rosa", "Søren", "Tülay", "Ursula", "Viktor", "Wanda", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip
LAST = (
    "Albrecht", "Bianchi", "Çelik", "Díaz", "Eriksen", "Fontaine", "Grünwald", "Horváth", "Ivanova", "Jensen", "Köhler",
    "Lindqvist", "Mbeki", "Novak", "O'Connor", "Popescu", "Quinn", "Rossi", "Schäfer", "Takács", "Ullmann", "Virtanen",
    "Weiß", "Xu", "Yıldız", "Zając",
)  # fmt: skip
TRADE = (
    "Bakery",
    "Logistics",
    "Architects",
    "Pharmacy",
    "Press",
    "Textiles",
    "Optics",
    "Garden",
    "Motors",
    "Studio",
    "Clinic",
)
PLACE = (
    "North",
    "River",
    "Old Town",
    "Harbour",
    "Hill",
    "Station",
    "Market",
    "Garden",
    "Castle",
    "Bridge",
    "Lake",
    "Forest",
)
