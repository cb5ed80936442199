"""Signing out: of one side, at once, and by nobody else's doing."""

import pytest

from tests import world
from tests.identity.steps import (
    COOKIE,
    SIGN_IN,
    SIGN_OUT,
    System,
    Visit,
    is_in,
    sessions_of,
    sign_in,
    token_of,
    trail,
    with_token,
)

BOTH = pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)


@BOTH
def test_the_session_is_dead_and_the_cookie_gone(visit: Visit, system: System, person: world.Person) -> None:
    somebody = visit()
    sign_in(somebody, person)
    token = token_of(somebody, person.side)
    assert token is not None
    answer = somebody.submit("/settings" if person.side == "client" else "/msp/settings", SIGN_OUT[person.side])
    assert answer.status == 303
    assert answer.headers["Location"] == SIGN_IN[person.side]
    assert token_of(somebody, person.side) is None
    assert "You are signed out." in somebody.follow(answer)
    assert not is_in(with_token(visit(), person.side, token), person.side)
    with system() as session:
        assert sessions_of(session, person) == []
        last = trail(session, "session.ended")[-1]
        assert (last.user_id, last.facts["facts"]["reason"]) == (person.id, "signed out")


@pytest.mark.parametrize("leaving", ["client", "msp"])
def test_each_side_leaves_alone(visit: Visit, leaving: str) -> None:
    """One browser, one tenant, both sides signed in."""
    somebody = visit()
    sign_in(somebody, world.SAM)
    sign_in(somebody, world.TECH)
    assert is_in(somebody, "client")
    assert is_in(somebody, "msp")
    somebody.submit("/settings" if leaving == "client" else "/msp/settings", SIGN_OUT[leaving])
    assert is_in(somebody, "client") is (leaving != "client")
    assert is_in(somebody, "msp") is (leaving != "msp")


def test_the_common_address_ends_the_side_that_is_named_or_there(visit: Visit) -> None:
    somebody = visit()
    sign_in(somebody, world.TECH)
    token = somebody.get("/msp/settings").form("/signout")
    answer = somebody.post("/auth/signout", token)
    assert answer.headers["Location"] == SIGN_IN["msp"], "no client cookie is there"
    assert not is_in(somebody, "msp")

    sign_in(somebody, world.TECH)
    sign_in(somebody, world.SAM)
    token = somebody.get("/msp/settings").form("/signout")
    answer = somebody.post("/auth/signout", token | {"side": "msp"})
    assert answer.headers["Location"] == SIGN_IN["msp"]
    assert is_in(somebody, "client")
    assert not is_in(somebody, "msp")


def test_one_sides_token_signs_nobody_out_of_the_other(visit: Visit) -> None:
    somebody = visit()
    sign_in(somebody, world.TECH)
    sign_in(somebody, world.SAM)
    of_the_client = somebody.get("/settings").form("/signout")
    assert somebody.post("/auth/msp/signout", of_the_client).status == 403
    assert somebody.post("/auth/signout", of_the_client | {"side": "msp"}).status == 403
    assert is_in(somebody, "msp")


@BOTH
def test_signing_out_without_a_session_is_no_error(visit: Visit, person: world.Person) -> None:
    somebody = visit()
    form = somebody.get(SIGN_IN[person.side]).form("/signin")
    with_token(somebody, person.side, "b" * 43)
    answer = somebody.post(SIGN_OUT[person.side], {"csrf_token": form["csrf_token"]})
    assert (answer.status, answer.headers["Location"]) == (303, SIGN_IN[person.side])
    assert somebody.http.get_cookie(COOKIE[person.side], domain=somebody.host) is None


@BOTH
def test_a_link_signs_nobody_out(visit: Visit, person: world.Person) -> None:
    somebody = visit()
    sign_in(somebody, person)
    assert somebody.get(SIGN_OUT[person.side]).status == 405
    assert is_in(somebody, person.side)
