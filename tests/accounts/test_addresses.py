"""Another address: proven at the new one, told at the old one."""

from typing import Any

import pytest

from portal.identity.models import LoginSession
from tests import jobs, world
from tests.accounts.steps import LinkTo, System, Visit, ask, opened, user_of
from tests.identity.steps import SETTINGS, is_in, sign_in, trail
from tests.pages import Visitor
from tests.world import DANA, SAM, TECH

FRESH = "sam.new@brightdental.example"
BOTH = pytest.mark.parametrize("person", [SAM, TECH], ids=lambda each: each.side)


def wish(who: Visitor, person: world.Person, email: str) -> Any:
    """Ask for this address in the settings."""
    page = f"{SETTINGS[person.side]}/email"
    return who.submit(page, "/settings/email", email=email)


@BOTH
def test_the_new_address_counts_once_it_is_proven(
    visit: Visit, work: Any, link_to: LinkTo, person: world.Person
) -> None:
    owner = visit(person)
    assert wish(owner, person, FRESH).status == 303
    path = link_to(FRESH)
    assert sign_in(visit(), person).status == 303, "nothing has changed yet"
    stranger = visit()
    page = opened(stranger, path)
    assert FRESH in page
    assert stranger.submit("/auth/verify-email", "/verify-email").status == 303
    assert not is_in(owner, person.side), "whoever was signed in is signed out"
    assert sign_in(visit(), person).status == 422
    moved = world.Person(FRESH, person.tenant, person.side, person.role, person.name, person.client)
    assert sign_in(visit(), moved).status == 303
    [told] = work()[person.email]
    assert "was changed" in told["Subject"]
    assert FRESH in jobs.words(told)
    assert opened(visit(), path).status == 410


@BOTH
def test_the_browser_that_confirms_stays_signed_in_and_no_other(
    visit: Visit, link_to: LinkTo, person: world.Person
) -> None:
    owner, elsewhere = visit(person), visit(person)
    wish(owner, person, FRESH)
    opened(owner, link_to(FRESH))
    owner.submit("/auth/verify-email", "/verify-email")
    assert is_in(owner, person.side)
    assert not is_in(elsewhere, person.side)


def test_looking_changes_nothing(visit: Visit, link_to: LinkTo, system: System) -> None:
    wish(visit(SAM), SAM, FRESH)
    opened(visit(), link_to(FRESH))
    with system() as session:
        assert user_of(session, SAM).email == SAM.email


def test_somebody_elses_address_is_told_to_its_owner_alone(visit: Visit, link_to: LinkTo, system: System) -> None:
    sam = visit(SAM)
    assert wish(sam, SAM, DANA.email).status == 303, "the answer is the same"
    stranger = visit()
    opened(stranger, link_to(DANA.email))
    page = stranger.submit("/auth/verify-email", "/verify-email")
    assert "belongs to another account" in stranger.follow(page)
    with system() as session:
        assert user_of(session, SAM).email == SAM.email


def test_links_to_the_old_address_die(visit: Visit, link_to: LinkTo) -> None:
    ask(visit(), SAM.email)
    reset = link_to(SAM.email)
    wish(visit(SAM), SAM, FRESH)
    stranger = visit()
    opened(stranger, link_to(FRESH))
    stranger.submit("/auth/verify-email", "/verify-email")
    assert opened(visit(), reset).status == 410


def test_a_newer_wish_replaces_the_older(visit: Visit, link_to: LinkTo) -> None:
    sam = visit(SAM)
    wish(sam, SAM, FRESH)
    first = link_to(FRESH)
    wish(sam, SAM, "third@brightdental.example")
    assert opened(visit(), first).status == 410
    assert opened(visit(), link_to("third@brightdental.example")).status == 200


def test_it_wants_a_fresh_proof(visit: Visit, system: System) -> None:
    sam = visit(SAM)
    data = sam.get("/settings/email").form("/settings/email") | {"email": FRESH}
    with system() as session:
        for row in session.query(LoginSession).where(LoginSession.user_id == SAM.id):
            row.proved_at = world.OPENED
    for path in ("/settings/email", "/settings/password"):
        page = sam.get(path)
        assert "confirm" in page.headers.get("Location", "") or "confirm" in page.text.lower()
    assert FRESH not in str(sam.post("/settings/email", data).headers.get("Location"))
    with system() as session:
        assert not trail(session, "address.change_asked")


def test_six_a_day_are_too_many(visit: Visit) -> None:
    sam = visit(SAM)
    answers = [wish(sam, SAM, f"n{number}@brightdental.example").status for number in range(6)]
    assert answers == [303] * 5 + [429]


@pytest.mark.parametrize("email", ["", "x", "a@b.example,c@d.example", "a@b.example\r\nBcc: c@d.example"])
def test_what_is_no_address_is_refused(visit: Visit, work: Any, email: str) -> None:
    assert wish(visit(SAM), SAM, email).status == 422
    assert work() == {}
