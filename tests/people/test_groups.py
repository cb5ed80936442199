"""Groups of clients: a grant is a seat at each client, kept in step, gone with the grant."""

from typing import Any

import pytest
from sqlalchemy import select

from portal.identity.models import ClientGroup, GroupGrant, Membership
from portal.people.services import grouping, members
from tests import factories as make
from tests import world
from tests.world import Person


@pytest.fixture
def ids(system: Any) -> dict[str, Any]:
    """A group of Bright Dental and Acme, and who is let in: Sam, who is at Bright Dental anyway."""
    with system() as session:
        acme, other = make.a_client("Acme"), make.a_client("Other")
        group = grouping.make_group("Holding")
        grouping.change_group(group, "Holding", [world.SAM.client_id, acme.id])
        sam = session.scalars(select(make.User).where(make.User.id == world.SAM.id)).one()
        given = grouping.grant(group, sam, make.role("client", "User"), "company")
        return {"acme": acme.id, "other": other.id, "group": group.id, "grant": given.id}


def seats(session: Any) -> dict[Any, Membership]:
    mine = session.scalars(select(Membership).where(Membership.user_id == world.SAM.id, Membership.is_active))
    return {seat.client_id: seat for seat in mine}


def group_of(session: Any, ids: dict[str, Any]) -> ClientGroup:
    return session.scalars(select(ClientGroup).where(ClientGroup.id == ids["group"])).one()


def test_a_grant_is_a_seat_at_each_client_and_leaves_the_own_one_alone(system: Any, ids: dict[str, Any]) -> None:
    with system() as session:
        found = seats(session)
        assert found.keys() == {world.SAM.client_id, ids["acme"]}
        assert found[ids["acme"]].group_grant_id == ids["grant"]
        assert found[ids["acme"]].ticket_scope == "company"
        assert found[world.SAM.client_id].group_grant_id is None
        assert found[world.SAM.client_id].ticket_scope == "taking_part"


def test_seats_follow_the_group(system: Any, ids: dict[str, Any]) -> None:
    with system() as session:
        grouping.change_group(group_of(session, ids), "Holding", [ids["other"]])
        assert seats(session).keys() == {world.SAM.client_id, ids["other"]}
    with system() as session:
        grouping.change_group(group_of(session, ids), "Holding", [ids["acme"], ids["other"]])
        assert seats(session).keys() == {world.SAM.client_id, ids["acme"], ids["other"]}, (
            "the left-over seat is taken up"
        )


def test_the_seats_go_with_the_grant_and_with_the_group(visit: Any, system: Any, ids: dict[str, Any]) -> None:
    sam = visit(world.SAM)
    token = sam.get("/account").form("/account")["csrf_token"]
    with system() as session:
        acme = seats(session)[ids["acme"]].id
    sam.post("/account/membership", {"csrf_token": token, "membership": str(acme)})
    assert "Acme" in sam.get("/account/company")
    with system() as session:
        grouping.revoke(session.scalars(select(GroupGrant).where(GroupGrant.id == ids["grant"])).one())
    assert sam.get("/").status == 303, "the session there is over"
    with system() as session:
        assert seats(session).keys() == {world.SAM.client_id}
        grouping.remove_group(group_of(session, ids))
        assert session.scalars(select(ClientGroup)).all() == []


def test_a_seat_that_was_taken_away_by_hand_stays_away(system: Any, ids: dict[str, Any], change: Any) -> None:
    change(Membership, Membership.id == world.SAM.membership_id, is_active=False)
    with system() as session:
        grouping.keep_all_in_step()
        assert seats(session).keys() == {ids["acme"]}


def test_a_seat_of_a_group_is_changed_there_alone(system: Any, ids: dict[str, Any]) -> None:
    from portal.core.tenancy.scope import system_scope

    by = system_scope(world.tenant_id("harbor"))
    with system() as session, pytest.raises(members.FromGroup):
        members.deactivate(seats(session)[ids["acme"]], by=by)


def test_a_client_is_in_one_group_only(system: Any, ids: dict[str, Any]) -> None:
    with system():
        second = grouping.make_group("Second")
        with pytest.raises(grouping.ElsewhereGrouped):
            grouping.change_group(second, "Second", [ids["acme"]])
        with pytest.raises(grouping.NameTaken):
            grouping.make_group("Holding")


def test_the_pages_do_it_all(visit: Any, system: Any) -> None:
    admin = visit(world.ADMIN)
    page = admin.submit("/admin/client-groups", "/client-groups", name="Family")
    path = page.headers["Location"]
    assert admin.submit(path, path, clients=[str(world.SAM.client_id), str(world.NOAH.client_id)]).status == 303
    page = admin.submit(path, "/grants", email=world.NOAH.email, ticket_scope="own")
    assert page.status == 303
    assert "Noah CANARY" in admin.get(path)
    with system() as session:
        mine = select(Membership.client_id).where(Membership.user_id == world.NOAH.id, Membership.is_active)
        assert set(session.scalars(mine)) == {world.SAM.client_id, world.NOAH.client_id}
    assert admin.submit(path, "/grants", email="tech@harbor.example").status == 422
    grant = admin.get(path).dom.select_one("form[action*='/grants/']")["action"]
    assert admin.submit(path, grant).status == 303
    assert "Nobody so far." in admin.get(path)
    assert admin.submit(path, "/removal").headers["Location"].endswith("/admin/client-groups")
    assert visit(world.TECH).get("/admin/client-groups").status == 404


def test_who_may_not_give_access_adds_no_client_to_a_group(visit: Any, system: Any, ids: dict[str, Any]) -> None:
    """Its grants would reach the added client, by a hand that may not give any."""
    dispatcher = Person("dispatch@harbor.example", "harbor", "msp", "Dispatcher", "Dora Desk")
    with system():
        made = make.a_user(dispatcher.email, "internal", id=dispatcher.id, name=dispatcher.name)
        make.a_colleague(made, "Dispatcher")
    who, path = visit(dispatcher), f"/admin/client-groups/{ids['group']}"
    shown = who.get(path)
    assert (shown.status, len(shown.dom.main.select("form"))) == (200, 0)
    for act in ("", "/removal"):
        token = shown.dom.select_one("input[name=csrf_token]")["value"]
        data = {"csrf_token": token, "name": "Mine", "clients": str(world.NOAH.client_id)}
        assert who.post(path + act, data).status == 403
    with system() as session:
        assert world.NOAH.client_id not in seats(session)


def test_foreign_clients_and_groups_are_none(visit: Any, system: Any, ids: dict[str, Any]) -> None:
    with system("summit"):
        foreign = grouping.make_group("Theirs").id
    admin, path = visit(world.ADMIN), f"/admin/client-groups/{ids['group']}"
    assert admin.get(f"/admin/client-groups/{foreign}").status == 404
    admin.submit(path, path, clients=[str(world.DELTA_SAM.client_id), str(ids["acme"])])
    with system() as session:
        assert seats(session).keys() == {world.SAM.client_id, ids["acme"]}
    assert admin.submit(path, "/grants", email=world.DELTA_SAM.email).status == 422
