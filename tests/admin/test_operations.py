"""The machine room: failed deliveries, outgoing mail, periodic work; for those who may, and of the own tenant alone."""

import datetime as dt
import shutil
import uuid

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.audit import AuditEntry
from portal.core.events.models import Delivery, OutboxEvent
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.extensions import db
from portal.identity.models import Role, RolePermission, StaffProfile
from portal.identity.services import narrowing
from portal.notifications import readers
from portal.notifications.models import OutgoingMail
from portal.notifications.services import notify
from tests import jobs, world
from tests.identity.steps import statements
from tests.notifications.test_rendering import FACTS, the_comment
from tests.world import ADMIN, BILLING, READER, SAM, SUMMIT_ADMIN, TECH

PAGES = ("/admin/outbox", "/admin/mail/outgoing", "/admin/jobs")


def dead_letters(app, slug, count=1, *, state="dead", handler="tickets.handlers.tell_of_comment"):
    """Deliveries that were given up, with their events; their ids, newest last."""
    ids = []
    with app.app_context(), transaction(system_scope(world.tenant_id(slug))) as session:
        for each in range(count):
            at = clock.now() - dt.timedelta(minutes=count - each)
            event = OutboxEvent(
                id=uuid.uuid4(), kind="ticket.noted", version=1, created_at=at,
                payload={"ticket_id": str(world.ticket_id(1001)), "comment_id": str(uuid.uuid4())},
            )  # fmt: skip
            session.add(event)
            session.flush()
            delivery = Delivery(
                id=uuid.uuid4(), event_id=event.id, handler=handler, queue="default", state=state, due_at=at,
                attempts=10, last_error=f"MailTemporary: reason {each} {slug}",
                created_at=at, started_at=at, finished_at=at,
            )  # fmt: skip
            session.add(delivery)
            session.flush()
            ids.append(delivery.id)
    return ids


@pytest.fixture
def mail(app, system):
    """A mail to Sam that was sent into the folder; its id."""
    shutil.rmtree(jobs.folder(app), ignore_errors=True)
    with system("harbor"):
        [reader] = readers.contacts([SAM.contact_id])
        mail_id = notify(reader, "ticket_commented", key="x", comment_id=the_comment("public").id, **FACTS).id
    jobs.work_off(app)
    return mail_id


@pytest.mark.parametrize("path", PAGES)
def test_only_who_may_finds_the_pages(visit, path):
    assert visit(ADMIN).get(path).status == 200
    for person in (TECH, BILLING, READER):
        assert visit(person).get(path).status == 404
    assert visit(SAM).get(path).status == 404
    assert "/auth/msp/signin" in visit(None).get(path).headers["Location"]


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_are_whole_and_have_a_place_in_the_rail(visit, path):
    admin = visit(ADMIN)
    page = admin.get(path)
    assert page.dom.select_one(".rail nav [aria-current=page]")["href"] == "/admin/outbox"
    assert page.dom.select_one(".tabs [aria-current=page]")["href"] == path
    part = admin.get(path, part=True)
    assert not part.is_whole
    assert part.dom.select_one("section.sheet")
    assert not visit(TECH).get("/msp/tickets").dom.select(".rail a[href='/admin/outbox']")


def test_nothing_failed_says_so(visit):
    assert "Nothing has failed" in visit(ADMIN).get("/admin/outbox").dom.get_text()


def test_a_dead_letter_is_read_with_its_reason(app, visit):
    [ours] = dead_letters(app, "harbor")
    admin = visit(ADMIN)
    page = admin.get("/admin/outbox")
    row = page.dom.select_one(f"#delivery-{ours}")
    assert "MailTemporary: reason 0 harbor" in row.get_text()
    assert "ticket.noted" in row.get_text()
    one = admin.get(row.a["href"])
    assert one.status == 200
    assert str(world.ticket_id(1001)) in one.dom.main.get_text()
    assert "summit" not in page


def test_a_dead_letter_is_tried_again(app, visit, system):
    [ours] = dead_letters(app, "harbor")
    admin = visit(ADMIN)
    answer = admin.submit("/admin/outbox", f"/{ours}/replay")
    assert answer.status == 303
    assert "It is tried again now." in admin.follow(answer).dom.get_text()
    with system("harbor"):
        row = db.session.get(Delivery, (world.tenant_id("harbor"), ours))
        assert (row.state, row.attempts) == ("open", 0)
        assert db.session.query(AuditEntry).where(AuditEntry.action == "outbox.replayed").count() == 1


def test_trying_again_swaps_the_list_in_place(app, visit):
    first, second = dead_letters(app, "harbor", 2)
    answer = visit(ADMIN).submit("/admin/outbox", f"/{first}/replay", part=True)
    assert answer.status == 200
    assert not answer.is_whole
    assert not answer.dom.select(f"#delivery-{first}")
    assert answer.dom.select_one(f"#delivery-{second}")
    assert "It is tried again now." in answer.dom.get_text()


def test_a_dead_letter_is_discarded_from_its_own_page(app, visit, system):
    [first] = dead_letters(app, "harbor")
    admin = visit(ADMIN)
    answer = admin.submit(f"/admin/outbox/{first}", f"/{first}/discarding")
    assert "It was discarded" in admin.follow(answer).dom.get_text()
    with system("harbor"):
        assert db.session.get(Delivery, (world.tenant_id("harbor"), first)).state == "discarded"
    assert visit(ADMIN).get("/admin/outbox?state=discarded").dom.select_one(f"#delivery-{first}")


def test_the_slower_of_two_is_told(app, visit):
    [ours] = dead_letters(app, "harbor")
    admin = visit(ADMIN)
    form = admin.get("/admin/outbox").form(f"/{ours}/replay")
    assert admin.post(f"/admin/outbox/{ours}/replay", form).status == 303
    again = admin.post(f"/admin/outbox/{ours}/replay", form)
    assert again.status == 303
    assert "Somebody else has taken care of it already." in admin.follow(again).dom.get_text()


def test_another_tenants_letters_dont_exist(app, visit, system):
    [theirs] = dead_letters(app, "summit")
    dead_letters(app, "harbor")
    admin = visit(ADMIN)
    form = admin.get("/admin/outbox").form("/replay")
    assert not admin.get("/admin/outbox").dom.select(f"#delivery-{theirs}")
    assert admin.get(f"/admin/outbox/{theirs}").status == 404
    for act in ("replay", "discarding"):
        assert admin.post(f"/admin/outbox/{theirs}/{act}", form).status == 404
        assert admin.post(f"/admin/outbox/{uuid.uuid4()}/{act}", form).status == 404
    with system("summit"):
        assert db.session.get(Delivery, (world.tenant_id("summit"), theirs)).state == "dead"
    assert visit(SUMMIT_ADMIN).get(f"/admin/outbox/{theirs}").status == 200


def may_only_look(system):
    with system("harbor"):
        role = db.session.query(Role).where(Role.side == "internal", Role.name == "Read-only").one()
        db.session.add(RolePermission(role_id=role.id, permission="outbox:read"))


def test_who_may_only_look_has_no_buttons_and_is_refused(app, visit, system, mail):
    may_only_look(system)
    [ours] = dead_letters(app, "harbor")
    reader, admin = visit(READER), visit(ADMIN)
    for path in PAGES[:2]:
        page = reader.get(path)
        assert page.status == 200
        assert not page.dom.main.select("form[method=post]")
    assert "/admin/jobs" not in [tab["href"] for tab in reader.get("/admin/outbox").dom.select(".tabs a")]
    token = reader.get("/admin/outbox").form("/auth/msp/signout")
    assert reader.post(f"/admin/outbox/{ours}/replay", token).status == 403
    assert reader.post(f"/admin/mail/outgoing/{mail}/copies", token).status == 403
    assert admin.get("/admin/outbox").dom.main.select("form[method=post]")


def test_long_lists_have_pages(app, visit):
    ids = dead_letters(app, "harbor", 60)
    admin, seen = visit(ADMIN), []
    address = "/admin/outbox"
    for _page in range(3):
        page = admin.get(address)
        seen += [row["id"] for row in page.dom.select("tbody tr")]
        older = page.dom.select_one("a[rel=next]")
        if older is None:
            break
        address = older["href"]
    assert seen == [f"delivery-{each}" for each in reversed(ids)]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("count", [1, 25])
def test_pages_cost_the_same_however_much_there_is(app, visit, path, count):
    dead_letters(app, "harbor", count)
    admin = visit(ADMIN)
    with statements(app) as sent:
        assert admin.get(path).status == 200
    assert len([each for each in sent if "set_config" not in each]) == 3


def test_counts_tell_what_waits(app, visit):
    dead_letters(app, "harbor", 3)
    dead_letters(app, "harbor", 2, state="open")
    dead_letters(app, "summit", 5)
    facts = visit(ADMIN).get("/admin/outbox").dom.select_one("dl.facts").get_text(" ", strip=True)
    assert facts == "Waiting 0 Being tried again 2 Given up 3"


def test_mails_are_listed_without_their_words(visit, mail):
    page = visit(ADMIN).get("/admin/mail/outgoing")
    row = page.dom.select_one(f"#mail-{mail}")
    said = row.get_text(" ", strip=True)
    for word in ("[#1001] The VPN is slow", SAM.name, SAM.email, "Sent", "1"):
        assert word in said
    assert "Since Monday" not in page
    assert not visit(SUMMIT_ADMIN).get("/admin/mail/outgoing").dom.select("tbody tr")


def test_who_is_held_to_clients_finds_no_mails_to_others(visit, system, mail):
    admin, copies = visit(ADMIN), f"/admin/mail/outgoing/{mail}/copies"
    token = admin.get("/admin/mail/outgoing").form("/auth/msp/signout")
    for client, finds in (("Cedar CANARY", False), ("Bright Dental", True)):
        with system("harbor") as session:
            profile = session.scalars(select(StaffProfile).where(StaffProfile.user_id == ADMIN.id)).one()
            narrowing.hold_to_clients(profile, [world.client_id(client)], only=True)
        assert bool(admin.get("/admin/mail/outgoing").dom.select(f"#mail-{mail}")) == finds
        assert admin.post(copies, token).status == (303 if finds else 404)


@pytest.mark.parametrize(("state", "shown"), [("sent", 1), ("failed", 0), ("waiting", 0)])
def test_mails_can_be_told_apart_by_state(visit, mail, state, shown):
    page = visit(ADMIN).get(f"/admin/mail/outgoing?state={state}")
    assert len(page.dom.select("tbody tr")) == shown


@pytest.mark.parametrize("path", ["/admin/mail/outgoing?state=lost", "/admin/outbox?state=open"])
def test_a_state_that_is_none_is_not_found(visit, path):
    assert visit(ADMIN).get(path).status == 404


def test_a_mail_is_sent_again(app, visit, system, mail):
    admin = visit(ADMIN)
    answer = admin.submit("/admin/mail/outgoing", f"/{mail}/copies")
    assert f"The email to {SAM.email} is sent again." in admin.follow(answer).dom.get_text()
    assert not admin.get("/admin/mail/outgoing").dom.select("form[action$='/copies']"), "it waits now"
    jobs.work_off(app)
    first, second = jobs.sent(app)
    assert first["Subject"] == second["Subject"]
    assert first["Message-ID"] != second["Message-ID"]
    with system("harbor"):
        assert db.session.query(AuditEntry).where(AuditEntry.action == "mail.resent").count() == 1


def test_two_clicks_make_one_copy(app, visit, mail):
    admin = visit(ADMIN)
    form = admin.get("/admin/mail/outgoing").form(f"/{mail}/copies")
    for _click in range(2):
        assert admin.post(f"/admin/mail/outgoing/{mail}/copies", form).status == 303
    jobs.work_off(app)
    assert len(jobs.sent(app)) == 2, "the first one and one copy"


def test_sending_again_swaps_the_list_in_place(visit, mail):
    answer = visit(ADMIN).submit("/admin/mail/outgoing", f"/{mail}/copies", part=True)
    assert answer.status == 200
    assert not answer.is_whole
    assert "Waiting" in answer.dom.select_one(f"#mail-{mail}").get_text()
    assert "is sent again" in answer.dom.get_text()


def test_another_tenants_mail_cant_be_sent_again(visit, system, mail):
    stranger = visit(SUMMIT_ADMIN)
    token = stranger.get("/admin/mail/outgoing").form("/auth/msp/signout")
    assert stranger.post(f"/admin/mail/outgoing/{mail}/copies", token).status == 404
    with system("harbor"):
        assert db.session.get(OutgoingMail, (world.tenant_id("harbor"), mail)).state == "sent"


def test_periodic_work_shows_its_last_and_next_run(app, visit, database):
    import psycopg

    from portal.core.events import schedule

    [duty, *_] = schedule.duties()
    at = clock.now()
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO schedules (name, every_seconds, next_at) VALUES (%s, %s, %s)",
            [duty.name, 60, at + dt.timedelta(hours=1)],
        )
    dead_letters(app, "harbor", state="done", handler=duty.handler.name)
    page = visit(ADMIN).get("/admin/jobs")
    row = next(each for each in page.dom.select("tbody tr") if duty.name in each.get_text())
    _every, last, upcoming = (time["datetime"] for time in row.select("time"))
    assert dt.datetime.fromisoformat(last) < at < dt.datetime.fromisoformat(upcoming)
    assert "Done" in row.get_text()
    assert len(page.dom.select("tbody tr")) == len(schedule.duties())
    other = visit(SUMMIT_ADMIN).get("/admin/jobs")
    row = next(each for each in other.dom.select("tbody tr") if duty.name in each.get_text())
    assert "not yet" in row.get_text(), "a tenant sees its own runs"


def test_every_duty_is_told_in_words(app):
    from portal.core.events import schedule
    from portal.operations.wording import DUTIES

    assert {duty.name for duty in schedule.duties()} == set(DUTIES)
