"""Whatever is refused at the gate stands in the trail: as what, of whom, and without what was typed or carried."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.clients.models import Contact
from portal.core import clock
from portal.core.audit import AuditEntry
from portal.identity import mail_throttle
from portal.identity.models import AccessSettings, SsoProvider
from portal.identity.services import access_codes, mail_tokens
from portal.identity.services.access_codes import PER_CLIENT
from portal.trail.wording import ACTS
from tests import factories as make
from tests import world
from tests.accounts.steps import NEW, System, Visit, as_person, opened, user_of
from tests.identity.factors import CONFIRM
from tests.identity.steps import WRONG, trail, try_in
from tests.pages import Page, Visitor
from tests.world import ADMIN, SAM, TECH

STRANGE = "strange-typist@elsewhere.example"
FOREIGN = "T0ken-that-nobody-here-has-ever-issued-00000"
CODE = "WXYZ-2345-QRST"
VERIFY = "/auth/verify-email"
LINKS: Final = {
    "invitation": "/auth/invitation",
    "password_reset": "/auth/password-reset/set-new-password",
    "verification": VERIFY,
    "sign_in": "/auth/client-portal/link/use",
    "unlocking": "/auth/unlock",
}
"""Each purpose, and where its button is."""


@pytest.fixture
def offered(system: System) -> None:
    """Harbor takes sign-in links and requests."""
    with system() as session:
        session.execute(update(AccessSettings).values(link_sign_in=True, takes_requests=True))


def csrf(who: Visitor) -> dict[str, str]:
    """The value that any form of this browser needs."""
    return {"csrf_token": who.get("/auth/client-portal/signin").form("/signin")["csrf_token"]}


def foreign(who: Visitor, purpose: str) -> Page:
    """Open a link that nobody issued, and press the button of its page."""
    assert who.get(f"/auth/t/{purpose}/{FOREIGN}").status == 303
    return who.post(LINKS[purpose], csrf(who) | {"password": NEW})


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("purpose", LINKS)
def test_of_every_link_that_is_of_no_use(visit: Visit, system: System, purpose: str) -> None:
    who = visit()
    assert foreign(who, purpose).status == 410
    assert who.get(LINKS[purpose]).status == 410, "without a link there is nothing to tell"
    with system() as session:
        [entry] = trail(session, "link")
        facts = entry.facts["facts"]
        assert (entry.action, facts["purpose"], facts["side"]) == ("link.refused", purpose, "client")
        assert (entry.object_id, facts["address"]) == (None, "127.0.0.1")
        assert FOREIGN not in json.dumps(entry.facts)
    with system("summit") as session:
        assert trail(session, "link") == []


def test_of_one_that_is_spent(visit: Visit, system: System) -> None:
    with system() as session:
        token = mail_tokens.issue(user_of(session, TECH), "password_reset", email=TECH.email)
    who = visit()
    opened(who, f"/auth/t/password_reset/{token}")
    assert who.submit(LINKS["password_reset"], "/set-new-password", password=NEW).status == 303
    with system() as session:
        assert trail(session, "link") == [], "it was good"
    assert opened(visit(), f"/auth/t/password_reset/{token}").status == 410
    with system() as session:
        assert [entry.facts["facts"]["purpose"] for entry in trail(session, "link.refused")] == ["password_reset"]
        assert token not in json.dumps([entry.facts for entry in trail(session)])


def test_one_visitor_does_not_fill_the_trail(visit: Visit, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_throttle, "PER_ADDRESS", ((3, mail_throttle.PER_ADDRESS[0][1]),))
    answers = {foreign(visit(), "unlocking").status for _ in range(8)}
    assert answers == {410}, "the page is the same"
    with system() as session:
        assert [entry.action for entry in trail(session, "link")] == ["link.refused"] * 3 + ["link.throttled"]


def wrong_passwords_for_a_mailbox(visit: Visit, system: System) -> None:
    with system() as session:
        user = make.a_user("pending@brightdental.example", state="pending")
        make.a_member(user, make.a_contact(SAM.client_id, "Pen Ding"))
        session.flush()
        token = mail_tokens.issue(user, "verification", email=user.email)
    who = visit()
    page = opened(who, f"/auth/t/verification/{token}")
    data = page.form("/verify-email") | {"password": WRONG}
    assert [who.post(VERIFY, data).status for _ in range(12)] == [422] * 10 + [429] * 2


def passwords_to_confirm(visit: Visit, _system: System) -> None:
    who = visit(SAM)
    data = who.get(CONFIRM["client"]).form("/confirm") | {"password": WRONG}
    assert [who.post(CONFIRM["client"], data).status for _ in range(12)] == [422] * 10 + [429] * 2


def access_codes_that_are_typed(visit: Visit, _system: System) -> None:
    who, most = visit(), PER_CLIENT[0][0]
    fields = {"number": "10001", "code": CODE, "name": "Strange Typist", "email": STRANGE, "password": NEW}
    data = who.get("/auth/link-account").form("/link-account") | fields
    answers = [who.post("/auth/link-account", data).status for _ in range(most + 2)]
    assert answers == [422] * most + [429] * 2


def requests_for_access(visit: Visit, _system: System) -> None:
    who = visit()
    fields = {"name": "Strange Typist", "email": STRANGE, "company": "Elsewhere"}
    data = who.get("/auth/request-access").form("/request-access") | fields
    answers = [who.post("/auth/request-access", data).status for _ in range(7)]
    assert answers == [303] * 5 + [429] * 2


def passwords_where_a_directory_is_required(visit: Visit, system: System) -> None:
    a_provider(system, is_required=True)
    for email in (SAM.email, STRANGE):
        assert try_in(visit(), "client", email, world.PASSWORD).status == 422


def a_way_back_without_a_way_there(visit: Visit, system: System) -> None:
    a_provider(system)
    assert visit().get(f"/auth/sso/entra?state={FOREIGN}&code={CODE}").status == 303


def an_issuer_that_is_not_there(visit: Visit, system: System) -> None:
    a_provider(system)
    who = visit()
    assert who.post("/auth/sso/entra", csrf(who)).headers["Location"] == "/auth/client-portal/signin"


def a_provider(system: System, **more: Any) -> None:
    with system():
        provider = SsoProvider(
            slug="entra", name="Harbor Entra", kind="other", side="client", issuer="https://10.0.0.1", app_id="app",
            domains=[], created_at=clock.now(), **more,
        )  # fmt: skip
        provider.app_secret = "a-secret-of-the-issuer"
        make.put(provider)


Told = list[tuple[str, dict[str, Any]]]
CASES: Final[dict[str, tuple[Callable[[Visit, System], None], Told]]] = {
    "a wrong password for a mailbox": (
        wrong_passwords_for_a_mailbox,
        [*[("address.not_proven", {"reason": "password"})] * 10, ("address.throttled", {})],
    ),
    "passwords to confirm": (
        passwords_to_confirm,
        [*[("session.not_confirmed", {"factor": "password"})] * 10, ("session.throttled", {"factor": "password"})],
    ),
    "access codes": (
        access_codes_that_are_typed,
        [*[("access_code.refused", {})] * PER_CLIENT[0][0], ("access_code.throttled", {"side": "client"})],
    ),
    "requests for access": (
        requests_for_access,
        [*[("access.requested", {})] * 5, ("access.throttled", {"side": "client"})],
    ),
    "a password where a directory is required": (
        passwords_where_a_directory_is_required,
        [("sign_in.failed", {"side": "client", "reason": "sso required"})] * 2,
    ),
    "a way back without a way there": (
        a_way_back_without_a_way_there,
        [("sso.refused", {"side": "client", "provider": "entra", "reason": "state"})],
    ),
    "an issuer that is not there": (
        an_issuer_that_is_not_there,
        [("sso.refused", {"side": "client", "provider": "entra", "reason": "unreachable"})],
    ),
}


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("name", CASES)
def test_of_every_refusal(visit: Visit, system: System, name: str) -> None:
    act, told = CASES[name]
    act(visit, system)
    with system() as session:
        found = [entry for entry in trail(session) if entry.action != "role.created"]  # those of the furniture
        assert [entry.action for entry in found] == [action for action, _ in told]
        for entry, (action, facts) in zip(found, told, strict=True):
            assert entry.facts["facts"].items() >= facts.items()
            assert action in ACTS, "it has words"
        text = json.dumps([entry.facts for entry in session.execute(select(AuditEntry)).scalars()])
    for secret in (STRANGE, "Strange Typist", WRONG, NEW, world.PASSWORD, FOREIGN, CODE):
        assert secret not in text


def test_of_a_code_that_is_taken_back(app: Flask, system: System) -> None:
    with system():
        contact_id = make.a_contact(SAM.client_id, "Bea Contact", "").id
    for _ in range(2):
        with as_person(app, ADMIN) as session:
            contact = session.execute(select(Contact).where(Contact.id == contact_id)).scalar_one()
            access_codes.issue_access_code(contact, by=session.info["viewer"])
    with system() as session:
        acts = [(entry.action, entry.visibility) for entry in trail(session, "access_code")]
        assert [action for action, _ in acts] == ["access_code.issued", "access_code.revoked", "access_code.issued"]
        assert {visibility for _, visibility in acts} == {"public"}
        assert trail(session, "access_code.revoked")[0].object_id == contact_id
