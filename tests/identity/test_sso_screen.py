"""The screen that sets single sign-on up: who may, what it keeps, what it never shows, and what "required" closes."""

import datetime as dt

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.identity.models import LoginSession, Passkey, SsoGroupRole, SsoProvider
from tests import factories as make
from tests import world
from tests.identity.steps import is_in, token_of, trail, try_in
from tests.world import ADMIN, PASSWORD, SAM, SUMMIT_ADMIN, TECH

LIST = "/admin/sso"


@pytest.fixture
def admin(visit, system):
    """Ada, who has just proved who she is."""
    who = visit(ADMIN)
    with system() as session:
        for each in session.execute(select(LoginSession).where(LoginSession.user_id == ADMIN.id)).scalars():
            each.proved_at = clock.now()
    return who


def filled(**more):
    return {
        "name": "Bright Entra", "kind": "entra", "side": "client", "issuer": "https://login.example.com/v2.0",
        "app_id": "the-app", "app_secret": "very-secret-words", "domains": "brightdental.example\n\nBright.example",
        "creates_users": "y", "group_claim": "groups", "is_active": "y", **more,
    }  # fmt: skip


def add(admin, **more):
    return admin.submit(f"{LIST}/new", f"{LIST}/new", **filled(**more))


def only(session):
    return session.execute(select(SsoProvider)).scalar_one()


def test_only_who_may_finds_it(visit, admin):
    assert admin.get(LIST).status == 200
    assert "No single sign-on yet" in admin.get(LIST).dom.get_text()
    for person in (TECH, SAM):
        assert visit(person).get(LIST).status == 404


def test_it_wants_a_fresh_proof(visit, system):
    who = visit(ADMIN)
    with system() as session:
        for each in session.execute(select(LoginSession).where(LoginSession.user_id == ADMIN.id)).scalars():
            each.proved_at = clock.now() - dt.timedelta(minutes=16)
    assert who.get(LIST).status != 200


def test_a_provider_is_added_and_its_secret_never_shown(admin, system):
    with system():
        role_id = make.role("client", "Finance").id
    page = add(admin, **{"groups-0-group": "bookkeepers", "groups-0-role": str(role_id)})
    assert page.status == 303
    with system() as session:
        provider = only(session)
        assert provider.app_secret == "very-secret-words"
        assert "very-secret-words" not in provider.app_secret_sealed
        assert provider.domains == ["brightdental.example", "bright.example"]
        assert (provider.slug, provider.side) == ("bright-entra", "client")
        [row] = session.execute(select(SsoGroupRole)).scalars()
        assert (row.group_name, row.role_id) == ("bookkeepers", role_id)
        [entry] = trail(session, "sso.provider_added")
        assert "very-secret-words" not in str(entry.facts)
        assert entry.facts["facts"]["new"]["secret"] == "***"
    shown = admin.follow(page)
    assert "very-secret-words" not in shown.text
    assert "/auth/sso/bright-entra" in shown.dom.get_text()
    assert "Bright Entra" in admin.get(LIST).dom.get_text()


def test_an_empty_secret_keeps_the_one_there_is(admin, system):
    where = add(admin).headers["Location"]
    answer = admin.submit(where, where, name="Other name", app_secret="", is_active=None)
    assert answer.status == 303
    with system() as session:
        provider = only(session)
        assert (provider.name, provider.slug, provider.app_secret) == (
            "Other name",
            "bright-entra",
            "very-secret-words",
        )
        [entry] = trail(session, "sso.provider_changed")
        assert entry.facts["facts"]["old"]["name"] == "Bright Entra"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("issuer", "http://login.example.com", "in full"),
        ("issuer", "https://user:pw@login.example.com", "in full"),
        ("issuer", "https://login.example.com/?a=b", "in full"),
        ("domains", "not a domain!", "one domain a line"),
        ("domains", "", "which domains"),
        ("app_secret", "", "Fill this in"),
        ("name", " ", "Fill this in"),
    ],
)
def test_what_cannot_work_is_refused_with_words(admin, system, field, value, words):
    page = add(admin, **{field: value})
    assert page.status == 422
    assert words in page.dom.get_text()
    assert "very-secret-words" not in page.text
    with system() as session:
        assert session.execute(select(SsoProvider)).first() is None


def test_roles_of_the_other_side_are_left_out(admin, system):
    with system():
        role_id = make.role("internal", "Administrator").id
    assert add(admin, **{"groups-0-group": "all", "groups-0-role": str(role_id)}).status == 303
    with system() as session:
        assert session.execute(select(SsoGroupRole)).first() is None


def test_another_tenants_provider_is_not_there(visit, admin, system):
    where = add(admin).headers["Location"]
    neighbour = visit(SUMMIT_ADMIN)
    with system("summit") as session:
        for each in session.execute(select(LoginSession).where(LoginSession.user_id == SUMMIT_ADMIN.id)).scalars():
            each.proved_at = clock.now()
    assert neighbour.get(where).status == 404


def test_the_test_button_says_what_answers(admin):
    where = add(admin, issuer="https://10.0.0.1").headers["Location"]
    answer = admin.submit(where, f"{where}/test")
    assert "doesn't answer as one does" in admin.follow(answer).dom.get_text()


def test_required_closes_passwords_the_same_for_everybody(visit, admin, system):
    add(admin, is_required="y")
    pages = []
    for email, password in ((SAM.email, PASSWORD), (SAM.email, "wrong-password-here"), ("nobody@x.example", PASSWORD)):
        who = visit()
        page = try_in(who, "client", email, password)
        assert page.status == 422
        assert "Sign in with your company login" in page.dom.get_text()
        assert "Sign in with Bright Entra" in page.dom.get_text()
        assert token_of(who, "client") in {None, ""}
        pages.append(page.status)
    assert visit().get("/auth/client-portal/link").status == 404
    staff = visit()
    try_in(staff, "msp", TECH.email, PASSWORD)
    assert is_in(staff, "msp")


def test_whoever_requires_it_for_the_staff_has_a_passkey(admin, system):
    page = add(admin, side="msp", is_required="y")
    assert page.status == 422
    assert "Set up a passkey for yourself first" in page.dom.get_text()
    with system():
        make.put(
            Passkey(
                user_id=ADMIN.id, name="key", credential_id="abc", public_key="abc", transports=[],
                created_at=clock.now(),
            )
        )  # fmt: skip
    assert add(admin, side="msp", is_required="y").status == 303


def test_a_passkey_opens_besides_only_for_those_who_mend_it(app, admin, system):
    from portal.core.tenancy.scope import Reach, Scope
    from portal.core.tenancy.session import transaction
    from portal.identity.sso.coming_in import may_come_in_besides

    gate = Scope(tenant_id=world.tenant_id("harbor"), reach=Reach.GATE)

    def asked(person):
        with app.app_context(), transaction(gate):
            return may_come_in_besides(person.id, person.side)

    assert asked(TECH)
    with system():
        for side in ("msp", "client"):
            provider = SsoProvider(
                slug=side, name=side, kind="other", side=side, issuer="https://x.example", app_id="x", domains=[],
                is_required=True, created_at=clock.now(),
            )  # fmt: skip
            provider.app_secret = "x"
            make.put(provider)
    assert [asked(person) for person in (ADMIN, TECH, SAM)] == [True, False, False]
