"""The trail as people read it: who may, what it says, how it is narrowed, and what leaves with an export."""

import csv
import datetime as dt
import io
import re
import uuid
from pathlib import Path

import pytest

from portal.core import audit, clock
from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.identity.models import AccessSettings
from portal.trail import wording
from tests import factories as make
from tests import world
from tests.identity.steps import sign_in, statements, trail
from tests.world import ADMIN, BILLING, DANA, FIN, NOAH, OLIVIA, READER, SAM, TECH

AUDIT, ACTIVITY = "/admin/audit", "/account/activity"


def staff(person=TECH):
    return Scope(tenant_id=person.tenant_id, reach=Reach.STAFF, user_id=person.id)


def client(person):
    return Scope(
        tenant_id=person.tenant_id, reach=Reach.CLIENT, client_id=person.client_id, user_id=person.id,
        contact_id=person.contact_id,
    )  # fmt: skip


def looking_on(person, colleague=TECH):
    return Scope(
        tenant_id=person.tenant_id, reach=Reach.CLIENT, client_id=person.client_id, contact_id=person.contact_id,
        staff_user_id=colleague.id,
    )  # fmt: skip


@pytest.fixture
def write(app):
    """`write(scope, action, …)` puts an entry into the trail."""

    def record(scope, action, target=None, **more):
        with app.app_context(), transaction(scope):
            audit.record(action, target, **more)

    return record


def texts(page):
    return [item.get_text(" ", strip=True) for item in page.dom.select("#entries .item")]


def test_only_who_may_finds_them(visit):
    assert visit(ADMIN).get(AUDIT).status == 200
    for person in (TECH, BILLING, READER, SAM, DANA):
        assert visit(person).get(AUDIT).status == 404
    assert visit(DANA).get(ACTIVITY).status == 200
    for person in (SAM, FIN, ADMIN):
        assert visit(person).get(ACTIVITY).status in {303, 404}
    assert visit(SAM).get(ACTIVITY).status == 404
    assert not visit(SAM).get("/").dom.select(f"a[href='{ACTIVITY}']")
    assert visit(DANA).get("/").dom.select(f"a[href='{ACTIVITY}']")


def test_codes_ids_and_flags_are_told_in_words(visit, write, system):
    with system():
        site = make.a_site(SAM.client_id, "Annex").id
    facts = {"way": "password", "new_device": 1, "side": "client", "factor": ""}
    write(client(SAM), "sign_in.succeeded", shown=True, **facts)
    was, now = {"sites": [], "permissions": ["ticket:read"]}, {"sites": [str(site)], "permissions": ["ticket:read"]}
    write(staff(ADMIN), "role.limited", old=was, new=now)
    write(
        staff(ADMIN),
        "membership.narrowed",
        old={"site": str(uuid.uuid4())},
        new={"ticket_scope": "company", "key": "x"},
    )
    lines = texts(visit(ADMIN).get(AUDIT))
    [came] = [each for each in lines if "Signed in" in each and SAM.name in each]
    assert "By: Password" in came
    assert "New device: yes" in came
    assert "Side: Clients' portal" in came
    assert "factor" not in came.lower()
    [limited] = [each for each in lines if "Limited a role" in each]
    assert "Sites: Annex" in limited
    assert "Permissions" not in limited, "what stayed is no change"
    [narrowed] = [each for each in lines if "which tickets" in each]
    assert "Sees: All tickets of the company" in narrowed
    assert "Site:" not in narrowed, "an id that is nobody's any more says nothing"
    assert "key" not in narrowed


def test_what_was_set_about_access_is_told_as_its_page_writes_it(visit):
    admin = visit(ADMIN)
    page = admin.submit("/admin/access", "/admin/access", amount_limit_minor="1,250.50", link_sign_in="y")
    assert page.status == 303
    [line] = [each for each in texts(admin.get(AUDIT)) if "Changed the ways in" in each]
    for words in ("Amount above which an Administrator decides", "1,250.50", "Sign-in link"):
        assert words in line
    assert "125050" not in line
    assert "_" not in line


def test_an_entry_says_who_as_whom_what_and_from_what_to_what(visit, write):
    write(
        looking_on(SAM), "ticket.priority_changed", old={"priority": "High"},
        new={"priority": "Low", "token": "nobody-reads-this"}, shown=True,
    )  # fmt: skip
    [line] = [each for each in texts(visit(ADMIN).get(AUDIT)) if "a ticket's priority" in each]
    for words in ("Priya Nair", "looking on as Sam Bright", "Changed a ticket's priority", "High", "Low", "***"):
        assert words in line
    assert "nobody-reads-this" not in line
    assert "Bright Dental" in line


def test_where_from_and_which_request_is_there(visit, system):
    sign_in(visit(), SAM, address="203.0.113.5")
    with system() as session:
        entry = trail(session, "sign_in.succeeded")[-1]
    [line] = [each for each in texts(visit(ADMIN).get(AUDIT + "?act=sign_in.succeeded")) if "Sam Bright" in each]
    assert "from 203.0.113.5" in line
    assert entry.facts["facts"]["request_id"] in line


def test_an_act_without_words_shows_its_name(visit, write):
    write(staff(), "spaceship.launched")
    assert any("spaceship.launched" in each for each in texts(visit(ADMIN).get(AUDIT)))


def test_it_is_german_for_germans(visit, write):
    write(staff(), "ticket.noted")
    page = visit(ADMIN).get(AUDIT, headers={"Accept-Language": "de"})
    assert page.dom.html["lang"] == "de"
    [line] = [each for each in texts(page) if "Priya Nair" in each]
    assert "Hat eine interne Notiz hinterlassen" in line


def test_a_client_reads_its_own_public_entries_and_nothing_else(visit, write):
    write(client(SAM), "ticket.opened", shown=True)
    write(staff(), "membership.created", client_id=SAM.client_id, shown=True)
    write(staff(), "ticket.noted", client_id=SAM.client_id)
    write(client(NOAH), "role.given", shown=True)
    write(staff(), "user.created", shown=True)
    page = visit(DANA).get(ACTIVITY)
    assert len(texts(page)) == 2
    assert any("Sam Bright" in each and "Opened a ticket" in each for each in texts(page))
    assert any("Priya Nair" in each and "Staff" in each for each in texts(page))
    assert "CANARY" not in page


def test_a_client_sees_which_staff_opened_its_data_but_not_their_address(app, visit, write, system):
    with app.test_request_context(), transaction(looking_on(SAM)) as session:
        session.info["origin"] = {"address": "198.51.100.7", "request_id": "r-1"}
        audit.record("view_as.started", shown=True)
    [line] = texts(visit(DANA).get(ACTIVITY))
    assert "Priya Nair" in line
    assert "looking on as Sam Bright" in line
    assert "198.51.100.7" not in line
    assert any("198.51.100.7" in each for each in texts(visit(ADMIN).get(AUDIT)))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=priya", {"note", "assign"}),
        ("who=sam%40bright", {"open"}),
        ("who=nobody-of-that-name", set()),
        ("act=ticket.noted", {"note"}),
        ("act=tickets.*", {"note", "assign", "open"}),
        ("kind=tickets", {"note", "assign", "open"}),
        ("kind=tickets&number=%231001", {"assign", "note"}),
        ("kind=tickets&number=999999", set()),
        ("kind=clients&number=Bright", {"note", "assign", "open"}),
        ("kind=clients&number=10001", {"note", "assign", "open"}),
        ("kind=nonsense&act=ticket.noted&since=rubbish", {"note"}),
        ("act=tickets.*&since=2026-11-01", {"note", "assign", "open"}),
        ("act=tickets.*&until=2020-01-01", set()),
        ("who=%25&act=tickets.*", set()),
        ("act=tickets.*&until=9999-12-31", {"note", "assign", "open"}),
    ],
)
def test_it_is_narrowed(visit, write, system, query, found):
    from portal.extensions import db
    from portal.tickets.models import Ticket

    with system():
        ticket = db.session.get(Ticket, (world.tenant_id("harbor"), world.ticket_id(1001)))
        db.session.expunge(ticket)
    for action in ("ticket.noted", "ticket.assigned"):
        write(staff(), action, ticket)
    with system():
        other = Ticket(id=world.ticket_id(5), tenant_id=world.tenant_id("harbor"), client_id=SAM.client_id)
    write(client(SAM), "ticket.opened", other)
    words = {"note": "Left an internal note", "assign": "Gave a ticket to somebody", "open": "Opened a ticket"}
    page = visit(ADMIN).get(f"{AUDIT}?{query}")
    assert page.status == 200
    shown = texts(page)
    assert {name for name, text in words.items() if any(text in each for each in shown)} == found


def test_pages_follow_by_key_and_stay_narrowed(visit, write):
    for number in range(30):
        write(staff(), "ticket.noted", number=number)
    write(staff(), "ticket.assigned")
    admin = visit(ADMIN)
    first = admin.get(AUDIT + "?act=ticket.noted")
    assert len(texts(first)) == 25
    older = first.dom.select_one(".pager a[rel=next]")["href"]
    second = admin.get(older)
    assert len(texts(second)) == 5
    assert "ticket.noted" in older
    assert not set(texts(first)) & set(texts(second))
    part = admin.get(older, part=True)
    assert not part.is_whole
    assert len(texts(part)) == 5


def rows(page):
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in page.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(page.text.removeprefix("\ufeff"))))


def test_an_export_holds_what_was_narrowed_to_and_is_an_entry_itself(visit, write, system):
    for number in range(3):
        write(staff(), "ticket.noted", number=number)
    write(staff(), "ticket.assigned")
    admin = visit(ADMIN)
    shown = admin.get(AUDIT + "?act=ticket.noted")
    data = shown.form("/admin/audit/export")
    found = rows(admin.post(AUDIT + "/export?act=ticket.noted", data))
    assert [row[1] for row in found[1:]] == ["ticket.noted"] * 3
    assert found[1][3] == "Priya Nair"
    with system() as session:
        [entry] = trail(session, "audit.exported")
        assert entry.user_id == ADMIN.id
        assert entry.facts["facts"]["new"] == {"act": "ticket.noted"}


def test_an_export_longer_than_a_portion_is_whole(visit, write, monkeypatch):
    monkeypatch.setattr("portal.trail.export.PORTION", 4)
    for number in range(11):
        write(staff(), "ticket.noted", number=number)
    admin = visit(ADMIN)
    data = admin.get(AUDIT).form("/admin/audit/export")
    found = rows(admin.post(AUDIT + "/export?act=ticket.noted", data))
    assert len({row[9] for row in found[1:]}) == 11


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", " =1", "\r=2"])
def test_formulas_are_harmless_in_an_export(visit, write, text):
    write(staff(), "ticket.noted", old={"name": text}, new={"name": "plain"}, cell=text)
    write(staff(), text)
    admin = visit(ADMIN)
    for row in rows(admin.post(AUDIT + "/export", admin.get(AUDIT).form("/admin/audit/export")))[1:]:
        assert not [cell for cell in row if cell.lstrip(" \t\r\n").startswith(("=", "+", "@")) or cell[:1] == "-"]


def test_a_clients_export_holds_its_own_rows_only(visit, write, system):
    write(client(SAM), "ticket.opened", shown=True)
    write(client(NOAH), "ticket.opened", shown=True)
    write(staff(), "ticket.noted", client_id=SAM.client_id)
    dana = visit(DANA)
    page = dana.submit(ACTIVITY, "/account/activity/export")
    found = rows(page)
    assert {row[1] for row in found[1:]} == {"ticket.opened", "activity.exported"}
    assert "CANARY" not in page
    with system() as session:
        [entry] = trail(session, "activity.exported")
        assert (entry.visibility, entry.client_id) == ("public", DANA.client_id)
    assert len(texts(visit(OLIVIA).get(ACTIVITY))) == 1


def test_lists_cost_the_same_however_long_they_are(app, visit, write):
    admin = visit(ADMIN)
    write(staff(), "ticket.noted")
    with statements(app) as few:
        admin.get(AUDIT)
    for number in range(20):
        write(staff(), "ticket.noted", number=number)
    with statements(app) as many:
        admin.get(AUDIT)
    assert len(many) == len(few)


PLANS = {
    "plain": "true",
    "person": "user_id = ANY (ARRAY['{user}'::uuid])",
    "act": "action = ANY (ARRAY['ticket.noted'])",
    "object": "object_kind = 'tickets' AND object_id = ANY (ARRAY['{ticket}'::uuid])",
    "client": "client_id = ANY (ARRAY['{client}'::uuid])",
    "span": "at >= '2026-01-01' AND at < '2026-02-01'",
}


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("reach", ["staff", "client"])
def test_every_way_to_narrow_it_has_an_index(app, database, name, reach):
    import psycopg

    tenant, where = world.tenant_id("harbor"), PLANS[name]
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(
            "INSERT INTO audit_entries (tenant_id, id, position, at, action, facts, object_kind, object_id, client_id,"
            " user_id, visibility, digest) SELECT %s, gen_random_uuid(), 1000000 + n,"
            " timestamptz '2026-01-01' + n * interval '1 minute', 'act.' || n %% 40, '{}', 'tickets',"
            " gen_random_uuid(), CASE WHEN n %% 2 = 0 THEN %s::uuid END, gen_random_uuid(), 'public', ''"
            " FROM generate_series(1, 20000) n",
            [tenant, SAM.client_id],
        )
        connection.execute("ANALYZE audit_entries")
    values = {"user": SAM.id, "ticket": world.ticket_id(1001), "client": SAM.client_id}
    own = f" AND client_id = '{SAM.client_id}' AND visibility = 'public'" if reach == "client" else ""
    with psycopg.connect(database.app_url) as connection:
        for key, value in (
            ("tenant", tenant),
            ("reach", reach),
            ("client", SAM.client_id if own else ""),
            ("user", ""),
        ):
            connection.execute("SELECT set_config(%s, %s, true)", [f"app.{key}", str(value)])
        connection.execute("SELECT set_config('app.clients', '', true)")
        plan = "\n".join(
            row[0]
            for row in connection.execute(
                f"EXPLAIN SELECT * FROM audit_entries WHERE tenant_id = '{tenant}'{own}"  # noqa: S608  # our own words
                f" AND {where.format(**values)} ORDER BY at DESC, id DESC LIMIT 26"
            )
        )
    assert "Seq Scan" not in plan, plan
    assert "Index Scan" in plan or "Bitmap" in plan, plan


def test_every_act_in_the_code_has_words():
    named = set()
    for path in (Path(wording.__file__).parents[1]).rglob("*.py"):
        named |= set(re.findall(r"audit\.record\(\s*\"([a-z_]+\.[a-z_]+)\"", path.read_text(encoding="utf-8")))
    assert sorted(named - set(wording.ACTS)) == []


def test_days_are_the_readers(app):
    from portal.trail.filters import day_begins

    with app.test_request_context("/"):
        assert day_begins(dt.date(2026, 11, 1)).isoformat() == "2026-11-01T00:00:00+00:00"
        assert day_begins(None) is None
        assert day_begins(dt.date.max, after=1) is None
    assert clock.now().tzinfo is not None


def test_every_setting_of_access_has_words_in_the_trail():
    assert set(AccessSettings.__table__.columns.keys()) - {"tenant_id", "id"} <= set(wording.FIELDS)
