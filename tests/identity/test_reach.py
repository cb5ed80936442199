"""A scope made without a session is the one that the first door gives; mails follow it."""

import dataclasses

import pytest
from sqlalchemy import select

from portal.core.tenancy.scope import current_scope
from portal.identity import reach
from portal.identity.models import (
    BoardGroup,
    BoardGroupBoard,
    ClientAssignment,
    Denial,
    Membership,
    MembershipRole,
    MembershipRoleSite,
    Role,
    RolePermission,
    StaffProfile,
    User,
)
from portal.notifications import readers
from portal.tickets.models import Board
from tests import factories as make
from tests import world
from tests.world import ADMIN, DANA, FIN, NOAH, SAM, TECH


@pytest.fixture
def at_the_door(app, visit):
    """The scope that a request of this person's is given."""

    def scope(person):
        seen = []
        app.before_request_funcs.setdefault(None, []).append(lambda: seen.append(current_scope()))
        try:
            visit(person).get("/msp/settings" if person.side == "msp" else "/settings")
        finally:
            app.before_request_funcs[None].pop()
        found = dataclasses.replace(seen[0], session_id=None, proved_at=None)
        return dataclasses.replace(found, ticket_scope="own") if found.is_staff else found  # means nothing to the staff

    return scope


def made(system, person):
    with system(person.tenant) as session:
        if person.side == "msp":
            return reach.scope_of_staff(session.get(User, (person.tenant_id, person.id)))
        return reach.scope_of(session.get(Membership, (person.tenant_id, person.membership_id)))


@pytest.fixture
def narrowed(system):
    """Dana has two roles, one of them at one site, is denied something and held to boards; Tech to one client."""
    with system() as session:
        reader = make.put(Role(name="Reader", side="client"))
        for permission in ("ticket:read", "ticket:comment"):
            make.put(RolePermission(role_id=reader.id, permission=permission))
        admin = session.scalars(select(MembershipRole).where(MembershipRole.membership_id == DANA.membership_id)).one()
        make.put(MembershipRole(
            client_id=DANA.client_id, user_id=DANA.id, membership_id=DANA.membership_id, role_id=reader.id,
        ))  # fmt: skip
        for name in ("Annex", "Mill"):
            site = make.a_site(DANA.client_id, name)
            make.put(MembershipRoleSite(client_id=DANA.client_id, membership_role_id=admin.id, site_id=site.id))
        make.put(Denial(client_id=DANA.client_id, membership_id=None, permission="ticket:resolve"))
        make.put(Denial(client_id=None, membership_id=DANA.membership_id, permission="ticket:comment"))
        group = make.put(BoardGroup(name="Usual"))
        board_id = session.scalars(select(Board.id).where(Board.is_default)).one()
        make.put(BoardGroupBoard(board_group_id=group.id, board_id=board_id))
        membership = session.get(Membership, (DANA.tenant_id, DANA.membership_id))
        membership.board_group_id, membership.ticket_scope, membership.site_id = group.id, "site", site.id
        profile = session.scalars(select(StaffProfile).where(StaffProfile.user_id == TECH.id)).one()
        profile.sees_assigned_only = True
        make.put(ClientAssignment(user_id=TECH.id, client_id=world.client_id("Cedar CANARY")))
        return board_id


@pytest.mark.parametrize("person", [DANA, SAM, FIN, NOAH, TECH, ADMIN], ids=lambda person: person.name)
def test_what_is_made_is_what_the_door_gives(at_the_door, system, narrowed, person):
    assert made(system, person) == at_the_door(person)


def test_narrowing_is_in_it(system, narrowed):
    dana, sam, tech = (made(system, person) for person in (DANA, SAM, TECH))
    assert not dana.may("ticket:comment")
    assert not dana.may("ticket:resolve")
    assert not sam.may("ticket:resolve"), "denied to the whole client"
    assert sam.may("ticket:comment")
    assert dana.sites_of("ticket:read") is None, "the other role reads everywhere"
    assert len(dana.sites_of("user:invite")) == 2
    assert dana.board_ids == {narrowed}
    assert tech.client_ids == {world.client_id("Cedar CANARY")}


def test_mails_follow_the_same_rules(system, narrowed):
    with system():
        by_name = {reader.name: reader.scope for reader in readers.contacts([DANA.contact_id, SAM.contact_id])}
        (tech,) = readers.colleagues([TECH.id])
    assert by_name[DANA.name] == made(system, DANA)
    assert by_name[SAM.name] == made(system, SAM)
    assert tech.scope == made(system, TECH)


def test_whose_portal_is_shut_is_written_to_as_a_contact(system):
    with system() as session:
        session.get(make.Client, (DANA.tenant_id, DANA.client_id)).portal_access = False
        make.put(Denial(client_id=DANA.client_id, membership_id=None, permission="ticket:read"))
    with system():
        (dana,) = readers.contacts([DANA.contact_id])
    assert (dana.scope.user_id, dana.scope.ticket_scope, dana.scope.permissions) == (None, "taking_part", frozenset())
