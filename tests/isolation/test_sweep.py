"""Every address that carries an id or number, asked for with somebody else's: as if it didn't exist, and nothing moves.

New routes join by existing: what stands in their address is told by `of=`, and a
kind that nobody can find an example of fails.
"""

import pytest

from portal.core.policy import allow
from tests import world
from tests.isolation import kinds, sweep
from tests.isolation.rig import (
    CANARIES,
    NEIGHBOUR,
    OURS,
    Asker,
    face_of,
    fill,
    random_things,
    routes,
    secrets_of,
    things_of,
)

METHODS = ("GET", "POST")


def test_what_is_not_ours_answers_like_what_does_not_exist(house):
    assert sweep.faults(house) == []


def test_the_own_objects_do_answer_so_that_the_sweep_proves_something(house):
    silent = []
    # Clients first: the staff's acts switch off a company's access, among others.
    for row in sorted(sweep.swept(house.app), key=lambda row: str(row["face"])):
        actor = world.DANA if row["face"] == "client" else world.ADMIN
        path = sweep.address(house.app, row, kinds.own(house, row["object"], actor), actor)
        page = house.send(actor, row["methods"][0], path, sweep.body_for(house, row["rule"], actor))
        if page.status not in sweep.WORKS:
            silent.append(f"{row['methods'][0]} {row['rule']} answers {page.status} to its owner")
        house.visitors.clear()
        house.tokens.clear()
        house.ask("UPDATE deliveries SET state = 'dead'")
    assert silent == []


@pytest.mark.parametrize("kind", kinds.FINDS)
def test_everybody_has_something_of_every_kind(house, kind):
    for person in (world.SAM, world.DANA, world.TECH):
        if person.side == "msp" or kind not in kinds.OF_TENANT:
            assert kinds.own(house, kind, person)
            assert list(kinds.foreign(house, kind, person))


def test_a_careless_new_route_is_caught(house):
    """A view that reads without asking whose it is joins the sweep by existing."""

    @allow("client", "ticket:read", of="ticket")
    def careless(number):
        return str(house.ask("SELECT subject FROM tickets WHERE number = %s", number))

    @allow("client", "ticket:read")
    def unsaid(number):
        return str(number)

    with sweep.added_route(house.app, "/careless/<int:number>", careless) as row:
        found = sweep.faults(house, [row])
        assert any("another tenant's ticket" in fault for fault in found)
        assert any("another client's ticket" in fault for fault in found)
        assert any("a colleague's ticket" in fault for fault in found)
    with sweep.added_route(house.app, "/unsaid/<int:number>", unsaid) as row:
        assert "say with of=" in sweep.faults(house, [row])[0]


def test_notes_and_their_files_do_not_exist_for_clients(app, visit):
    hidden, nobodys = secrets_of(app, OURS), random_things()
    for person in (world.SAM, world.DANA, world.FIN):
        asker = Asker(visit(person), "/settings")
        for rule in routes(app, "client", lambda rule: rule.arguments & {"comment_id", "file_id"}):
            for method in (each for each in METHODS if each in rule.methods):
                got = asker.ask(method, fill(rule, hidden))
                expected = asker.ask(method, fill(rule, {**nobodys, "number": world.OUR_NUMBER}))
                assert face_of(got) == face_of(expected), f"{person.email} {method} {rule.rule}"
                assert "SECRET" not in got


def test_strangers_learn_nothing_from_addresses(app, visit):
    """Before sign-in an own, a foreign and a made-up address lead to the same place."""
    stranger = visit(None)
    for face in ("client", "staff"):
        for rule in routes(app, face):
            if "GET" not in rule.methods:
                continue
            answers = set()
            for values in (things_of(app, OURS), things_of(app, NEIGHBOUR), random_things()):
                page = stranger.get(fill(rule, values))
                answers.add((page.status, page.headers.get("Location", "").partition("?")[0]))
            assert answers == {(303, "/auth/msp/signin" if face == "staff" else "/auth/client-portal/signin")}, (
                rule.rule
            )


def test_each_side_is_hidden_from_the_other(app, visit):
    sam, tech = visit(world.SAM), visit(world.TECH)
    for rule in app.url_map.iter_rules():
        face = app.view_functions[rule.endpoint].__allows__.face
        if "GET" not in rule.methods or rule.arguments or face not in {"client", "staff"}:
            continue
        assert (tech if face == "client" else sam).get(rule.rule).status == 404, rule.rule


def test_a_cookie_of_one_host_is_worth_nothing_at_another(app, visit):
    cookie = visit(world.SAM).http.get_cookie("session", domain="harbor.localhost").value
    elsewhere = visit(None, host="summit")
    elsewhere.http.set_cookie("session", cookie, domain="summit.localhost")
    page = elsewhere.get(f"/tickets/{world.OUR_NUMBER}")
    assert page.status == 303
    assert "Bright" not in page


SPOOFS = (
    {"X-Tenant-ID": "{summit}"}, {"X-Forwarded-Host": "summit.localhost"}, {"Forwarded": "host=summit.localhost"},
    {"X-Remote-User": world.DELTA_DANA.email}, {"X-Original-URL": "/tickets/900001"},
    {"X-Rewrite-URL": "/tickets/900001"},
    {"X-Forwarded-Prefix": "/summit"}, {"Cookie": "tenant={summit}"},
)  # fmt: skip


@pytest.mark.parametrize("headers", SPOOFS, ids=lambda each: next(iter(each)))
def test_no_header_chooses_a_tenant(app, visit, headers):
    sent = {name: value.format(summit=world.tenant_id("summit")) for name, value in headers.items()}
    sent.pop("Cookie", None)
    sam = visit(world.SAM)
    if "Cookie" in headers:
        sam.http.set_cookie("tenant", str(world.tenant_id("summit")), domain="harbor.localhost")
    for path in ("/tickets", f"/tickets/{world.OUR_NUMBER}", f"/tickets/{world.DELTA_NUMBER}"):
        assert face_of(sam.get(path, headers=sent)) == face_of(visit(world.SAM).get(path)), path


@pytest.mark.parametrize("query", ["tenant=summit", "tenant_id={summit}", "client_id={cedar}", "user_id={noah}"])
def test_no_query_chooses_a_tenant_or_client(app, visit, query):
    filled = query.format(summit=world.tenant_id("summit"), cedar=world.client_id("Cedar CANARY"), noah=world.NOAH.id)
    sam = visit(world.SAM)
    page = sam.get(f"/tickets?{filled}")
    assert page.status == 200
    assert not any(word in page.text for word in CANARIES)
    assert face_of(page)[0] == face_of(sam.get("/tickets"))[0]


MASS = (
    "tenant_id",
    "client_id",
    "visibility",
    "internal",
    "author_user_id",
    "number",
    "status_id",
    "assignee_user_id",
    "phase",
)


def test_fields_that_no_form_has_change_nothing(app, visit, system):
    from sqlalchemy import select

    from portal.tickets.models import Comment, Ticket

    asker = Asker(visit(world.SAM), "/settings")
    extra = dict.fromkeys(MASS, str(world.tenant_id("summit"))) | {"visibility": "internal", "phase": "done"}
    page = asker.ask("POST", f"/tickets/{world.OUR_NUMBER}/comments", **extra)
    assert page.status == 303
    with system("harbor") as session:
        comment = session.execute(select(Comment).where(Comment.body == "hello")).scalar_one()
        assert (comment.visibility, comment.author_user_id) == ("public", None)
        assert comment.author_contact_id == world.SAM.contact_id
        ticket = session.execute(select(Ticket).where(Ticket.id == world.ticket_id(world.OUR_NUMBER))).scalar_one()
        assert (ticket.number, ticket.assignee_user_id, ticket.phase) == (world.OUR_NUMBER, None, "with_us")
