"""An invitation that is taken up with a passkey in place of a password: what holds for it, and what is refused."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.core import clock
from portal.identity import passwords
from portal.identity.models import MailToken, Membership, Passkey, Password, RecoveryCode, User
from portal.identity.services import mail_tokens
from tests import factories as make
from tests.accounts.steps import NEW, LinkTo, System, Visit, opened
from tests.accounts.test_invitations import ANA, INVITATION, invite
from tests.accounts.test_races import FEW, looks_first
from tests.identity.authenticator import Device, packed
from tests.identity.factors import role_wants_it
from tests.identity.races import MANY, Line, at_once, connections
from tests.identity.steps import SIGN_IN, is_in, trail, try_in
from tests.pages import Page, Visitor
from tests.world import ADMIN, DANA, NOAH, SAM

__all__ = ["connections"]

BY_PASSKEY = f"{INVITATION}/passkey"


def form_of(who: Visitor, device: Device, page: Page | None = None, **said: Any) -> dict[str, Any]:
    """What the page's form sends once the device has answered."""
    shown = page or who.get(INVITATION)
    form = shown.dom.select_one(f"form[action='{BY_PASSKEY}']")
    options = form["data-options"]
    return shown.form("/passkey") | {"name": "Key", "credential": device.make(options, **{"origin": who.origin} | said)}


def enter(who: Visitor, device: Device) -> Page:
    """Sign in with the passkey alone."""
    page = who.get(SIGN_IN["client"])
    form = page.dom.select_one("form[action$='/passkey']")
    data = page.form("/passkey") | {"credential": device.prove(form["data-options"], who.origin)}
    return who.post("/auth/client-portal/passkey", data)


@pytest.fixture
def stranger(app: Flask, visit: Visit, link_to: LinkTo) -> Visitor:
    """Ana's browser, in which the link of her mail is open."""
    invite(app, DANA)
    who = visit()
    opened(who, link_to(ANA.email))
    return who


def of_ana(session: Any, model: Any) -> int:
    """How many of these she has."""
    mine = select(func.count()).select_from(model).join(User, User.id == model.user_id)
    found: int = session.execute(mine.where(User.email_key == ANA.email)).scalar_one()
    return found


def test_somebody_new_comes_in_by_passkey_alone(stranger: Visitor, visit: Visit, system: System) -> None:
    role_wants_it(system, "User")
    device = Device()
    done = stranger.post(BY_PASSKEY, form_of(stranger, device))
    assert done.status == 200
    assert len(done.dom.select(".codes li")) == 10, "the codes are shown now or never"
    assert not is_in(stranger, "client"), "accepting signs nobody in"
    assert enter(stranger, device).status == 303, "the role's second factor is the passkey"
    assert is_in(stranger, "client")
    with system() as session:
        user = session.execute(select(User).where(User.email_key == ANA.email)).scalar_one()
        assert (user.state, of_ana(session, Password), of_ana(session, Passkey)) == ("active", 0, 1)
        assert user.verified_at is not None
        assert of_ana(session, RecoveryCode) == 10
        assert session.execute(select(Membership.is_active).where(Membership.user_id == user.id)).scalar_one()
        for act in ("invitation.accepted", "second_factor.added"):
            [told] = trail(session, act)
            assert (told.client_id, told.visibility) == (SAM.client_id, "public")
    without = visit()
    token = without.get(SIGN_IN["client"]).form("/signin")["csrf_token"]
    assert without.post(BY_PASSKEY, {"csrf_token": token, "name": "Key", "credential": "{}"}).status == 410


WRONG: dict[str, dict[str, Any]] = {
    "nothing": {"credential": ""},
    "no JSON": {"credential": "["},
    "no answer": {"credential": "[]"},
    "no challenge": {"challenge": ""},
    "no name": {"name": ""},
    "two names": {"name": ["one", "two"]},
}
SAID: dict[str, dict[str, Any]] = {
    "another origin": {"origin": "http://summit.localhost"},
    "another challenge": {"challenge": "AAAA"},
    "another ceremony": {"type": "webauthn.get"},
    "unverified": {},
}


@pytest.mark.parametrize("wrong", [*WRONG, *SAID])
def test_a_passkey_that_proves_nothing_uses_nothing_up(stranger: Visitor, system: System, wrong: str) -> None:
    data = form_of(stranger, Device(verifies=wrong != "unverified"), **SAID.get(wrong, {}))
    refused = stranger.post(BY_PASSKEY, data | WRONG.get(wrong, {}))
    assert refused.status == 422
    with system() as session:
        assert (of_ana(session, Passkey), of_ana(session, RecoveryCode)) == (0, 0)
        assert session.execute(select(User.state).where(User.email_key == ANA.email)).scalar_one() == "pending"
        assert not trail(session, "invitation.accepted")
    assert stranger.post(BY_PASSKEY, form_of(stranger, Device(), refused)).status == 200, "the page offers it anew"


def test_a_passkey_of_somebody_else_uses_nothing_up(stranger: Visitor, system: System) -> None:
    """Its id is taken in this tenant: the savepoint gives the link back."""
    device = Device()
    with system():
        make.put(
            Passkey(
                user_id=SAM.id, name="Sam's", credential_id=packed(device.id), public_key="AA", sign_count=0,
                transports=[], created_at=clock.now(),
            )
        )  # fmt: skip
    assert stranger.post(BY_PASSKEY, form_of(stranger, device)).status == 422
    with system() as session:
        [row] = session.execute(select(MailToken).where(MailToken.purpose == "invitation")).scalars()
        assert row.used_at is None
    assert stranger.submit(INVITATION, "/invitation", password=NEW).status == 303


def test_whoever_has_a_login_gets_no_passkey_by_a_link(
    app: Flask, visit: Visit, link_to: LinkTo, system: System
) -> None:
    invite(app, DANA, NOAH.email)
    who = visit()
    page = opened(who, link_to(NOAH.email))
    assert "passkey" not in page.dom.main.get_text()
    data = {"csrf_token": page.form("/invitation")["csrf_token"], "name": "Key", "credential": "{}", "challenge": "x"}
    answer = who.post(BY_PASSKEY, data)
    assert (answer.status, answer.headers["Location"]) == (303, INVITATION)
    with system() as session:
        assert session.execute(select(Passkey)).first() is None
        assert not trail(session, "invitation.accepted")
    assert who.submit(INVITATION, "/invitation").status == 303


def test_a_link_of_another_tenant_or_purpose_makes_no_passkey(stranger: Visitor, visit: Visit, system: System) -> None:
    data = form_of(stranger, Device())
    kept = stranger.http.get_cookie("link", domain=stranger.host)
    neighbour = visit(host="summit")
    neighbour.http.set_cookie("link", kept.value, domain=neighbour.host)
    token = neighbour.get(SIGN_IN["client"]).form("/signin")["csrf_token"]
    assert neighbour.post(BY_PASSKEY, data | {"csrf_token": token}).status == 410
    with system() as session:
        session.execute(update(MailToken).values(purpose="verification"))
    assert stranger.post(BY_PASSKEY, data).status == 410
    with system() as session:
        assert session.execute(select(Passkey)).first() is None


def test_a_revoked_or_late_link_makes_no_passkey(stranger: Visitor, system: System) -> None:
    data = form_of(stranger, Device())
    with system() as session:
        session.execute(update(MailToken).values(revoked_at=clock.now()))
    assert stranger.post(BY_PASSKEY, data).status == 410
    with system() as session:
        assert of_ana(session, Passkey) == 0


def test_the_password_of_whoever_began_the_account_is_worthless(
    stranger: Visitor, visit: Visit, system: System
) -> None:
    with system() as session:
        user_id = session.execute(select(User.id).where(User.email_key == ANA.email)).scalar_one()
        make.put(Password(user_id=user_id, hash=passwords.hash_password(NEW), changed_at=clock.now()))
    device = Device()
    assert stranger.post(BY_PASSKEY, form_of(stranger, device)).status == 200
    assert try_in(visit(), "client", ANA.email, NEW).status == 422
    assert enter(visit(), device).status == 303


def test_a_colleague_comes_in_by_passkey(app: Flask, visit: Visit, link_to: LinkTo) -> None:
    admin = visit(ADMIN)
    role = admin.get("/admin/users/invitation").dom.select_one("input[name=roles]")["value"]
    fields = {"name": "Nia New", "email": "nia@harbor.example", "roles": role}
    assert admin.submit("/admin/users/invitation", "/invitation", **fields).status == 303
    who, device = visit(), Device()
    opened(who, link_to("nia@harbor.example"))
    done = who.post(BY_PASSKEY, form_of(who, device))
    assert done.status == 200
    assert done.dom.select_one("a[href='/auth/msp/signin']")
    page = who.get(SIGN_IN["msp"])
    options = page.dom.select_one("form[action$='/passkey']")["data-options"]
    data = page.form("/passkey") | {"credential": device.prove(options, who.origin)}
    assert who.post("/auth/msp/passkey", data).status == 303
    assert is_in(who, "msp")


@pytest.mark.usefixtures("connections")
class TestAtOnce:
    """Twenty with one link, each with a device of their own."""

    def ready(self, app: Flask, visit: Visit, link_to: LinkTo, count: int) -> list[tuple[Visitor, Any]]:
        invite(app, ADMIN)
        path, found = link_to(ANA.email), []
        for _ in range(count):
            who = visit()
            page = opened(who, path)
            found.append((who, form_of(who, Device(), page)))
        return found

    def sent(self, ready: list[tuple[Visitor, Any]]) -> list[int]:
        return sorted(at_once(lambda number: ready[number][0].post(BY_PASSKEY, ready[number][1]).status, len(ready)))

    def test_one_passkey_stays(
        self, app: Flask, visit: Visit, link_to: LinkTo, system: System, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ready = self.ready(app, visit, link_to, MANY)
        monkeypatch.setattr(mail_tokens, "redeem", Line(MANY).before(mail_tokens.redeem))
        assert self.sent(ready) == [200] + [410] * (MANY - 1)
        with system() as session:
            assert (of_ana(session, Passkey), of_ana(session, RecoveryCode)) == (1, 10)
            assert len(trail(session, "invitation.accepted")) == 1

    def test_a_link_that_is_looked_at_first_makes_several(
        self, app: Flask, visit: Visit, link_to: LinkTo, system: System, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Negative control."""
        ready = self.ready(app, visit, link_to, FEW)
        monkeypatch.setattr(mail_tokens, "redeem", looks_first(Line(FEW)))
        self.sent(ready)
        with system() as session:
            assert of_ana(session, Passkey) > 1


def test_the_page_needs_no_scripts(stranger: Visitor) -> None:
    page = stranger.get(INVITATION)
    box = page.dom.select_one("[data-passkey=create]")
    assert box.has_attr("hidden"), "what needs a script shows only with one"
    assert page.dom.noscript
    assert page.form("/invitation").keys() == {"csrf_token", "username", "password"}
