"""Every text goes through gettext: in the pseudo-language each is bracketed, and what stands outside is data."""

import datetime as dt
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from babel.support import NullTranslations
from flask import g
from flask_babel import Domain
from sqlalchemy import select

from portal.core import clock
from portal.core.db import Base
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.core.tenancy.tables import TenantOwned
from portal.core.web import place
from portal.core.web.locale import LANGUAGES, NAMES, full_time, when
from portal.settings import ROOT
from portal.tenants.models import Tenant
from portal.tickets import shipped
from tests import world

NUMBERS = {"company": world.COMPANIES["Bright Dental"][1]}
PEOPLE = {"client": world.DANA, "staff": world.ADMIN}
SAMPLES = "/ui"
"""The page of macros: for those who build pages, with samples for words, and not there in production."""
INNERMOST = re.compile(r"⟦[^⟦⟧]*⟧")
WORDS = re.compile(r"[^\W\d_]{2,}")
SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-confirm")
DATA = {
    "Harbor", "IT", "harbor", "localhost", "kB", "MB", "UTC", "CET", "CEST", "GMT", *"".join(NAMES.values()).split(),
}  # fmt: skip


class Pseudo(NullTranslations):
    """A language in which everything that went through gettext is seen to have done so."""

    def gettext(self, message):
        return f"⟦{message}⟧"

    ugettext = gettext

    def ngettext(self, singular, plural, number):
        return self.gettext(singular if number == 1 else plural)

    ungettext = ngettext

    def pgettext(self, _context, message):
        return self.gettext(message)

    upgettext = pgettext

    def npgettext(self, _context, singular, plural, number):
        return self.ngettext(singular, plural, number)

    unpgettext = npgettext


@pytest.fixture
def pseudo(monkeypatch):
    language = Pseudo()
    monkeypatch.setattr(Domain, "get_translations", lambda _self: language)


def pages(app):
    """Every address that a person can open, with the numbers of our own ticket filled in."""
    for rule in app.url_map.iter_rules():
        allows = app.view_functions[rule.endpoint].__allows__
        if "GET" not in rule.methods or allows.face not in {"client", "staff", "gate", "public"}:
            continue
        if rule.arguments - {"number"} or rule.rule.startswith(("/static", "/.front")) or rule.rule == SAMPLES:
            continue
        number = NUMBERS.get(allows.object_kind, world.OUR_NUMBER)
        yield allows.face, rule.rule.replace("<int(max=999999999):number>", str(number))


def told_by(app):
    """Everything that people typed into the database: names, subjects, bodies. What we ship there isn't theirs."""
    texts = set()
    with app.app_context(), transaction(system_scope(world.tenant_id("harbor"))) as session:
        for mapper in Base.registry.mappers:
            if issubclass(mapper.class_, TenantOwned | Tenant):
                for row in session.execute(select(mapper.class_)).scalars():
                    texts |= {value for value in vars(row).values() if isinstance(value, str)}
    return sorted((text for text in texts - shipped.NAMES if WORDS.search(text)), key=len, reverse=True)


def outside(text, data):
    """The words that neither stand in brackets nor are data."""
    while INNERMOST.search(text):
        text = INNERMOST.sub(" ", text)
    for known in data:
        text = text.replace(known, " ")
    return [word for word in WORDS.findall(text) if word not in DATA]


def texts_of(page):
    """What a reader sees or hears of a page, without times, languages' own names and people's initials."""
    for element in page.dom.select("time, script, style, [lang]:not(html), code, option, .avatar"):
        element.decompose()
    yield page.dom.get_text(" ")
    for name in SPOKEN:
        yield from (element[name] for element in page.dom.select(f"[{name}]"))


def test_no_page_speaks_past_gettext(app, visit, pseudo):
    data = told_by(app)
    data += [each.split("@")[0].title() for each in data if "@" in each]
    faults, seen = [], 0
    for face, path in pages(app):
        page = visit(PEOPLE.get(face)).get(path)
        if page.status != 200 or not page.is_html:
            continue
        seen += 1
        for text in texts_of(page):
            faults += [f"{path}: {word}" for word in outside(text, data)]
    assert seen >= 5
    assert not faults, sorted(set(faults))


def test_the_pseudo_language_finds_a_bare_word():
    assert outside("⟦Hello ⟦you⟧⟧ there Sam", ["Sam"]) == ["there"]


@pytest.fixture
def german(app):
    with app.test_request_context(headers={"Accept-Language": "de"}):
        yield


@pytest.mark.usefixtures("german")
def test_what_we_ship_is_translated_and_what_tenants_name_is_not():
    assert {shipped.named(name) for name in shipped.NAMES} & shipped.NAMES == {"Normal"}
    assert shipped.named("Waiting for client") == "Wartet auf Kunden"
    assert shipped.named("Sign in") == "Sign in"


@pytest.mark.usefixtures("german")
def test_days_are_written_as_the_language_does(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC))
    at = dt.datetime(2026, 11, 3, 14, 10, tzinfo=dt.UTC)
    assert when(at) == "3. Nov. 14:10"
    assert when(at.replace(year=2025)) == "3. Nov. 2025"
    assert when(at.replace(day=21)) == "heute 14:10"


@pytest.mark.parametrize("accepted", ["en", "en-US", "en-GB", "fr"])
def test_english_has_the_day_first_and_24_hours(app, monkeypatch, accepted):
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC))
    at = dt.datetime(2026, 11, 21, 14, 10, tzinfo=dt.UTC)
    berlin = place.Place(tenant_time_zone="Europe/Berlin")
    with app.test_request_context(headers={"Accept-Language": accepted}):
        assert when(at) == "today 14:10"
        assert full_time(at) == "Saturday, 21 November 2026, 14:10:00 Coordinated Universal Time"
    with app.test_request_context(headers={"Accept-Language": accepted}):
        g.place = berlin
        assert when(at) == "today 15:10"
        assert when(at.replace(day=20, hour=8)) == "yesterday 09:10"
        assert when(at.replace(day=3)) == "3 Nov 15:10"
        assert when(at.replace(year=2025)) == "21 Nov 2025"
        assert full_time(at) == "Saturday, 21 November 2026, 15:10:00 Central European Standard Time"


def test_what_is_sent_has_one_name():
    """An email, always and everywhere: neither a mail nor an e-mail, which German has."""
    with Path(ROOT / "portal" / "translations" / "de" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        texts = [text for each in read_po(source, locale="de") for text in _all(each.id)]
    assert len(texts) > 300
    assert not [text for text in texts if re.search(r"\be-mail|(?<!%\()\bmails?\b", text, re.IGNORECASE)]


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_each_language_is_complete(language):
    path = Path(ROOT / "portal" / "translations" / language / "LC_MESSAGES" / "messages.po")
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language)
    missing = [each.id for each in catalogue if each.id and (not each.string or each.fuzzy or not all(_forms(each)))]
    assert not missing
    broken = [each.id for each in catalogue if each.id and list(each.check())]
    assert not broken


def _forms(message):
    return _all(message.string)


def _all(texts):
    """A text, or the several of one that counts."""
    return texts if isinstance(texts, tuple) else (texts,)
