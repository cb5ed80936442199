"""Settings, security, on both sides; and the fresh proof that sensitive acts ask for."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from portal.cli.routes import routes
from portal.core.events.models import OutboxEvent
from portal.core.tenancy.scope import Reach, Scope
from portal.identity.models import LoginSession, Passkey, RecoveryCode, Totp
from portal.identity.services import second_factor
from portal.identity.services.second_factor import NotOnesOwn
from tests import world
from tests.identity.factors import CONFIRM, SECURITY, code, has_app, proof_is_old, role_wants_it, user
from tests.identity.steps import WRONG, System, Visit, is_in, sessions_of, token_of, trail, with_token
from tests.pages import Page, Visitor

BOTH = pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)


def _key(page: Page) -> str:
    return page.dom.select_one("code.key").get_text().replace(" ", "")


def _set_up(who: Visitor, side: str) -> Page:
    """Set up an app as a person does."""
    page = who.get(f"{SECURITY[side]}/app")
    return who.post(f"{SECURITY[side]}/app", page.form("/app") | {"code": code(_key(page))})


@BOTH
def test_an_app_is_set_up_used_and_removed(visit: Visit, system: System, person: world.Person) -> None:
    who, side = visit(person), person.side
    done = _set_up(who, side)
    assert len(done.dom.select(".codes li")) == 10
    overview = who.get(SECURITY[side])
    assert "You have 10 codes left" in overview
    assert not overview.dom.select_one("svg.qr")
    assert who.get(f"{SECURITY[side]}/app").status == 303, "its key is never shown again"
    assert who.submit(SECURITY[side], "/app/removal").status == 303
    with system() as session:
        assert session.execute(select(Totp)).first() is None
        assert session.execute(select(RecoveryCode)).first() is None
        actions = [(entry.action, entry.visibility) for entry in trail(session, "second_factor.")]
        assert actions == [("second_factor.added", "public"), ("second_factor.removed", "public")]


@BOTH
def test_new_codes_kill_the_old_ones(visit: Visit, system: System, person: world.Person) -> None:
    old = has_app(system, person)
    who = visit(person)
    page = who.submit(SECURITY[person.side], "/codes")
    new = [item.get_text() for item in page.dom.select(".codes li")]
    assert not set(old) & set(new)
    with system() as session:
        rows = session.execute(select(RecoveryCode)).scalars().all()
        assert len(rows) == 10


@BOTH
def test_the_last_factor_stays_while_a_role_wants_it(visit: Visit, system: System, person: world.Person) -> None:
    has_app(system, person)
    role_wants_it(system, person.role)
    who = visit(person)
    assert "Your role needs a second step" in who.follow(who.submit(SECURITY[person.side], "/app/removal"))
    with system() as session:
        assert session.execute(select(Totp)).first() is not None


def _passkey_of(system: System, person: world.Person) -> Passkey:
    with system(person.tenant) as session:
        made = Passkey(
            user_id=person.id, name=f"Key of {person.name}", credential_id=f"id-{person.email}", public_key="AA",
            sign_count=0, transports=["internal"], created_at=world.OPENED,
        )  # fmt: skip
        session.add(made)
        session.flush()
        session.expunge(made)
        return made


def test_nobody_removes_a_passkey_of_others(visit: Visit, system: System) -> None:
    theirs = _passkey_of(system, world.NOAH)
    mine = _passkey_of(system, world.SAM)
    who = visit(world.SAM)
    data = who.get(SECURITY["client"]).form("/removal")
    assert who.post(f"{SECURITY['client']}/passkeys/{theirs.id}/removal", data).status == 404
    assert who.post(f"{SECURITY['client']}/passkeys/{mine.id}/removal", data).status == 303
    with system() as session:
        assert session.execute(select(Passkey.user_id)).scalars().all() == [world.NOAH.id]


@pytest.mark.parametrize("sent", ["", "{}", "[]", "null", "nonsense", '{"id": 7}', '{"id": "x"}', "[" * 30_000])
def test_nonsense_is_no_passkey(visit: Visit, sent: str) -> None:
    who = visit(world.SAM)
    page = who.get(f"{SECURITY['client']}/passkeys/new")
    data = page.form("/passkeys/new") | {"credential": sent, "name": "Phone"}
    assert who.post(f"{SECURITY['client']}/passkeys/new", data).status == 422
    stranger = visit()
    data = stranger.get("/auth/client-portal/signin").form("/passkey") | {"credential": sent}
    assert stranger.post("/auth/client-portal/passkey", data).status == 422


@BOTH
def test_an_old_proof_leads_to_the_confirm_page_and_back(visit: Visit, system: System, person: world.Person) -> None:
    who, side = visit(person), person.side
    proof_is_old(system, person)
    asked = who.get(f"{SECURITY[side]}/app")
    assert asked.headers["Location"].startswith(f"{CONFIRM[side]}?next=")
    page = who.follow(asked)
    before = token_of(who, side)
    assert who.post(CONFIRM[side], page.form("/confirm") | {"password": WRONG}).status == 422
    assert token_of(who, side) == before
    answer = who.post(CONFIRM[side], page.form("/confirm") | {"password": world.PASSWORD})
    assert answer.headers["Location"] == f"{SECURITY[side]}/app"
    assert token_of(who, side) != before
    assert not is_in(with_token(visit(), side, before), side), "the token from before is worthless"
    assert who.follow(answer).status == 200
    with system() as session:
        assert len(sessions_of(session, person)) == 1
        assert [entry.action for entry in trail(session, "session.")][-2:] == [
            "session.not_confirmed", "session.confirmed",
        ]  # fmt: skip


def test_the_code_confirms_as_well(visit: Visit, system: System) -> None:
    has_app(system, world.SAM)
    who = visit(world.SAM)
    proof_is_old(system, world.SAM)
    page = who.get(CONFIRM["client"])
    data = {"csrf_token": page.form("/confirm")["csrf_token"], "code": code()}
    assert who.post(CONFIRM["client"], data).status == 303
    assert who.get(f"{SECURITY['client']}/passkeys/new").status == 200
    proof_is_old(system, world.SAM)
    assert who.post(CONFIRM["client"], data).status == 422, "it is spent"


def test_what_was_sent_is_kept_but_for_secrets(visit: Visit, system: System) -> None:
    """A form that was sent too late goes on after the proof; nothing is done before it."""
    has_app(system, world.SAM)
    who = visit(world.SAM)
    form = who.get(SECURITY["client"]).form("/codes") | {"extra": "kept <words>", "password": "never-kept-anywhere"}
    proof_is_old(system, world.SAM)
    asked = who.post(f"{SECURITY['client']}/codes", form)
    assert asked.status == 403
    assert "What you sent is kept" in asked
    assert "never-kept-anywhere" not in asked
    with system() as session:
        assert trail(session, "second_factor.codes_made") == []
    resume = who.post(CONFIRM["client"], asked.form("/confirm") | {"password": world.PASSWORD})
    fields = resume.form("/codes")
    assert fields["extra"] == "kept <words>"
    assert "password" not in fields
    assert len(who.post(f"{SECURITY['client']}/codes", fields).dom.select(".codes li")) == 10


def test_htmx_is_sent_to_the_page(visit: Visit, system: System) -> None:
    has_app(system, world.SAM)
    who = visit(world.SAM)
    form = who.get(SECURITY["client"]).form("/codes")
    proof_is_old(system, world.SAM)
    here = {"HX-Current-URL": f"{who.origin}{SECURITY['client']}"}
    answer = who.post(f"{SECURITY['client']}/codes", form, part=True, headers=here)
    assert answer.headers["HX-Redirect"].endswith(f"/confirm?next={SECURITY['client'].replace('/', '%2F')}") or (
        answer.headers["HX-Redirect"] == f"{CONFIRM['client']}?next={SECURITY['client']}"
    )


def test_a_forged_request_is_not_kept_for_later(visit: Visit, system: System) -> None:
    """What is confirmed is done afterwards, so that it came from our page is checked before."""
    has_app(system, world.SAM)
    who = visit(world.SAM)
    proof_is_old(system, world.SAM)
    answer = who.post(f"{SECURITY['client']}/codes", {"csrf_token": "x"})
    assert answer.status == 403
    assert "kept" not in [field.get("name") for field in answer.dom.select("input")]


def test_what_is_kept_is_of_one_person(visit: Visit, system: System) -> None:
    has_app(system, world.SAM)
    sam, dana = visit(world.SAM), visit(world.DANA)
    form = sam.get(SECURITY["client"]).form("/codes")
    proof_is_old(system, world.SAM)
    kept = sam.post(f"{SECURITY['client']}/codes", form).form("/confirm")["kept"]
    page = dana.get(CONFIRM["client"])
    answer = dana.post(CONFIRM["client"], page.form("/confirm") | {"kept": kept, "password": world.PASSWORD})
    assert (answer.status, answer.headers["Location"]) == (303, "/")


def test_confirming_is_throttled(visit: Visit, system: System) -> None:
    who = visit(world.SAM)
    page = who.get(CONFIRM["client"])
    answers = [who.post(CONFIRM["client"], page.form("/confirm") | {"password": WRONG}).status for _ in range(12)]
    assert answers == [422] * 10 + [429] * 2


def test_every_sensitive_page_says_so(app: Flask) -> None:
    """What changes how somebody signs in, or what somebody may do, is never done on an old proof."""
    for row in routes(app):
        if re.match(r"(/msp)?/settings/(security/|password|email)", row["rule"]):
            assert row["fresh"], row["rule"]
    changes = {row["rule"]: row["fresh"] for row in routes(app) if row["methods"] == ["POST"]}
    assert {rule for rule in GIVES_RIGHTS if not changes[rule]} == set()


GIVES_RIGHTS = {
    "/account/users/invitation", "/account/users/<uuid:contact_id>/activation",
    "/account/users/<uuid:contact_id>/invitation", "/admin/board-groups", "/admin/board-groups/<uuid:group_id>",
    "/admin/users/invitation", "/admin/users/<uuid:user_id>/activation", "/admin/users/<uuid:user_id>/invitation",
    "/msp/clients/<int(max=999999999):number>/invitation", "/msp/clients/<int(max=999999999):number>/portal-access",
    "/msp/clients/<int(max=999999999):number>/people/<uuid:contact_id>/invitation",
    "/msp/clients/<int(max=999999999):number>/people/<uuid:contact_id>/portal-access",
    "/msp/clients/<int(max=999999999):number>/people/<uuid:contact_id>/state",
    "/account/users/<uuid:contact_id>/roles", "/admin/access-requests/<uuid:request_id>/approval",
    "/admin/client-groups/<uuid:group_id>", "/admin/client-groups/<uuid:group_id>/grants",
    "/admin/roles/<uuid:role_id>/deletion", "/admin/users/<uuid:user_id>/roles",
    "/admin/sso/<uuid:provider_id>/domains/check", "/msp/clients/<int(max=999999999):number>/domain",
    "/msp/clients/<int(max=999999999):number>/domain/check",
    "/msp/clients/<int(max=999999999):number>/people/<uuid:contact_id>/roles",
}  # fmt: skip


def test_who_looks_on_as_somebody_touches_nothing(app: Flask, visit: Visit, system: System) -> None:
    from werkzeug.exceptions import Forbidden

    from portal.core.policy import Rule, _wants_proof

    scope = Scope(
        tenant_id=world.SAM.tenant_id, reach=Reach.CLIENT, client_id=world.SAM.client_id,
        contact_id=world.SAM.contact_id, staff_user_id=world.TECH.id, session_id=world.fixed("looking on"),
    )  # fmt: skip
    assert Rule("client", None, fresh=True).fresh
    with pytest.raises(Forbidden):
        _wants_proof(scope)


def test_an_administrator_resets_what_somebody_lost(visit: Visit, system: System) -> None:
    has_app(system, world.SAM)
    _passkey_of(system, world.SAM)
    sam = visit(world.SAM)
    by = Scope(tenant_id=world.ADMIN.tenant_id, reach=Reach.STAFF, user_id=world.ADMIN.id)
    with system() as session:
        with pytest.raises(NotOnesOwn):
            second_factor.reset_second_factors(user(session, world.ADMIN), by)
        second_factor.reset_second_factors(user(session, world.SAM), by, client_id=world.SAM.client_id)
    assert not is_in(sam, "client")
    with system() as session:
        assert not second_factor.of(world.SAM.id).any
        assert session.execute(select(RecoveryCode)).first() is None
        (entry,) = trail(session, "second_factor.reset")
        assert (entry.client_id, entry.visibility) == (world.SAM.client_id, "public")
        kinds = session.execute(select(OutboxEvent.kind)).scalars().all()
        assert "person.second_factor_reset" in kinds
        assert session.execute(select(LoginSession)).first() is None
