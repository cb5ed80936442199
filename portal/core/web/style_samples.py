"""Invented data for the style page: nobody's, and with the awkward cases in it (long words, other scripts, none)."""

import datetime as dt
from dataclasses import dataclass, field

from wtforms import (
    BooleanField,
    EmailField,
    MultipleFileField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Length

from portal.core.clock import now
from portal.core.web.cookies import Side
from portal.core.web.forms import Form
from portal.core.web.nav import Entry

LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@dataclass(frozen=True)
class SamplePlace:
    """The frame of a sample page, with the members that layouts read."""

    side: Side = "client"
    display_name: str = "Harbor IT"
    support_email: str = "help@harbor.example"
    support_phone: str = "+1 555 0100"
    support_hours: str = "Mon to Fri, 8:00 to 18:00"
    website: str = "https://harbor.example"
    logo_url: str | None = None
    logo_alt: str = "Harbor IT"
    brand_css_url: str | None = None
    locale: str = "en"
    dir: str = "ltr"
    home_url: str = "/ui"
    person_name: str | None = "Sam Rivera"
    client_name: str | None = "Bright Dental"
    nav: list[Entry] = field(default_factory=list)
    action: Entry | None = None
    signout_url: str | None = "/ui"
    draft_key: str | None = None


def client_nav(current: str) -> list[Entry]:
    """A client's places, as many as the finished portal will have."""
    names = (
        ("home", "Home", "home", None), ("tickets", "Tickets", "ticket", "2"), ("bills", "Bills", "bill", None),
        ("help", "Help", "help", None), ("assets", "Assets", "laptop", None),
    )  # fmt: skip
    return [Entry(label, f"/ui/{key}", sign, key == current, count) for key, label, sign, count in names]


def staff_nav(current: str) -> list[Entry]:
    """Places of the console."""
    names = (
        ("queue", "Queue", "14"), ("people", "Clients", None), ("bill", "Bills", "3"), ("settings", "Settings", None),
    )  # fmt: skip
    return [Entry(label, f"/ui/{key}", key, key == current, count) for key, label, count in names]


@dataclass(frozen=True)
class SampleTicket:
    """A ticket as lists show it."""

    number: int
    subject: str
    state: str
    tone: str
    shape: str
    by: str
    client: str
    at: dt.datetime
    priority: str
    assignee: str | None = None

    @property
    def new(self) -> bool:
        """Whether it holds something unread."""
        return self.priority in {"High", "Urgent"}


YOU = ("Waiting for you", "warn", "dot")
US = ("With us", "info", "ring")
DONE = ("Done", "calm", "done")


def ago(**units: float) -> dt.datetime:
    """A moment before now."""
    return now() - dt.timedelta(**units)


def tickets() -> list[SampleTicket]:
    """One of each state, and the awkward ones."""
    vpn, bright, cedar = "VPN drops every hour since the update", "Bright Dental", "Cedar Law"
    return [
        SampleTicket(1042, vpn, *YOU, "Sam Rivera", bright, ago(minutes=12), "High", "Priya Nair"),
        SampleTicket(1040, "New laptop for Dr. Okafor", *US, "Dana Cole", bright, ago(hours=3), "Normal", "Tom Becker"),
        SampleTicket(1038, f"Fehler beim Öffnen von {LONG_WORD}.xlsx", *US, "Jörg Müller", bright, ago(days=1), "Low"),
        SampleTicket(1035, "الطابعة في الطابق الثاني لا تعمل", *YOU, "ليلى حداد", cedar, ago(days=2), "Normal"),
        SampleTicket(1031, "Phone system down at the front desk", *US, "Olivia Grant", cedar, ago(days=4), "Urgent"),
        SampleTicket(1012, "Password for the scheduling program", *DONE, "Sam Rivera", bright, ago(days=40), "Normal"),
    ]  # fmt: skip


@dataclass(frozen=True)
class SampleFile:
    """A file as letters and forms show it."""

    id: str
    name: str
    size: int
    url: str = "/ui"
    thumbnail_url: str | None = None
    state: str = "ready"


FILES = (
    SampleFile("1", "router-log.txt", 18_400),
    SampleFile("2", f"{LONG_WORD}.pdf", 2_418_000),
    SampleFile("3", "screen.jpg", 812_000, state="checking"),
    SampleFile("4", "setup.exe", 4_100_000, state="refused"),
)


def _choices(*pairs: tuple[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


class SampleForm(Form):
    """Every kind of field."""

    subject = StringField("What is it about?", [Length(max=120)])
    email = EmailField("Email address")
    password = PasswordField("Password")
    body = TextAreaField("What happened?")
    reply = TextAreaField("Write a reply")
    priority = SelectField("How urgent is it?", choices=_choices(("2", "Normal: it can wait"), ("1", "High")))
    whom = RadioField("Who is affected?", choices=_choices(("me", "Only me"), ("team", "My team"), ("all", "All")))
    kind = RadioField("Kind", choices=_choices(("public", "Reply"), ("internal", "Internal note")))
    private = BooleanField("Only people I name may read this")
    files = MultipleFileField("Photos or files")


def good_form() -> SampleForm:
    """A form as it is first seen."""
    return SampleForm(formdata=None, data={"priority": "2", "whom": "me", "kind": "public"})


def bad_form() -> SampleForm:
    """The same form, refused."""
    typed = {"priority": "1", "whom": None, "kind": "public", "body": "The VPN drops.", "email": "sam@"}
    form = SampleForm(formdata=None, data=typed, prefix="bad-")
    for name, words in {
        "subject": "Say in a few words what it is about.",
        "email": "This address lacks the part after the @.",
        "whom": "Choose who is affected.",
        "priority": "Choose how urgent it is.",
        "private": "Name at least one person who may read this.",
        "files": "“setup.exe” can't be taken. Send a photo, a PDF or a text file.",
    }.items():
        form[name].errors = [words]
    return form
