"""Nobody is signed in or out by another site's doing."""

import pytest

from tests import world
from tests.identity.steps import SIGN_IN, SIGN_OUT, System, Visit, is_in, sessions_of, sign_in, trail

GOOD = {"email": world.SAM.email, "password": world.PASSWORD}


def _token(visit: Visit, host: str = "harbor") -> str:
    token: str = visit(host=host).get(SIGN_IN["client"]).form("/signin")["csrf_token"]
    return token


@pytest.mark.parametrize("kind", ["none", "wrong", "another browser's", "another tenant's"])
@pytest.mark.parametrize("side", ["client", "msp"])
def test_signing_in_needs_this_browsers_token(visit: Visit, system: System, side: str, kind: str) -> None:
    victim = visit()
    victim.get(SIGN_IN[side])
    token = {
        "none": dict,
        "wrong": lambda: {"csrf_token": "A" * 88},
        "another browser's": lambda: {"csrf_token": _token(visit)},
        "another tenant's": lambda: {"csrf_token": _token(visit, "summit")},
    }[kind]()
    person = world.SAM if side == "client" else world.TECH
    answer = victim.post(SIGN_IN[side], token | {"email": person.email, "password": world.PASSWORD})
    assert answer.status == 403
    assert not is_in(victim, side)
    with system() as session:
        assert sessions_of(session, person) == []
        assert trail(session) == [] or {entry.action for entry in trail(session)} <= {"tenant.created", "role.created"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://summit.localhost"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_right_token_from_elsewhere_is_refused(visit: Visit, headers: dict[str, str]) -> None:
    victim = visit()
    form = victim.get(SIGN_IN["client"]).form("/signin") | GOOD
    assert victim.post(SIGN_IN["client"], form, headers=headers).status == 403
    assert victim.post(SIGN_IN["client"], form).status == 303, "and the same form from our own page is taken"


@pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)
def test_signing_out_needs_this_sessions_token(visit: Visit, person: world.Person) -> None:
    somebody, other = visit(), visit()
    sign_in(somebody, person)
    sign_in(other, person)
    page = "/settings" if person.side == "client" else "/msp/settings"
    others_token = other.get(page).form("/signout")["csrf_token"]
    for token in ({}, {"csrf_token": "A" * 88}, {"csrf_token": others_token}, {"csrf_token": _token(visit)}):
        assert somebody.post(SIGN_OUT[person.side], token).status == 403
    assert is_in(somebody, person.side)
    assert somebody.submit(page, SIGN_OUT[person.side]).status == 303


def test_the_gates_token_is_worth_nothing_once_signed_in(visit: Visit) -> None:
    somebody = visit()
    before = somebody.get(SIGN_IN["client"]).form("/signin")["csrf_token"]
    sign_in(somebody, world.SAM)
    answer = somebody.post("/settings/sessions/ending", {"csrf_token": before})
    assert answer.status == 403
