"""Every address that carries an id or number, asked for with somebody else's: as if it didn't exist, and nothing moves.

New routes join by existing: an address with a parameter that the rig can't fill
fails, so nobody forgets to teach it.
"""

import itertools

import pytest

from tests import world
from tests.isolation.rig import (
    CANARIES,
    NEIGHBOUR,
    OURS,
    OWN_WAYS,
    SIBLING,
    Asker,
    face_of,
    fill,
    random_things,
    routes,
    secrets_of,
    state_of,
    things_of,
)

ASKERS = {
    "client": ((world.SAM, "/settings", (SIBLING, NEIGHBOUR)), (world.DANA, "/settings", (SIBLING, NEIGHBOUR))),
    "staff": ((world.ADMIN, "/msp/settings", (NEIGHBOUR,)), (world.TECH, "/msp/settings", (NEIGHBOUR,))),
}
METHODS = ("GET", "POST")


@pytest.mark.parametrize("face", ["client", "staff"])
@pytest.mark.parametrize("part", [False, True], ids=["page", "part"])
def test_what_is_anothers_is_answered_like_what_does_not_exist(app, visit, face, part):
    ours, nobodys = things_of(app, OURS), random_things()
    asked = 0
    for person, home, owners in ASKERS[face]:
        asker = Asker(visit(person), home)
        theirs = {owner.name: things_of(app, owner) for owner in owners}
        before = {tenant: state_of(app, tenant, but=OWN_WAYS) for tenant in world.TENANTS}
        for rule in routes(app, face):
            for method in (each for each in METHODS if each in rule.methods):
                for owner, values in theirs.items():
                    for mixed in _mixtures(rule.arguments, ours, values):
                        got = asker.ask(method, fill(rule, mixed), part=part)
                        expected = asker.ask(
                            method, fill(rule, {**mixed, **_foreign(mixed, values, nobodys)}), part=part
                        )
                        name = f"{person.email} {method} {rule.rule} of {owner} {mixed}"
                        assert face_of(got) == face_of(expected), name
                        assert got.status in {403, 404}, name
                        assert not any(word in got.text for word in CANARIES), name
                        asked += 1
        assert {tenant: state_of(app, tenant, but=OWN_WAYS) for tenant in world.TENANTS} == before
    assert asked > 10


def _mixtures(arguments, ours, theirs):
    """Each way to put at least one foreign value into the address."""
    names = sorted(arguments)
    for choice in itertools.product((False, True), repeat=len(names)):
        if any(choice):
            yield {name: (theirs if foreign else ours)[name] for name, foreign in zip(names, choice, strict=True)}


def _foreign(mixed, theirs, nobodys):
    return {name: nobodys[name] for name, value in mixed.items() if value == theirs[name]}


def test_the_sweep_reaches_what_is_ours(app, visit):
    """Negative control: with our own values the same requests find something."""
    ours = things_of(app, OURS)
    asker = Asker(visit(world.SAM), "/settings")
    found = {rule.endpoint for rule in routes(app, "client") if "GET" in rule.methods
             and asker.ask("GET", fill(rule, ours)).status not in {404, 403}}  # fmt: skip
    assert {"tickets.show", "tickets.updates"} <= found


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
