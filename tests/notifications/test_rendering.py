"""A mail is rendered under its reader's own scope, in its reader's language and the tenant's name, once."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask_babel import get_locale, get_timezone
from sqlalchemy import func, select, text

from portal.core.tenancy.filter import RAW
from portal.core.tenancy.scope import Reach, Scope, current_scope, system_scope
from portal.core.tenancy.session import transaction
from portal.core.web.place import here
from portal.extensions import db
from portal.files.models import StagedFile
from portal.identity.models import LoginSession, Password, Totp, User
from portal.notifications import letters, queries, readers
from portal.notifications.letters import Facts
from portal.notifications.models import OutgoingMail
from portal.notifications.services import NotTheSystem, notify
from portal.settings import ROOT
from portal.tenants.models import Tenant, TenantHost
from portal.tickets import handlers
from portal.tickets.events import TicketCommented
from portal.tickets.models import Comment
from tests import factories as make
from tests import world
from tests.world import ADMIN, DANA, SAM, TECH

System = Callable[..., Any]
FACTS = {"ticket_id": world.ticket_id(world.OUR_NUMBER)}


def the_comment(visibility: str) -> Comment:
    """The first letter or note of ticket 1001."""
    found = db.session.query(Comment).where(Comment.visibility == visibility, Comment.ticket_id == FACTS["ticket_id"])
    return found.order_by(Comment.created_at, Comment.version).first()


def of(person: world.Person) -> readers.Reader:
    [found] = readers.colleagues([person.id]) if person.side == "msp" else readers.contacts([person.contact_id])
    return found


@contextmanager
def letter_says(monkeypatch: pytest.MonkeyPatch, name: str, facts: Callable[..., Facts | None]) -> Iterator[None]:
    """The letter's own words, with these facts."""
    with monkeypatch.context() as patch:
        patch.setitem(letters._letters, name, letters.Letter(name, facts, is_urgent=False))
        yield


def resolved_facts() -> dict[str, Any]:
    return {"ticket": type("T", (), {"number": 1001, "subject": "VPN"})(), "url": "http://x.example/"}


def test_facts_are_loaded_under_the_readers_own_scope(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Scope] = []

    def facts(**_ids: Any) -> Facts:
        seen.append(current_scope())
        return resolved_facts()

    with letter_says(monkeypatch, "ticket_resolved", facts), system("harbor"):
        for person in (SAM, TECH):
            assert notify(of(person), "ticket_resolved", key="test", **FACTS) is not None
            assert current_scope().reach is Reach.SYSTEM
    sam, tech = seen
    assert (sam.reach, sam.client_id, sam.user_id, sam.contact_id) == (
        Reach.CLIENT, SAM.client_id, SAM.id, SAM.contact_id,
    )  # fmt: skip
    assert sam.ticket_scope == "taking_part"
    assert "ticket:comment" in sam.permissions
    assert "ticket:reply" not in sam.permissions
    assert (tech.reach, tech.user_id, tech.client_id) == (Reach.STAFF, TECH.id, None)


def test_the_database_itself_keeps_notes_from_a_clients_letter(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a careless letter asks for, past the session filter too."""
    found: dict[str, list[str]] = {}

    def careless(**_ids: Any) -> Facts:
        rows = db.session.execute(text("SELECT body FROM comments").execution_options(**{RAW: True})).scalars()
        found[str(current_scope().reach)] = list(rows)
        return resolved_facts()

    with system("harbor"):
        ursula = make.a_contact(SAM.client_id, "Ursula", "ursula@brightdental.example")
        ursula_id = ursula.id
    with letter_says(monkeypatch, "ticket_resolved", careless), system("harbor"):
        notify(of(SAM), "ticket_resolved", key="careless", **FACTS)
        client = found.pop("client")
        [without_login] = readers.contacts([ursula_id])
        notify(without_login, "ticket_resolved", key="careless", **FACTS)
        notify(of(TECH), "ticket_resolved", key="careless", **FACTS)
    for bodies in (client, found["client"]):
        assert bodies
        assert not [body for body in bodies if "SECRETNOTE" in body or "CANARY" in body]
    assert [body for body in found["staff"] if "SECRETNOTE" in body], "the note is there to be leaked"


def test_person_tables_show_nothing_to_a_contact_without_login(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []

    def facts(**_ids: Any) -> Facts:
        for model in (User, LoginSession, Totp, Password, StagedFile, OutgoingMail):
            statement = select(func.count()).select_from(model.__table__)
            counts.append(db.session.execute(statement, execution_options={RAW: True}).scalar_one())
        return resolved_facts()

    with system("harbor"):
        contact_id = make.a_contact(SAM.client_id, "Ursula", "ursula@brightdental.example").id
    with letter_says(monkeypatch, "ticket_resolved", facts), system("harbor"):
        [reader] = readers.contacts([contact_id])
        notify(reader, "ticket_resolved", key="test", **FACTS)
    assert counts == [0] * 6


@pytest.mark.parametrize("template", ["ticket_commented", "ticket_noted", "ticket_opened"])
def test_no_client_is_told_of_a_note_even_when_asked_to(system: System, template: str) -> None:
    with system("harbor"):
        note = the_comment("internal")
        assert notify(of(SAM), template, key="wrong", comment_id=note.id, **FACTS) is None
        assert db.session.query(OutgoingMail).count() == 0


def test_the_same_thing_is_told_to_the_same_person_once(system: System) -> None:
    for _again in range(2):
        with system("harbor"):
            comment = the_comment("public")
            notify(of(SAM), "ticket_commented", key="event", comment_id=comment.id, **FACTS)
            notify(of(DANA), "ticket_commented", key="event", comment_id=comment.id, **FACTS)
    with system("harbor"):
        assert sorted(row.recipient for row in db.session.query(OutgoingMail)) == [DANA.email, SAM.email]
        notify(of(SAM), "ticket_commented", key="another", comment_id=the_comment("public").id, **FACTS)
        assert db.session.query(OutgoingMail).count() == 3


def test_two_runs_at_once_write_one_mail(app: Flask, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look before either has written; the unique key decides."""
    with system("harbor"):
        event = TicketCommented(comment_id=the_comment("public").id, by_user_id=TECH.id, **FACTS)
    barrier, looked = threading.Barrier(2, timeout=20), threading.local()
    real = queries.mail_by_key

    def together(key: str) -> Any:
        if not getattr(looked, "once", False):
            looked.once = True
            barrier.wait()
        return real(key)

    monkeypatch.setattr(queries, "mail_by_key", together)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            with app.app_context(), transaction(system_scope(world.tenant_id("harbor"))):
                handlers.tell_of_comment(event)
        except Exception as error:  # noqa: BLE001  # whatever it is, the test must show it
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    with system("harbor"):
        assert [row.recipient for row in db.session.query(OutgoingMail)] == [SAM.email]


def test_language_and_time_are_the_readers_else_the_tenants(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    spoken: list[tuple[str, str]] = []

    def facts(**_ids: Any) -> Facts:
        spoken.append((str(get_locale()), str(get_timezone())))
        return resolved_facts()

    with system("harbor"):
        db.session.get(User, (SAM.tenant_id, SAM.id)).locale = "de"
        db.session.get(User, (SAM.tenant_id, SAM.id)).time_zone = "Asia/Kolkata"
    with letter_says(monkeypatch, "ticket_resolved", facts), system("harbor"):
        german = notify(of(SAM), "ticket_resolved", key="test", **FACTS)
        english = notify(of(DANA), "ticket_resolved", key="test", **FACTS)
        assert '<html lang="de"' in german.html
        assert '<html lang="en"' in english.html
        db.session.get(Tenant, world.tenant_id("harbor")).locale = "de"
        db.session.flush()
        assert '<html lang="de"' in notify(of(TECH), "ticket_resolved", key="test", **FACTS).html
    assert spoken == [("de", "Asia/Kolkata"), ("en", "Europe/Berlin"), ("de", "Europe/Berlin")]


def test_links_lead_to_the_verified_own_domain_and_mail_carries_the_tenants_name(system: System) -> None:
    with system("harbor"):
        db.session.add(TenantHost(host="help.harbor.example", tenant_id=world.tenant_id("harbor"), is_primary=True))
        db.session.flush()
        comment = the_comment("public")
        mail = notify(of(SAM), "ticket_commented", key="unverified", comment_id=comment.id, **FACTS)
        assert "http://harbor.localhost:8000/tickets/1001" in mail.text
        host = db.session.get(TenantHost, "help.harbor.example")
        host.verified_at = dt.datetime.now(dt.UTC)
        tenant = db.session.get(Tenant, world.tenant_id("harbor"))
        tenant.brand_color, tenant.support_email = "#116633", ""
        db.session.flush()
        mail = notify(of(SAM), "ticket_commented", key="verified", comment_id=comment.id, **FACTS)
        assert "http://help.harbor.example:8000/tickets/1001" in mail.text
        assert mail.message_id.endswith("@help.harbor.example>")
        assert (mail.sender, mail.sender_name, mail.reply_to) == ("no-reply@help.harbor.example", "Harbor IT", "")
        assert "#116633" in mail.html
        to_staff = notify(of(ADMIN), "ticket_commented", key="staff", comment_id=comment.id, **FACTS)
        assert "#116633" not in to_staff.html, "the console keeps its own colour"


def test_only_the_system_writes_to_people(app: Flask) -> None:
    scope = Scope(tenant_id=SAM.tenant_id, reach=Reach.STAFF, user_id=TECH.id)
    reader = readers.Reader("Sam", SAM.email, scope)
    with app.app_context(), transaction(scope), pytest.raises(NotTheSystem):
        notify(reader, "ticket_commented", key="x", **FACTS)


def test_a_letter_that_nobody_declared_is_an_error(system: System) -> None:
    with system("harbor"), pytest.raises(letters.UnknownLetter):
        notify(of(SAM), "nothing", key="x")


def test_every_declared_letter_has_its_three_templates_and_every_template_its_letter(app: Flask) -> None:
    folders = {path.name for path in (ROOT / "templates" / "emails").iterdir() if path.is_dir()}
    assert folders == letters._letters.keys()
    for name in folders:
        for part in ("subject.txt", "body.txt", "body.html"):
            app.jinja_env.get_template(f"emails/{name}/{part}")


def test_rendering_leaves_no_place_behind(app: Flask, system: System) -> None:
    with system("harbor"):
        notify(of(SAM), "ticket_commented", key="x", comment_id=the_comment("public").id, **FACTS)
        assert here().person_name is None


@pytest.mark.parametrize("facts", [{}, {"contact_id": SAM.contact_id, "session_id": SAM.id}])
def test_a_client_scope_is_somebodys_and_nobody_signs_in_without_a_user(facts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"person|user"):
        Scope(tenant_id=SAM.tenant_id, reach=Reach.CLIENT, client_id=SAM.client_id, **facts)
