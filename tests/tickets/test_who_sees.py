"""The predicate against an oracle in plain Python, and what follows from it: lists, counts, choices, pages, verbs."""

import itertools
from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.identity.models import (
    BoardGroup,
    BoardGroupBoard,
    ClientAssignment,
    Membership,
    MembershipRole,
    MembershipRoleSite,
    RolePermission,
    StaffProfile,
)
from portal.tickets import policy
from portal.tickets.models import Board, Status, Ticket
from tests import factories as make
from tests import world
from tests.world import ADMIN, DANA, OUR_NUMBER, SAM, TECH

SITES, BOARDS = (None, "annex", "mill"), ("usual", "other")
PROPERTY = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Facts:
    """A ticket as the oracle knows it; people as seen by Sam and Tech."""

    asks: bool = False
    opened: bool = False
    takes_part: bool = False
    site: str | None = None
    board: str = "usual"
    private: bool = False
    assigned: bool = False
    opened_by_staff: bool = False


def sees(facts: Facts, *, scope: str, own_site: str | None, boards: set[str] | None, read_at: set[str] | None) -> bool:
    """What the spec says of a client's person, in its own words."""
    person = {
        "own": facts.asks or facts.opened,
        "taking_part": facts.takes_part,
        "site": facts.takes_part or (own_site is not None and facts.site == own_site),
        "company": True,
    }[scope]
    named = facts.asks or facts.opened or facts.takes_part
    board = boards is None or facts.board in boards
    site = read_at is None or facts.site in read_at
    return person and board and site and (named or not facts.private)


@pytest.fixture
def crowd(system):
    """A ticket of every kind at Bright Dental; sites, boards and facts by ticket."""
    with system() as session:
        sam, dana = (session.get(make.Contact, (each.tenant_id, each.contact_id)) for each in (SAM, DANA))
        usual = session.scalars(select(Board).where(Board.is_default)).one()
        other = make.put(Board(name="Other", position=9))
        make.put(Status(board_id=other.id, name="New", category="new", position=1))
        ids: dict[str | None, UUID | None] = {None: None, "usual": usual.id, "other": other.id}
        for name in SITES[1:]:
            ids[name] = make.a_site(SAM.client_id, name).id
        facts = {}
        flags = (False, True)
        for asks, opened, part, site, board, private in itertools.product(flags, flags, flags, SITES, BOARDS, flags):
            kind = Facts(asks=asks, opened=opened, takes_part=part, site=site, board=board, private=private)
            status = session.scalars(select(Status).where(Status.board_id == ids[board]).limit(1)).one()
            ticket = make.a_ticket(
                dana, "of a kind", site_id=ids[site], board_id=ids[board], status_id=status.id, is_private=private,
                requester_contact_id=(sam if asks else dana).id, opened_by_contact_id=(sam if opened else dana).id,
            )  # fmt: skip
            for row in session.scalars(select(make.TicketPerson).where(make.TicketPerson.ticket_id == ticket.id)):
                session.delete(row)
            session.flush()
            if part:
                make.a_person_on(ticket, sam)
            facts[ticket.id] = kind
        for assigned, opened, private in itertools.product(flags, flags, flags):
            who = {"opened_by_contact_id": None, "opened_by_user_id": TECH.id} if opened else {}
            ticket = make.a_ticket(
                dana, "for staff", is_private=private, assignee_user_id=TECH.id if assigned else ADMIN.id, **who
            )
            for row in session.scalars(select(make.TicketPerson).where(make.TicketPerson.ticket_id == ticket.id)):
                session.delete(row)
            facts[ticket.id] = Facts(private=private, assigned=assigned, opened_by_staff=opened)
        return ids, facts


def subset(names):
    return st.none() | st.sets(st.sampled_from(names))


def client_scope(ids, *, scope, own_site, boards, read_at) -> Scope:
    return Scope(
        tenant_id=SAM.tenant_id, reach=Reach.CLIENT, client_id=SAM.client_id, user_id=SAM.id,
        contact_id=SAM.contact_id, ticket_scope=scope, site_id=ids[own_site],
        board_ids=None if boards is None else frozenset(ids[each] for each in boards),
        permissions=frozenset({"ticket:read"}) if read_at is None else frozenset({"ticket:comment"}),
        at_sites=frozenset() if read_at is None else frozenset(("ticket:read", ids[each]) for each in read_at),
    )  # fmt: skip


def seen_by(app, scope) -> set[UUID]:
    with app.app_context(), transaction(scope) as session:
        return set(session.scalars(select(Ticket.id).where(policy.visible_to(scope))))


def test_a_clients_person_sees_what_the_oracle_says(app, crowd):
    ids, facts = crowd

    @PROPERTY
    @given(
        scope=st.sampled_from(sorted(policy.SEES)), own_site=st.sampled_from(SITES), boards=subset(BOARDS),
        read_at=subset(SITES[1:]),
    )  # fmt: skip
    def agree(scope, own_site, boards, read_at):
        limits = {"scope": scope, "own_site": own_site, "boards": boards, "read_at": read_at}
        expected = {ticket_id for ticket_id, kind in facts.items() if sees(kind, **limits)}
        found = seen_by(app, client_scope(ids, **limits)) & facts.keys()
        assert found == expected
        with app.app_context(), transaction(client_scope(ids, **limits)) as session:
            parts = policy.parts_for(client_scope(ids, **limits)).values()
            assert set(session.scalars(select(Ticket.id).where(*parts))) & facts.keys() == expected

    agree()


def test_without_the_part_on_privacy_the_oracle_disagrees(app, crowd, monkeypatch):
    ids, facts = crowd
    limits = {"scope": "company", "own_site": None, "boards": None, "read_at": None}
    everything = policy.parts_for
    monkeypatch.setattr(policy, "parts_for", lambda viewer: everything(viewer) | {"private": policy.true()})

    found = seen_by(app, client_scope(ids, **limits)) & facts.keys()

    assert found != {ticket_id for ticket_id, kind in facts.items() if sees(kind, **limits)}


@pytest.mark.parametrize("permissions", [{"ticket:read"}, {"ticket:read", "ticket:private"}])
@pytest.mark.parametrize("clients", [None, {"Bright Dental"}, {"Cedar CANARY"}, set()])
def test_the_staff_see_what_the_oracle_says(app, crowd, permissions, clients):
    _ids, facts = crowd
    client_ids = None if clients is None else frozenset(world.client_id(each) for each in clients)
    scope = Scope(
        tenant_id=TECH.tenant_id, reach=Reach.STAFF, user_id=TECH.id, permissions=frozenset(permissions),
        client_ids=client_ids,
    )  # fmt: skip
    open_to_all = "ticket:private" in permissions
    expected = {
        ticket_id for ticket_id, kind in facts.items()
        if (clients is None or "Bright Dental" in clients)
        and (not kind.private or open_to_all or kind.assigned or kind.opened_by_staff)
    }  # fmt: skip

    assert seen_by(app, scope) & facts.keys() == expected


def test_whoever_may_read_nothing_sees_nothing(app, crowd):
    ids, _facts = crowd
    scope = client_scope(ids, scope="company", own_site=None, boards=None, read_at=set())
    assert seen_by(app, scope) == set()
    with app.app_context(), transaction(scope):
        assert str(policy.visible_to(Scope(
            tenant_id=SAM.tenant_id, reach=Reach.CLIENT, client_id=SAM.client_id, user_id=SAM.id,
            contact_id=SAM.contact_id, ticket_scope="company", permissions=frozenset({"ticket:comment"}),
        ))) == "false"  # fmt: skip


def listed(visitor, path):
    page = visitor.get(path)
    count = page.dom.select_one(".tabs [aria-current] .count")
    return page, count.get_text(strip=True) if count else "0"


def test_a_private_ticket_does_not_exist_for_the_clients_admin(visit, system):
    sam, dana, admin = visit(SAM), visit(DANA), visit(ADMIN)
    _page, before = listed(dana, "/tickets?state=with-us")

    sent = sam.submit("/tickets/new", "/tickets/new", subject="My pay", description="It is wrong.", private="y")

    number = int(sent.headers["Location"].rpartition("/")[2])
    page, after = listed(dana, "/tickets?state=with-us")
    assert after == before
    assert "My pay" not in page
    for path in (f"/tickets/{number}", f"/tickets/{number}/updates?seen=0"):
        hidden, absent = dana.get(path), dana.get(path.replace(str(number), "424242"))
        assert (hidden.status, hidden.text.replace(str(number), "424242").count("My pay")) == (absent.status, 0)
    assert sam.get(f"/tickets/{number}").status == 200
    assert "Private" in sam.get("/tickets?state=with-us")
    assert visit(TECH).get(f"/msp/tickets/{number}").status == 404
    assert "My pay" not in visit(TECH).get("/msp/tickets")
    assert "Private" in admin.get(f"/msp/tickets/{number}")


def test_the_staff_make_a_ticket_private_and_end_it(visit, look):
    tech, dana, path = visit(TECH), visit(DANA), f"/msp/tickets/{OUR_NUMBER}"

    refused = tech.follow(tech.post(f"{path}/sealing", tech.get(path).form("/assignment")))
    assert "Take it on first" in refused
    assert not look().ticket.is_private
    tech.submit(path, "/assignment", choice=str(TECH.id))
    tech.submit(path, "/sealing")

    seen = look()
    assert seen.ticket.is_private
    assert seen.kinds[-1] == "sealed"
    assert dana.get(f"/tickets/{OUR_NUMBER}").status == 404
    assert "made it private" in visit(SAM).get(f"/tickets/{OUR_NUMBER}")
    assert tech.get(path).status == 200
    tech.submit(path, "/unsealing")
    assert look().kinds[-1] == "unsealed"
    assert dana.get(f"/tickets/{OUR_NUMBER}").status == 200


def test_who_gives_a_private_ticket_away_is_led_back_to_the_queue(visit, system):
    tech, path = visit(TECH), f"/msp/tickets/{OUR_NUMBER}"
    tech.submit(path, "/assignment", choice=str(TECH.id))
    tech.submit(path, "/sealing")

    gone = tech.submit(path, "/assignment", choice=str(ADMIN.id))

    assert gone.headers["Location"] == "/msp/tickets"
    assert tech.get(path).status == 404


@pytest.fixture
def annex(system):
    """Dana's Admin counts at the annex only, where ticket 7001 is; the other ticket is at the head office."""
    with system() as session:
        site = make.a_site(DANA.client_id, "Annex")
        sam = session.get(make.Contact, (SAM.tenant_id, SAM.contact_id))
        make.a_ticket(sam, "in the annex", number=7001, site_id=site.id)
        given = session.scalars(select(MembershipRole).where(MembershipRole.membership_id == DANA.membership_id)).one()
        make.put(MembershipRoleSite(client_id=DANA.client_id, membership_role_id=given.id, site_id=site.id))
        return site.id


def test_a_role_at_one_site_counts_there_and_nowhere_else(visit, annex):
    dana = visit(DANA)
    page, count = listed(dana, "/tickets?state=with-us")
    assert (count, "in the annex" in page, "VPN" in page) == ("1", True, False)
    assert dana.get(f"/tickets/{OUR_NUMBER}").status == 404
    assert dana.submit("/tickets/7001", "/resolution").status == 303


def test_somebody_who_reads_everywhere_but_writes_at_one_site_is_refused_elsewhere(visit, system, annex):
    with system():
        reader = make.put(make.Role(name="Reader", side="client"))
        make.put(RolePermission(role_id=reader.id, permission="ticket:read"))
        make.put(MembershipRole(
            client_id=DANA.client_id, user_id=DANA.id, membership_id=DANA.membership_id, role_id=reader.id,
        ))  # fmt: skip
    dana = visit(DANA)
    form = dana.get("/tickets/7001").form("/comments") | {"body": "hello"}

    shown = dana.get(f"/tickets/{OUR_NUMBER}")

    assert shown.status == 200
    assert "/comments" not in [item.get("action") for item in shown.dom.select("form")]
    assert f"/tickets/{OUR_NUMBER}/resolution" not in shown.text
    assert dana.post(f"/tickets/{OUR_NUMBER}/comments", form).status == 403
    assert dana.post(f"/tickets/{OUR_NUMBER}/resolution", form).status == 403
    assert dana.post("/tickets/7001/comments", form).status == 303


def test_sites_offered_for_a_new_ticket_are_those_of_the_role(visit, annex):
    dana = visit(DANA)
    page = dana.get("/tickets/new")
    assert not page.dom.select("select[name=site]"), "one place leaves no choice"
    fields = page.form("/tickets/new") | {"subject": "Door", "description": "It squeaks."}
    wrong = dana.post("/tickets/new", fields | {"site": str(world.fixed("site Bright Dental"))})
    assert wrong.status == 422
    made = dana.post("/tickets/new", fields | {"site": ""})
    assert dana.follow(made).status == 200, "it lies at the annex, where Dana sees it"


def test_boards_offered_and_seen_are_those_of_the_group(visit, system):
    with system() as session:
        other = make.put(Board(name="Other", position=9))
        make.put(Status(board_id=other.id, name="New", category="new", position=1))
        group = make.put(BoardGroup(name="Others"))
        make.put(BoardGroupBoard(board_group_id=group.id, board_id=other.id))
        membership = session.get(Membership, (DANA.tenant_id, DANA.membership_id))
        membership.board_group_id = group.id
        usual = session.scalars(select(Board.id).where(Board.is_default)).one()
    dana = visit(DANA)
    fields = dana.get("/tickets/new").form("/tickets/new") | {"subject": "Door", "description": "It squeaks."}

    assert dana.post("/tickets/new", fields | {"board": str(usual)}).status == 422
    assert dana.follow(dana.post("/tickets/new", fields)).status == 200
    assert dana.get(f"/tickets/{OUR_NUMBER}").status == 404
    with system() as session:
        for row in session.scalars(select(BoardGroupBoard)):
            session.delete(row)
    assert dana.get("/tickets/new").status == 403
    assert listed(dana, "/tickets?state=with-us")[1] == "0"


def test_assigned_clients_are_all_there_is_for_who_is_held_to_them(visit, system):
    with system() as session:
        profile = session.scalars(select(StaffProfile).where(StaffProfile.user_id == TECH.id)).one()
        profile.sees_assigned_only = True
        make.put(ClientAssignment(user_id=TECH.id, client_id=world.client_id("Cedar CANARY")))
    tech = visit(TECH)
    page, count = listed(tech, "/msp/tickets")
    assert (count, "VPN is slow CANARY" in page, "Bright Dental" in page) == ("1", True, False)
    hidden, absent = tech.get(f"/msp/tickets/{OUR_NUMBER}"), tech.get("/msp/tickets/424242")
    assert hidden.status == absent.status == 404
    assert tech.get(f"/msp/tickets/{world.CEDAR_NUMBER}").status == 200
