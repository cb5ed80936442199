"""The schedule looks again at what was proven: who hears of an absence, and when the proof is lost."""

import datetime as dt

import dns.rcode
import pytest
from sqlalchemy import update

from portal.core import clock, names
from portal.core.events.schedule import ScheduleDue
from portal.identity.handlers import look_again
from portal.identity.models import EmailDomain
from portal.identity.sso import domains
from tests import factories as make
from tests import jobs
from tests.identity.domain_steps import COMPANY, DOMAIN, NAME, row_of
from tests.identity.steps import trail
from tests.trail.test_alerts import run_duty
from tests.world import ADMIN, SAM

GONE = ["The record that proves an email domain is gone", "An email domain is no longer proven"]


@pytest.mark.usefixtures("server")
class TestTheDailyLook:
    """A record that is gone is missed for a week before the proof is; faults of servers are no absence."""

    @pytest.fixture
    def proven(self, system):
        with system() as session:
            session.get(make.Client, (SAM.tenant_id, SAM.client_id)).email_domain = DOMAIN
            row = domains.ensure(DOMAIN)
            row.proven_at, row.proven_by_user_id = clock.now(), ADMIN.id

    def look(self, app, system):
        with system():
            look_again(ScheduleDue(name="identity.domains", slot=clock.now()))
        jobs.work_off(app)
        return row_of(system)

    def missing_for(self, system, **time):
        with system() as session:
            session.execute(update(EmailDomain).values(missing_since=clock.now() - dt.timedelta(**time)))

    @pytest.mark.usefixtures("proven")
    def test_the_proof_goes_after_a_week_without_the_record(self, app, visit, system):
        row = self.look(app, system)
        assert row.is_proven
        assert row.missing_since is not None
        page = visit(ADMIN).get(COMPANY)
        assert "The record is gone" in page
        assert row.record in page
        self.missing_for(system, days=6, hours=23)
        assert self.look(app, system).is_proven
        self.missing_for(system, days=7)
        assert not self.look(app, system).is_proven
        with system() as session:
            [told] = trail(session, "domain.lost")
            assert (told.client_id, told.visibility, told.user_id) == (SAM.client_id, "public", None)

    @pytest.mark.usefixtures("proven")
    def test_the_administrators_hear_of_it_twice(self, app, visit, system):
        self.look(app, system)
        self.look(app, system)
        assert self.watched(app) == GONE[:1]
        self.missing_for(system, days=8)
        self.look(app, system)
        assert self.watched(app) == GONE
        page = visit(ADMIN).get("/admin/alerts")
        assert f"{DOMAIN}: have it published again within a week" in page
        assert f"{DOMAIN}: company sign-ins make no more accounts" in page
        assert "Bright Dental" in page

    def watched(self, app):
        """What the watching duty mails to Ada, title by title."""
        run_duty(app)
        mails = [each for each in jobs.sent(app) if each["To"].addresses[0].addr_spec == ADMIN.email]
        bodies = [each.get_body(("html",)).get_content() for each in mails]
        return [title for body in bodies for title in GONE if title in body]

    @pytest.mark.usefixtures("proven")
    def test_a_record_that_is_back_is_missed_no_more(self, app, system, server):
        self.look(app, system)
        server.zone[NAME] = [(row_of(system).record,)]
        row = self.look(app, system)
        assert (row.is_proven, row.missing_since, row.proven_by_user_id) == (True, None, ADMIN.id)

    @pytest.mark.usefixtures("proven")
    @pytest.mark.parametrize("fault", [{"rcode": dns.rcode.SERVFAIL}, {"is_silent": True}], ids=["fault", "silence"])
    def test_faults_of_servers_cost_nobody_the_proof(self, app, system, server, monkeypatch, fault):
        if "is_silent" in fault:
            monkeypatch.setattr(names, "SECONDS", 0.3)
        vars(server).update(fault)
        self.missing_for(system, days=30)
        assert self.look(app, system).is_proven

    def test_only_what_is_proven_is_looked_at(self, app, system, server):
        with system():
            domains.ensure(DOMAIN)
        assert self.look(app, system).checked_at is None
        assert server.asked == []
