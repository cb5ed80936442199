"""A person's own settings, on both sides."""

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.core import clock
from portal.identity.models import LoginSession, User
from tests import world
from tests.identity.steps import SETTINGS, System, Visit, is_in, sessions_of, sign_in, statements, trail

BOTH = pytest.mark.parametrize("person", [world.SAM, world.TECH], ids=lambda each: each.side)


@BOTH
def test_language_and_zone_are_the_persons_own(visit: Visit, system: System, person: world.Person) -> None:
    somebody = visit(person)
    page = SETTINGS[person.side]
    shown = somebody.get(page)
    assert shown.dom.html["lang"] == "en"
    answer = somebody.submit(page, "/settings/language", locale="de", time_zone="Asia/Tokyo")
    assert (answer.status, answer.headers["Location"]) == (303, page)
    shown = somebody.follow(answer)
    assert shown.dom.html["lang"] == "de"
    assert shown.dom.select_one("#time_zone option[selected]")["value"] == "Asia/Tokyo"
    with system() as session:
        rows = session.execute(select(User.email, User.locale, User.time_zone).where(User.locale.is_not(None))).all()
        assert rows == [(person.email, "de", "Asia/Tokyo")]
    assert somebody.submit(page, "/settings/language", locale="", time_zone="").status == 303
    assert somebody.get(page).dom.html["lang"] == "en"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"locale": "xx"}, "locale"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../etc"}, "time_zone"),
    ],
)
def test_what_does_not_exist_is_refused_at_its_field(visit: Visit, values: dict[str, str], field: str) -> None:
    page = visit(world.SAM).submit("/settings", "/settings/language", **values)
    assert page.status == 422
    assert page.dom.select_one(f"#{field}")["aria-invalid"] == "true"
    assert page.dom.select_one(f".summary a[href='#{field}']")


def test_a_zone_that_is_not_listed_is_kept(visit: Visit, system: System) -> None:
    with system() as session:
        session.execute(update(User).where(User.id == world.SAM.id).values(time_zone="Africa/Accra"))
    somebody = visit(world.SAM)
    assert somebody.get("/settings").dom.select_one("#time_zone option[selected]")["value"] == "Africa/Accra"
    assert somebody.submit("/settings", "/settings/language", locale="de").status == 303
    with system() as session:
        assert session.get(User, (world.SAM.tenant_id, world.SAM.id)).time_zone == "Africa/Accra"


@BOTH
def test_the_page_is_light_enough_for_a_slow_line(visit: Visit, person: world.Person) -> None:
    somebody = visit(person)
    for language in ("en", "de"):
        somebody.submit(SETTINGS[person.side], "/settings/language", locale=language)
        answer = somebody.http.get(SETTINGS[person.side], base_url=somebody.origin, headers={"Accept-Encoding": "br"})
        assert answer.headers["Content-Encoding"] == "br"
        assert len(answer.get_data()) <= 6 * 1024


def test_nothing_else_of_a_person_can_be_set_here(visit: Visit, system: System) -> None:
    """Mass assignment."""
    somebody = visit(world.SAM)
    more = {"state": "locked", "kind": "internal", "email": "x@x.example", "user_id": str(world.DANA.id), "name": "X"}
    form = somebody.get("/settings").form("/settings/language")
    assert somebody.post("/settings/language", form | more | {"locale": "de"}).status == 303
    with system() as session:
        user = session.get(User, (world.SAM.tenant_id, world.SAM.id))
        assert (user.state, user.kind, user.email, user.name) == ("active", "client", world.SAM.email, world.SAM.name)
        assert session.get(User, (world.SAM.tenant_id, world.DANA.id)).locale is None


@BOTH
def test_own_sessions_are_listed_and_nobody_elses(visit: Visit, person: world.Person) -> None:
    somebody, other = visit(), visit()
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    somebody.http.environ_base["HTTP_USER_AGENT"] = agent
    sign_in(somebody, person)
    sign_in(other, person, address="203.0.113.77")
    for each in (world.DANA, world.NOAH, world.ADMIN, world.DELTA_SAM, world.SUMMIT_TECH):
        visit(each)
    page = somebody.get(SETTINGS[person.side])
    rows = page.dom.select("#sessions li")
    assert len(rows) == 2
    assert "Firefox on Linux" in rows[0].get_text()
    assert "this browser" in rows[0].get_text()
    assert not rows[0].select("form")
    assert "203.0.113.77" in rows[1].get_text()


def test_an_ended_session_is_not_listed(visit: Visit, system: System) -> None:
    somebody = visit(world.SAM)
    sign_in(visit(), world.SAM)
    with system() as session:
        latest = sessions_of(session, world.SAM)
        aged = next(row.id for row in latest if row.address)
        old = clock.now() - dt.timedelta(days=15)
        session.execute(update(LoginSession).where(LoginSession.id == aged).values(last_used_at=old))
    assert len(somebody.get("/settings").dom.select("#sessions li")) == 1


@BOTH
def test_one_other_browser_is_signed_out(visit: Visit, system: System, person: world.Person) -> None:
    somebody, other, third = visit(), visit(), visit()
    for each in (somebody, other, third):
        sign_in(each, person)
    page = SETTINGS[person.side]
    form = somebody.get(page).dom.select("#sessions li form")[0]
    answer = somebody.post(form["action"], {"csrf_token": form.select_one("[name=csrf_token]")["value"]})
    assert answer.status == 303
    assert [is_in(each, person.side) for each in (somebody, other, third)].count(True) == 2
    assert is_in(somebody, person.side)
    with system() as session:
        assert trail(session, "session.ended")[-1].user_id == person.id


def test_the_part_that_changed_is_all_that_htmx_gets(visit: Visit) -> None:
    somebody, other = visit(), visit()
    for each in (somebody, other):
        sign_in(each, world.SAM)
    answer = somebody.submit("/settings", "/settings/sessions/ending", part=True)
    assert answer.status == 200
    assert not answer.is_whole
    assert len(answer.dom.select("#sessions li")) == 1
    assert "Signed out in one other browser." in answer
    assert not is_in(other, "client")


@BOTH
def test_everywhere_else_means_everywhere_else(visit: Visit, person: world.Person) -> None:
    somebody, *others = (visit() for _ in range(4))
    for each in (somebody, *others):
        sign_in(each, person)
    colleague = visit(world.FIN if person.side == "client" else world.ADMIN)
    page = SETTINGS[person.side]
    answer = somebody.submit(page, "/settings/sessions/ending")
    assert "Signed out in 3 other browsers." in somebody.follow(answer)
    assert is_in(somebody, person.side)
    assert is_in(colleague, person.side)
    assert not any(is_in(each, person.side) for each in others)


def test_ending_the_session_at_hand_is_signing_out(visit: Visit, system: System) -> None:
    somebody = visit()
    sign_in(somebody, world.SAM)
    with system() as session:
        (row,) = sessions_of(session, world.SAM)
        address = f"/settings/sessions/{row.id}/ending"
    token = somebody.get("/settings").form("/settings/language")["csrf_token"]
    answer = somebody.post(address, {"csrf_token": token})
    assert answer.headers["Location"] == "/auth/client-portal/signin"
    assert not is_in(somebody, "client")


@pytest.mark.parametrize(
    ("actor", "owner"),
    [
        (world.SAM, world.DANA),
        (world.SAM, world.NOAH),
        (world.SAM, world.DELTA_SAM),
        (world.SAM, world.TECH),
        (world.TECH, world.SAM),
        (world.TECH, world.ADMIN),
        (world.ADMIN, world.SUMMIT_ADMIN),
    ],
    ids=lambda each: each.email,
)
def test_somebody_elses_session_does_not_exist(
    visit: Visit, system: System, actor: world.Person, owner: world.Person
) -> None:
    victim, somebody = visit(owner), visit(actor)
    with system(owner.tenant) as session:
        (row,) = sessions_of(session, owner)
        target = row.id
    page = SETTINGS[actor.side]
    token = somebody.get(page).form("/settings/language")["csrf_token"]
    foreign = somebody.post(f"{page}/sessions/{target}/ending", {"csrf_token": token})
    absent = somebody.post(f"{page}/sessions/{world.fixed('nothing')}/ending", {"csrf_token": token})
    assert foreign.status == absent.status == 404
    assert foreign.text.replace(foreign.headers["X-Request-Id"], "") == absent.text.replace(
        absent.headers["X-Request-Id"], ""
    )
    assert is_in(victim, owner.side)


@BOTH
def test_the_way_there_is_in_the_own_menu(visit: Visit, person: world.Person) -> None:
    page = visit(person).get(SETTINGS[person.side])
    assert page.dom.select_one(f".menu__list a[href='{SETTINGS[person.side]}']")
    assert page.dom.select_one("form[data-signout] button")


@pytest.mark.parametrize("count", [1, 9])
def test_the_page_takes_three_statements_however_many_sessions(app: Flask, visit: Visit, count: int) -> None:
    somebody = visit(world.SAM)
    for _ in range(count - 1):
        visit(world.SAM)
    somebody.get("/settings")
    with statements(app) as sent:
        somebody.get("/settings")
    assert len(sent) == 3, sent
