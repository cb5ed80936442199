"""Whoever's ways in change reads of it in a mail, and may say that it was somebody else."""

from typing import Any

import pytest
from sqlalchemy import update

from portal.identity.models import Passkey, Totp, User
from tests import jobs, world
from tests.accounts.steps import System, Visit
from tests.identity.factors import ENROLMENT, SECURITY, code, has_app, role_wants_it
from tests.identity.steps import SETTINGS, SIGN_IN, SIGN_OUT, sign_in, trail

BOTH = pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)
FORGOT = {"client": "/auth/client-portal/forgot-password", "msp": "/auth/msp/forgot-password"}


def told(work: Any, person: world.Person) -> str:
    """The one mail that went out, and to whom it should."""
    [(address, [mail])] = work().items()
    assert address == person.email
    assert "Harbor IT" in mail["Subject"]
    assert f"harbor.localhost:8000{FORGOT[person.side]}" in jobs.words(mail)
    assert mail.get_body(("html",)) is not None
    assert mail.get_body(("plain",)) is not None
    return f"{mail['Subject']} {jobs.words(mail)}"


@BOTH
def test_of_an_app_that_is_set_up_and_removed(visit: Visit, work: Any, person: world.Person) -> None:
    who, path = visit(person), SECURITY[person.side]
    page = who.get(f"{path}/app")
    key = page.dom.select_one("code.key").get_text().replace(" ", "")
    assert who.post(f"{path}/app", page.form("/app") | {"code": "000000"}).status == 422
    assert work() == {}, "nothing has changed"
    assert who.post(f"{path}/app", page.form("/app") | {"code": code(key)}).status == 200
    words = told(work, person)
    assert "An authenticator app was set up" in words
    assert key not in words
    assert who.submit(path, "/app/removal").status == 303
    assert "The authenticator app of your account was removed." in told(work, person)


@pytest.mark.parametrize(
    ("person", "page"),
    [(world.SAM, f"/msp/clients/10001/people/{world.SAM.contact_id}"), (world.TECH, f"/admin/users/{world.TECH.id}")],
    ids=["client's person", "colleague"],
)
def test_of_factors_that_an_administrator_took(
    visit: Visit, system: System, work: Any, person: world.Person, page: str
) -> None:
    has_app(system, person)
    assert visit(world.ADMIN).submit(page, "/second-factors/reset").status == 303
    [(address, [mail])] = work().items()
    assert address == person.email
    assert mail["Subject"] == "Your second factor for Harbor IT was taken away"
    for kind in ("plain", "html"):
        words = " ".join(mail.get_body((kind,)).get_content().split())
        assert "Your second factor was taken away." in words, kind
        assert "Harbor IT" in words, kind
        assert f"harbor.localhost:8000{SIGN_IN[person.side]}" in words, kind


@BOTH
def test_of_a_browser_that_the_account_did_not_know(visit: Visit, work: Any, person: world.Person) -> None:
    sign_in(visit(), person, address="203.0.113.5")
    work()
    who = visit()
    who.http.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    sign_in(who, person, address="203.0.113.9")
    [(address, [mail])] = work().items()
    assert address == person.email
    assert "Harbor IT" in mail["Subject"]
    for kind in ("plain", "html"):
        words = " ".join(mail.get_body((kind,)).get_content().split())
        for said in ("Firefox", "Linux", "203.0.113.9", f"harbor.localhost:8000{FORGOT[person.side]}", "Harbor IT"):
            assert said in words, (kind, said)
    who.submit(SETTINGS[person.side], SIGN_OUT[person.side])
    sign_in(who, person)
    assert work() == {}, "now it is known"


@BOTH
def test_of_new_recovery_codes(visit: Visit, system: System, work: Any, person: world.Person) -> None:
    has_app(system, person)
    page = visit(person).submit(SECURITY[person.side], "/codes")
    shown = [each.get_text() for each in page.dom.select(".codes li")]
    words = told(work, person)
    assert "New recovery codes were made" in words
    assert len(shown) == 10
    assert not any(each in words for each in shown)


def test_of_a_removed_passkey(visit: Visit, system: System, work: Any) -> None:
    with system() as session:
        session.add(
            Passkey(user_id=world.SAM.id, name="Phone", credential_id="x", public_key="AA", sign_count=0,
                    transports=[], created_at=world.OPENED)
        )  # fmt: skip
    assert visit(world.SAM).submit(SECURITY["client"], "/removal").status == 303
    assert "A passkey of your account was removed." in told(work, world.SAM)


def test_of_an_app_set_up_at_the_gate(visit: Visit, system: System, work: Any) -> None:
    role_wants_it(system, "User")
    who = visit()
    sign_in(who, world.SAM)
    page = who.get(ENROLMENT)
    key = page.dom.select_one("code.key").get_text().replace(" ", "")
    assert who.post(ENROLMENT, page.form(ENROLMENT) | {"code": code(key)}).status == 200
    subjects = [each["Subject"] for each in work()[world.SAM.email]]
    assert "Your second step for Harbor IT was changed" in subjects


def test_in_the_person_s_language(visit: Visit, system: System, work: Any) -> None:
    with system() as session:
        session.execute(update(User).where(User.id == world.SAM.id).values(locale="de"))
    has_app(system, world.SAM)
    assert visit(world.SAM).submit(SECURITY["client"], "/app/removal").status == 303
    words = told(work, world.SAM)
    assert "Ihr zweiter Schritt für Harbor IT wurde geändert" in words
    assert "Die Authenticator-App Ihres Kontos wurde entfernt." in words


def test_a_passkey_that_is_refused_stands_in_the_trail_alone(visit: Visit, system: System, work: Any) -> None:
    role_wants_it(system, "User")
    who, stranger = visit(world.NOAH), visit()
    page = who.get(f"{SECURITY['client']}/passkeys/new")
    data = page.form("/passkeys/new") | {"credential": '{"id": "x"}', "name": "Phone"}
    assert who.post(f"{SECURITY['client']}/passkeys/new", data).status == 422
    sign_in(stranger, world.SAM)
    data = stranger.get(ENROLMENT).form("/passkey") | {"credential": "[]", "name": "Phone"}
    assert stranger.post(f"{ENROLMENT}/passkey", data).status == 422
    assert work() == {}
    with system() as session:
        assert session.query(Totp).first() is None
        first, second = trail(session, "second_factor.refused")
        assert (first.object_id, first.facts["facts"]["what"]) == (world.NOAH.id, "passkey")
        assert (second.object_id, second.client_id) == (world.SAM.id, world.SAM.client_id)
        assert second.facts["facts"]["reason"] == "no answer of a passkey"
        assert second.visibility == "public"
