"""Why somebody may, or sees, or not: the pure rules, and the page that tells them."""

import itertools

import pytest
from sqlalchemy import select

from portal.access import queries
from portal.access.explaining import STEPS, HeldRole, explain_permission, explain_ticket
from portal.access.subjects import colleague, member
from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.identity.models import (
    BoardGroup,
    BoardGroupBoard,
    Denial,
    Membership,
    MembershipRole,
    MembershipRoleSite,
    RolePermission,
    StaffProfile,
    StaffRole,
)
from portal.tickets import policy
from portal.tickets.models import Board, Status, Ticket
from tests import factories as make
from tests.world import ADMIN, DANA, NOAH, OUR_NUMBER, SAM, TECH

READS = HeldRole("User", frozenset({"ticket:read"}))
AT_MILL = HeldRole("Admin", frozenset({"ticket:read", "user:invite"}), ("Mill",))
ASKER = Scope(
    tenant_id=ADMIN.tenant_id,
    reach=Reach.STAFF,
    user_id=ADMIN.id,
    permissions=frozenset({"ticket:read", "ticket:private"}),
)


@pytest.mark.parametrize(
    ("permission", "roles", "client", "person", "expected"),
    [
        ("ticket:read", [READS], (), (), (True, "given")),
        ("ticket:read", [AT_MILL], (), (), (True, "at_sites")),
        ("ticket:read", [READS, AT_MILL], (), (), (True, "given")),
        ("ticket:read", [READS], ("ticket:read",), (), (False, "denied_client")),
        ("ticket:read", [READS], (), ("ticket:read",), (False, "denied_person")),
        ("audit:read", [READS, AT_MILL], ("audit:read",), (), (False, "no_role")),
    ],
)
def test_the_rule_behind_a_permission(permission, roles, client, person, expected):
    found = explain_permission(permission, roles, denied_client=frozenset(client), denied_person=frozenset(person))
    assert (found.allowed, found.rule) == expected


def test_a_ticket_is_seen_exactly_where_every_rule_passes():
    names = ("served", "person", "boards", "sites", "private")
    ties = {"asker": False, "taking_part": True, "own_site": False, "is_private": True}
    for values in itertools.product((True, False), repeat=len(names) + 1):
        parts = dict(zip(names, values, strict=False)) | ties
        found = explain_ticket(parts, account="", reads=values[-1], is_staff=False, scope="taking_part")
        assert found.sees is all(values)
        assert found.sees is found.decided_by.passes
        assert [step.rule for step in found.steps] == list(STEPS)


@pytest.fixture
def seen(app, system):
    """Whether the simulator says that a person sees a ticket, and by which rule; checked against the predicate."""

    def ask(person, number):
        with app.app_context(), transaction(ASKER) as session:
            subject = colleague(ASKER, person.id) if person.side == "msp" else member(ASKER, person.membership_id)
            verdict = subject.ticket(session.execute(queries.parts_of(ASKER, subject.scope, number)).one())
        with app.app_context(), transaction(subject.scope) as session:
            found = session.scalars(
                select(Ticket.id).where(policy.visible_to(subject.scope), Ticket.number == number)
            ).first()
        assert verdict.sees is (found is not None), "the simulator and the page agree"
        return verdict.sees, verdict.decided_by.rule, verdict.decided_by.why

    return ask


def test_what_decides_is_told_for_each_rule(seen, system):
    assert seen(SAM, OUR_NUMBER) == (True, "person", "asker")
    assert seen(DANA, OUR_NUMBER) == (True, "person", "company")
    assert seen(NOAH, OUR_NUMBER)[:2] == (False, "served")
    assert seen(TECH, OUR_NUMBER)[:2] == (True, "reads")
    with system() as session:
        dana = session.get(make.Contact, (DANA.tenant_id, DANA.contact_id))
        make.a_ticket(dana, "Dana's own", number=7001, is_private=True)
        other = make.put(Board(name="Other", position=9))
        make.put(Status(board_id=other.id, name="New", category="new", position=1))
        group = make.put(BoardGroup(name="Others"))
        make.put(BoardGroupBoard(board_group_id=group.id, board_id=other.id))
    assert seen(SAM, 7001) == (False, "person", "not_taking_part")
    assert seen(TECH, 7001) == (False, "private", "not_named")
    assert seen(ADMIN, 7001) == (True, "private", "holds_private")
    assert seen(DANA, 7001)[0]
    with system() as session:
        session.get(Membership, (DANA.tenant_id, DANA.membership_id)).board_group_id = group.id
    assert seen(DANA, OUR_NUMBER)[:2] == (False, "boards")
    with system() as session:
        session.get(Membership, (DANA.tenant_id, DANA.membership_id)).board_group_id = None
        site = make.a_site(DANA.client_id, "Annex")
        role = session.scalars(select(MembershipRole).where(MembershipRole.membership_id == DANA.membership_id)).one()
        make.put(MembershipRoleSite(client_id=DANA.client_id, membership_role_id=role.id, site_id=site.id))
        make.put(Denial(client_id=None, membership_id=SAM.membership_id, permission="ticket:read"))
        session.scalars(select(StaffProfile).where(StaffProfile.user_id == TECH.id)).one().sees_assigned_only = True
    assert seen(DANA, OUR_NUMBER)[:2] == (False, "sites")
    assert seen(SAM, OUR_NUMBER)[:2] == (False, "reads")
    assert seen(TECH, OUR_NUMBER)[:2] == (False, "served")


def test_the_page_finds_people_and_tells_why(visit, system):
    admin = visit(ADMIN)
    page = admin.get("/admin/roles/simulator?q=noah")
    (link,) = [each["href"] for each in page.dom.select(".list a")]
    page = admin.get(f"{link}&ticket={OUR_NUMBER}")
    assert f"Why can't Noah CANARY see ticket {OUR_NUMBER}?" in page.dom.select_one("#ticket-title").get_text()
    assert (
        page.dom.select_one(".alert").get_text(" ").split()
        == (
            f"Noah CANARY can't see ticket {OUR_NUMBER}. Ticket {OUR_NUMBER} belongs to Bright Dental."
            " Noah CANARY is at Cedar CANARY, and nobody sees another company's tickets."
        ).split()
    )
    told = [each.get_text() for each in page.dom.select("[aria-labelledby=ticket-title] tbody th")]
    assert told == ["Signing in", "Company"], "of another company's ticket nothing else is worth telling"
    assert "Open tickets." in page
    page = admin.get(f"{link}&permission=ticket:create")
    assert len(page.dom.select("tbody tr")) == 1
    assert "There is no ticket of that number." in admin.get(f"{link}&ticket=900001")
    assert admin.get("/admin/roles/simulator?person=client:x&ticket=nonsense&permission=x").status == 200


def test_who_may_not_see_a_private_ticket_is_not_told_of_it_by_asking(visit, system):
    with system() as session:
        dana = session.get(make.Contact, (DANA.tenant_id, DANA.contact_id))
        make.a_ticket(dana, "Secret pay", number=7001, is_private=True)
        role = make.put(make.Role(name="Asks", side="internal"))
        make.put(RolePermission(role_id=role.id, permission="role:read"))
        make.put(StaffRole(user_id=TECH.id, role_id=role.id))
    page = visit(TECH).get(f"/admin/roles/simulator?person=client:{DANA.membership_id}&ticket=7001")
    assert "There is no ticket of that number." in page
    assert "Secret pay" not in page
