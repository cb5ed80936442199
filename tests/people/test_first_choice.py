"""What lists begin with where access is given: nobody becomes an Admin because that was the first in the list."""

import pytest
from sqlalchemy import select

from portal.identity.models import AccessRequest, Role
from portal.identity.services import access_requests
from portal.people.services import grouping
from portal.people.wording import role_name
from tests import factories as make
from tests import world


@pytest.fixture
def user_role(system):
    with system() as session:
        return str(session.scalars(select(Role.id).where(Role.key == "user")).one())


def test_who_asked_for_access_begins_as_a_user(visit, system, user_role):
    with system() as session:
        access_requests.ask_for_access(
            name="Zoe Asks", email="zoe@brightdental.example", company="Bright", message="", address="192.0.2.1"
        )
        asked = session.scalars(select(AccessRequest.id)).one()
    page = visit(world.ADMIN).get(f"/admin/access-requests/{asked}")
    assert page.form("/approval")["role"] == user_role


def test_who_is_let_into_a_group_of_clients_begins_as_a_user(visit, system, user_role):
    with system():
        group = grouping.make_group("Holding").id
    assert visit(world.ADMIN).get(f"/admin/client-groups/{group}").form("/grants")["role"] == user_role


def test_a_contact_without_a_login_is_invited_from_their_page(visit, system):
    with system():
        nora = make.a_contact(world.DANA.client_id, "Nora Newcomer", "nora@brightdental.example").id
        elsewhere = make.a_contact(world.NOAH.client_id, "Nick CANARY", "nick@cedarlaw.example").id
        silent = make.a_contact(world.DANA.client_id, "Sil Ent").id
    dana = visit(world.DANA)
    page = dana.get(f"/account/users/{nora}")
    link = page.dom.select_one("a[href*='/users/invitation']")["href"]
    fields = dana.get(link).form("/users/invitation")
    assert (fields["name"], fields["email"]) == ("Nora Newcomer", "nora@brightdental.example")
    assert dana.get(f"/account/users/invitation?contact={elsewhere}").status == 404
    assert "/users/invitation" not in dana.get(f"/account/users/{silent}")
    assert "/users/invitation" not in dana.get(f"/account/users/{world.SAM.contact_id}")


def test_a_role_that_the_tenant_renamed_keeps_its_name_in_every_language(app, visit, system):
    with app.test_request_context(headers={"Accept-Language": "de"}):
        assert role_name("finance", "Finance") == "Finanzen"
        assert role_name("finance", "Bookkeeping") == "Bookkeeping"
    with system() as session:
        session.scalars(select(Role).where(Role.key == "finance")).one().name = "Bookkeeping"
    german = {"Accept-Language": "de"}
    assert "Bookkeeping" in visit(world.DANA).get("/account/users/invitation", headers=german)
    matrix = visit(world.ADMIN).get("/admin/roles", headers=german)
    assert "Bookkeeping" in matrix
    assert "Nutzer" in matrix
