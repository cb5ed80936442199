"""Asking for access: where the tenant takes requests, for the staff to decide; never an account by itself."""

from typing import Any

import pytest
from sqlalchemy import func, select, update

from portal.identity.models import AccessRequest, AccessSettings, Membership, User
from tests import world
from tests.accounts.steps import NEW, LinkTo, System, Visit, client_role, opened
from tests.identity.steps import sign_in, trail
from tests.pages import Page, Visitor
from tests.world import ADMIN, SAM, TECH

PAGE = "/auth/request-access"
LIST = "/admin/access-requests"
ZOE = world.Person("zoe@brightdental.example", "harbor", "client", "User", "Zoe Asks", "Bright Dental")


@pytest.fixture
def taken(system: System) -> None:
    """Harbor takes requests."""
    with system() as session:
        session.execute(update(AccessSettings).values(takes_requests=True))


def ask(who: Visitor, *, address: str = "127.0.0.1", **more: Any) -> Page:
    """Fill in the form."""
    fields = {"name": ZOE.name, "email": ZOE.email, "company": "Bright Dental", "message": "Please let me in."}
    data = who.get(PAGE).form("/request-access") | fields | more
    return who.post(PAGE, data, environ_overrides={"REMOTE_ADDR": address})


def request_id(system: System) -> Any:
    """The one request there is."""
    with system() as session:
        return session.execute(select(AccessRequest.id)).scalar_one()


def test_where_none_are_taken_there_is_no_page(visit: Visit) -> None:
    assert visit().get(PAGE).status == 404
    assert "request-access" not in visit().get("/auth/client-portal/signin")


@pytest.mark.parametrize("field", ["name", "company"])
def test_a_name_is_no_link(visit: Visit, work: Any, taken: None, field: str) -> None:
    page = ask(visit(), **{field: "http://evil.example/click"})
    assert page.status == 422
    assert "Leave web addresses out" in page
    assert ADMIN.email not in work()


def test_it_makes_no_account(visit: Visit, system: System, work: Any, taken: None) -> None:
    stranger = visit()
    assert PAGE in stranger.get("/auth/client-portal/signin")
    assert ask(stranger).status == 303
    post = work()
    assert ZOE.email not in post
    assert "asks for access" in post[ADMIN.email][0]["Subject"]
    assert TECH.email not in post
    with system() as session:
        assert session.execute(select(User).where(User.email_key == ZOE.email)).first() is None


def test_the_staff_approves_and_an_invitation_follows(
    visit: Visit, system: System, work: Any, link_to: LinkTo, taken: None
) -> None:
    ask(visit())
    work()
    admin = visit(ADMIN)
    assert ZOE.name in admin.get(LIST)
    one = f"{LIST}/{request_id(system)}"
    with system() as session:
        role = client_role(session).id
    assert admin.submit(one, "/approval", number="999", role=str(role)).status == 422
    assert admin.submit(one, "/approval", number="10001", role=str(role)).status == 303
    assert "is invited" in admin.get(LIST)
    assert ZOE.name not in admin.get(LIST)
    assert ZOE.name in admin.get(f"{LIST}?state=approved")
    stranger = visit()
    opened(stranger, link_to(ZOE.email))
    stranger.submit("/auth/invitation", "/invitation", password=NEW)
    assert sign_in(visit(), ZOE, NEW).status == 303
    with system() as session:
        assert trail(session, "access.decided")


def test_the_staff_refuses_and_nobody_is_told(visit: Visit, system: System, work: Any, taken: None) -> None:
    ask(visit())
    work()
    admin = visit(ADMIN)
    one = f"{LIST}/{request_id(system)}"
    data = admin.get(one).form("/refusal")
    assert admin.post(f"{one}/refusal", data).status == 303
    assert admin.post(f"{one}/refusal", data).status == 303
    assert work() == {}
    with system() as session:
        assert session.execute(select(AccessRequest.state)).scalar_one() == "refused"
        assert len(trail(session, "access.decided")) == 1


def test_whoever_has_access_already_is_not_invited(visit: Visit, system: System, work: Any, taken: None) -> None:
    ask(visit(), email=SAM.email)
    work()
    with system() as session:
        role = client_role(session).id
        seats = session.execute(select(func.count()).select_from(Membership)).scalar_one()
    page = visit(ADMIN).submit(f"{LIST}/{request_id(system)}", "/approval", number="10001", role=str(role))
    assert page.status == 422
    with system() as session:
        assert session.execute(select(AccessRequest.state)).scalar_one() == "open"
        assert session.execute(select(func.count()).select_from(Membership)).scalar_one() == seats


def test_five_a_day(visit: Visit, taken: None) -> None:
    answers = [ask(visit(), address=f"192.0.2.{number}").status for number in range(6)]
    assert answers == [303] * 5 + [429]


def test_only_those_who_decide_see_them(visit: Visit, system: System, taken: None) -> None:
    ask(visit())
    one = f"{LIST}/{request_id(system)}"
    for person in (TECH, SAM, world.SUMMIT_ADMIN):
        assert visit(person).get(one).status == 404
