"""The client's first page: what waits, what is with the MSP, nothing of anybody else's, in few statements."""

import datetime as dt

import pytest

from portal.core import clock
from portal.core.web import slots
from portal.extensions import db
from portal.identity.models import MembershipRole, RolePermission, User
from portal.tickets.models import Ticket
from tests import factories as make
from tests import world
from tests.identity.steps import statements
from tests.world import DANA, NOAH, SAM, TECH


def some_tickets(system, count, **facts):
    with system("harbor"):
        sam = db.session.get(make.Contact, (SAM.tenant_id, SAM.contact_id))
        for each in range(count):
            at = clock.now() - dt.timedelta(days=each + 1)
            make.a_ticket(sam, f"Matter {each}", at=at, **facts)


WAITING = {"phase": "waiting_on_client", "turn": "client", "category": "open"}


def test_it_greets_and_shows_where_things_stand(visit):
    page = visit(SAM).get("/")
    assert page.status == 200
    assert page.dom.h1.get_text().endswith(", Sam")
    assert page.dom.select_one(".head a.btn")["href"] == "/tickets/new"
    assert "Nothing waits for you." in page
    assert page.dom.find("a", string="The VPN is slow")["href"] == "/tickets/1001"
    assert "CANARY" not in page
    assert "SECRET" not in page


def test_what_waits_comes_first_with_one_true_count(visit, system):
    some_tickets(system, 7, **WAITING)
    page = visit(SAM).get("/")
    section = page.dom.select_one("section[aria-labelledby=needs-title]")
    assert section.h2.get_text(" ", strip=True) == "Needs you 7"
    assert [link.get_text() for link in section.select(".item__name a")] == [f"Matter {each}" for each in range(5)]
    assert "Answer us" in section.get_text()
    all_of_them = section.select_one(".title a")["href"]
    assert visit(SAM).get(all_of_them).text.count("Matter ") == 7


def test_the_one_who_asked_is_named(visit, system):
    with system("harbor"):
        sam = db.session.get(make.Contact, (SAM.tenant_id, SAM.contact_id))
        make.a_ticket(sam, "Which printer?", assignee_user_id=TECH.id, **WAITING)
    assert "Answer Priya Nair" in visit(SAM).get("/")


def test_somebody_who_never_asked_is_offered_the_first_step(visit, system):
    with system("harbor"):
        client = make.a_client("Fresh")
        contact = make.a_contact(client.id, "Fia Fresh", "fia@fresh.example")
        user = make.a_user("fia@fresh.example", name="Fia Fresh")
        member = make.a_member(user, contact)
        person = world.Person("fia@fresh.example", "harbor", "client", "User", "Fia Fresh", "Fresh")
        ids = {"id": user.id, "membership_id": member.id}
    fia = type("Fia", (), {"tenant": "harbor", "tenant_id": person.tenant_id, "side": "client", **ids})
    page = visit(fia).get("/")
    assert "You haven't asked us anything yet" in page.dom.get_text()
    assert len(page.dom.select("a[href='/tickets/new']")) >= 2


def test_only_what_the_person_may_see(visit, system):
    with system("harbor"):
        dana = db.session.get(make.Contact, (DANA.tenant_id, DANA.contact_id))
        make.a_ticket(dana, "Dana's own matter")
    assert "Dana's own matter" not in visit(SAM).get("/").dom.get_text()
    assert "Dana's own matter" in visit(DANA).get("/").dom.get_text()
    neighbour = visit(NOAH).get("/")
    assert "Dana's own matter" not in neighbour.dom.get_text()


def test_without_the_permission_there_is_no_tile_and_no_button(visit, system):
    with system("harbor"):
        role = db.session.query(MembershipRole).where(MembershipRole.membership_id == SAM.membership_id).one().role_id
        db.session.query(RolePermission).where(RolePermission.role_id == role).delete()
    page = visit(SAM).get("/")
    assert page.status == 200
    assert "VPN" not in page
    assert not page.dom.select("main a[href^='/tickets']")


def test_the_greeting_keeps_the_readers_own_clock(visit, system, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 21, 7, 30, tzinfo=dt.UTC))
    with system("harbor"):
        db.session.get(User, (SAM.tenant_id, SAM.id)).time_zone = "Asia/Tokyo"
    sam, dana = visit(SAM), visit(DANA)
    assert "Good afternoon, Sam" in sam.get("/")
    assert "Good morning, Dana" in dana.get("/")


@pytest.mark.parametrize("count", [1, 30])
def test_it_costs_at_most_five_statements_however_much_there_is(app, visit, system, count):
    some_tickets(system, count, **WAITING)
    some_tickets(system, count)
    sam = visit(SAM)
    with statements(app) as sent:
        page = sam.get("/")
    assert page.status == 200
    mine = [each for each in sent if "set_config" not in each]
    assert len(mine) == 4, mine


def test_htmx_gets_the_part_that_the_page_holds(visit):
    sam = visit(SAM)
    whole, part = sam.get("/"), sam.get("/", part=True)
    assert whole.is_whole
    assert not part.is_whole
    assert part.dom.select_one("#home")
    assert part.dom.title
    assert sam.get("/", part=True, headers={"HX-History-Restore-Request": "true"}).dom.select_one("#home") is not None


def test_domains_above_fill_tiles(visit, monkeypatch):
    tile = slots.Panel("home.tiles", 1, None, "ui/loading.html", lambda _subject: {})
    monkeypatch.setattr(slots, "_panels", [tile])
    monkeypatch.setattr(slots, "render_template", lambda *_arguments, **_facts: "<section>Hours left</section>")
    assert "<section>Hours left</section>" in visit(SAM).get("/")


def test_strangers_are_sent_to_sign_in_and_staff_find_nothing_here(visit):
    stranger = visit(None).get("/")
    assert stranger.status == 303
    assert "/auth/client-portal/signin" in stranger.headers["Location"]
    assert visit(TECH).get("/").status == 404


def test_the_page_keeps_its_budget(visit, system):
    some_tickets(system, 8, **WAITING)
    some_tickets(system, 8)
    sam = visit(SAM)
    answer = sam.http.get("/", base_url=sam.origin, headers={"Accept-Encoding": "br"})
    assert answer.headers["Content-Encoding"] == "br"
    assert len(answer.get_data()) <= 6_000
    assert answer.headers["Cache-Control"] == "no-store"


def test_old_tickets_are_not_on_it(visit, system):
    with system("harbor"):
        ticket = db.session.get(Ticket, (world.tenant_id("harbor"), world.ticket_id(world.OUR_NUMBER)))
        ticket.phase, ticket.turn = "done", None
    page = visit(SAM).get("/")
    assert "The VPN is slow" not in page
    assert "No open tickets with us." in page


def test_a_phones_bar_has_the_act_in_its_middle(visit):
    bar = visit(SAM).get("/").dom.select_one("nav[aria-label=Main] ul")
    assert [item.get_text(strip=True) for item in bar.select("li")] == ["Home", "Tickets", "Get help", "Contact"]
    assert visit(SAM).get("/tickets/new").dom.select_one("li.nav__act a[aria-current=page]")
