"""Unusual activity in one tenant: written down once, mailed once, seen by whoever looks after it."""

import datetime as dt
import re
import shutil

import pytest
import structlog
from sqlalchemy import select

from portal.core import audit, clock
from portal.core.events import schedule
from portal.core.events.outbox import publish_to
from portal.core.ids import new_id
from portal.core.tenancy.scope import Reach, Scope, system_scope
from portal.core.tenancy.session import transaction
from portal.identity.models import SecurityAlert
from portal.identity.settings_of_access import access_settings
from tests import jobs, world
from tests.accounts.steps import opened
from tests.identity.steps import sign_in, trail
from tests.world import ADMIN, READER, SAM, SUMMIT_ADMIN, TECH

HARBOR = world.tenant_id("harbor")


def of(person):
    return Scope(tenant_id=person.tenant_id, reach=Reach.STAFF, user_id=person.id)


def of_client(person):
    return Scope(
        tenant_id=person.tenant_id, reach=Reach.CLIENT, client_id=person.client_id, user_id=person.id,
        contact_id=person.contact_id, membership_id=person.membership_id,
    )  # fmt: skip


@pytest.fixture
def write(app, monkeypatch):
    """`write(scope, action, hours_ago=0, …)`."""

    def record(scope, action, *, hours_ago=0, country="", **more):
        now = clock.now()
        with monkeypatch.context() as patch, app.app_context(), transaction(scope) as session:
            patch.setattr(clock, "now", lambda: now - dt.timedelta(hours=hours_ago))
            session.info["origin"] = {"address": "203.0.113.5"} | ({"country": country} if country else {})
            audit.record(action, **more)

    return record


def run_duty(app, name="trail.watch", slug="harbor"):
    """What the schedule does when the duty is due."""
    duty = next(each for each in schedule.duties() if each.name == name)
    with app.app_context(), transaction(system_scope(world.tenant_id(slug))):
        publish_to(schedule.ScheduleDue(id=new_id(), name=name, slot=clock.now()), [duty.handler])
    outcomes = jobs.work_off(app)
    assert {outcome for _, outcome in outcomes} <= {"done"}, outcomes


@pytest.fixture
def watch(app):
    shutil.rmtree(jobs.folder(app), ignore_errors=True)
    return lambda: run_duty(app)


def alerts(session):
    return list(session.execute(select(SecurityAlert).order_by(SecurityAlert.kind)).scalars())


def failures(write, count, mark="abc"):
    for _ in range(count):
        write(of(SAM), "sign_in.failed", account=mark)


def test_many_failures_are_told_once(app, write, watch, system):
    failures(write, 20)
    watch()
    watch()
    with system() as session:
        kinds = [each.kind for each in alerts(session)]
    assert kinds == ["failures", "failures"]
    mails = [mail for mail in jobs.sent(app) if mail["To"] and ADMIN.email in mail["To"]]
    assert len(mails) == 1
    assert "Many refused sign-ins" in jobs.words(mails[0])
    assert "203.0.113.5" in jobs.words(mails[0])
    assert not [mail for mail in jobs.sent(app) if TECH.email in mail["To"]]


def test_fewer_than_the_setting_are_usual(write, watch, system):
    failures(write, 19)
    watch()
    with system() as session:
        assert alerts(session) == []
        access_settings().alert_failures = 10
    watch()
    with system() as session:
        assert alerts(session)


def test_a_new_device_is_told_unless_it_is_the_first(app, write, watch, system):
    write(of(TECH), "sign_in.succeeded", hours_ago=100, new_device=1)
    write(of(TECH), "sign_in.succeeded", new_device=1, country="DE")
    write(of(READER), "sign_in.succeeded", new_device=1)
    watch()
    watch()
    with system() as session:
        [alert] = alerts(session)
        assert (alert.kind, alert.user_id) == ("new_device", TECH.id)
    [mail] = [mail for mail in jobs.sent(app) if ADMIN.email in mail["To"]]
    assert "Sign-in from a new device" in mail["Subject"]
    assert "203.0.113.5, DE" in jobs.words(mail)
    assert "harbor.localhost" in jobs.words(mail)


def test_a_new_country_and_impossible_travel(write, watch, system):
    write(of(TECH), "sign_in.succeeded", hours_ago=100, country="DE")
    write(of(TECH), "sign_in.succeeded", country="DE")
    write(of(TECH), "sign_in.succeeded", country="BR")
    watch()
    with system() as session:
        assert [each.kind for each in alerts(session)] == ["new_country", "travel"]


def test_what_is_too_far_and_too_new_is_set_by_the_tenant(write, watch, system):
    with system():
        settings = access_settings()
        settings.alert_travel_hours, settings.alert_countries, settings.alert_devices = 0, False, 3
    write(of(TECH), "sign_in.succeeded", hours_ago=100, country="DE")
    for country in ("DE", "BR"):
        write(of(TECH), "sign_in.succeeded", hours_ago=3, country=country, new_device=1)
    watch()
    with system() as session:
        assert alerts(session) == []
        access_settings().alert_devices = 2
    watch()
    with system() as session:
        assert [each.kind for each in alerts(session)] == ["new_device"]
        access_settings().alert_travel_hours = 6
    watch()
    with system() as session:
        assert [each.kind for each in alerts(session)] == ["new_device", "travel"]


def test_mass_export_and_changes_at_night(write, watch, system):
    with system():
        settings = access_settings()
        hour = clock.now().astimezone(dt.timezone(dt.timedelta(hours=1))).hour
        settings.alert_exports, settings.night_from, settings.night_to = 3, (hour - 1) % 24, (hour + 3) % 24
    for _ in range(3):
        write(of(ADMIN), "audit.exported")
    write(of(ADMIN), "role.given", new={"role": "administrator"})
    write(system_scope(HARBOR), "role.given")
    watch()
    with system() as session:
        found = {each.kind: each for each in alerts(session)}
    assert "night" in found
    assert found["night"].user_id == ADMIN.id
    assert set(found) <= {"night", "exports"}


def test_another_tenant_hears_nothing(app, write, watch, visit, system):
    failures(write, 20)
    watch()
    run_duty(app, slug="summit")
    with system("summit") as session:
        assert alerts(session) == []
    assert not visit(SUMMIT_ADMIN).get("/admin/alerts").dom.select("#alerts .item")
    assert not [mail for mail in jobs.sent(app) if SUMMIT_ADMIN.email in mail["To"]]


def test_an_alert_is_read_and_marked(write, watch, visit, system):
    failures(write, 20)
    watch()
    admin = visit(ADMIN)
    page = admin.get("/admin/alerts")
    items = page.dom.select("#alerts .item")
    assert len(items) == 2
    assert "Many refused sign-ins" in items[0].get_text()
    alert_id = items[0]["id"].removeprefix("alert-")
    part = admin.submit("/admin/alerts", f"/{alert_id}/seen", part=True)
    assert len(part.dom.select("#alerts .item")) == 1
    everything = admin.get("/admin/alerts?state=all").dom.select_one(f"#alert-{alert_id}").get_text()
    assert "seen by Ada Quay" in everything
    with system() as session:
        assert len(trail(session, "alert.seen")) == 1
    assert admin.get("/admin/alerts?state=nonsense").status == 404
    for person in (TECH, READER, SAM):
        assert visit(person).get("/admin/alerts").status == 404
    other = visit(SUMMIT_ADMIN)
    token = other.get("/msp/settings").form("/msp/settings/language")["csrf_token"]
    assert other.post(f"/admin/alerts/{alert_id}/seen", {"csrf_token": token}).status == 404


def test_nothing_unusual_says_so(visit):
    assert "Nothing to look at" in visit(ADMIN).get("/admin/alerts").dom.get_text()


def test_the_log_has_a_line_without_names(app, write, watch):
    failures(write, 20)
    with structlog.testing.capture_logs() as captured:
        watch()
    lines = [line for line in captured if line["event"] == "security.alert"]
    assert {line["kind"] for line in lines} == {"failures"}
    assert SAM.email not in str(lines)


def test_retention_runs_as_a_duty(app, write, system):
    for age in (900, 800, 10):
        write(of(TECH), "ticket.noted", hours_ago=age * 24)
    with system() as session:
        before = len(trail(session))
    run_duty(app, "trail.trim")
    with system() as session:
        entries = trail(session)
        assert entries[-1].action in {"audit.trimmed", "ticket.noted"}
        assert len(entries) <= before + 1
    assert app.test_cli_runner().invoke(args=["audit", "verify"]).exit_code == 0


def test_the_risk_rule_locks_who_is_in_two_countries_until_the_mailbox_is_proven(app, write, watch, visit, system):
    sam = visit(SAM)
    page = visit(ADMIN).submit("/admin/access", "/admin/access", locks_travellers="y")
    assert page.status == 303
    for country in ("DE", "BR"):
        write(of_client(SAM), "sign_in.succeeded", country=country)
    watch()
    assert sam.get("/tickets").status in {302, 303}, "the session has ended"
    assert sign_in(visit(), SAM).status == 422
    [mail] = [mail for mail in jobs.sent(app) if SAM.email in mail["To"]]
    stranger = visit()
    [path] = set(re.findall(r"http://harbor\.localhost[:\d]*(/auth/t/\S+?)(?=[\"\s<])", jobs.words(mail)))
    opened(stranger, path)
    assert stranger.submit("/auth/unlock", "/unlock").status == 303
    assert sign_in(visit(), SAM).status == 303
    watch()
    assert sign_in(visit(), SAM).status == 303, "what was told once locks nobody again"
    with system() as session:
        locked = trail(session, "user.state_changed")[0]
        assert (locked.facts["facts"]["new"], locked.user_id) == ({"state": "locked", "reason": "risk"}, None)


def test_without_the_rule_travel_is_told_alone(write, watch, visit):
    for country in ("DE", "BR"):
        write(of_client(SAM), "sign_in.succeeded", country=country)
    watch()
    assert sign_in(visit(), SAM).status == 303
