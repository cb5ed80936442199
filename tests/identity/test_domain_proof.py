"""Whose domain it is: a record that its owner publishes, asked of a real DNS server on this machine."""

import datetime as dt
import re

import dns.rcode
import pytest
from sqlalchemy import select, update

from portal.core import clock, names
from portal.core.events.schedule import ScheduleDue
from portal.core.public_domains import is_everybodys
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.identity.handlers import look_again
from portal.identity.models import EmailDomain, Membership, SsoProvider, User
from portal.identity.sso import domains
from portal.settings import SettingsError, read
from portal.settings_rules import resolvers
from tests import factories as make
from tests import jobs, world
from tests.identity.dns_server import name_servers
from tests.identity.sso_steps import come, person, reasons, refused
from tests.identity.steps import trail
from tests.trail.test_alerts import run_duty
from tests.world import ADMIN, OLIVIA, SAM, SUMMIT_ADMIN, TECH

DOMAIN, NAME = "brightdental.example", "_portal-proof.brightdental.example"
COMPANY = "/msp/clients/10001"
CHECK = "/check"
GONE = ["The record that proves an email domain is gone", "An email domain is no longer proven"]


@pytest.fixture
def server(app):
    with name_servers(app) as [found]:
        yield found


def row_of(system, domain=DOMAIN, tenant="harbor"):
    with system(tenant) as session:
        row = session.execute(select(EmailDomain).where(EmailDomain.domain == domain)).scalar_one_or_none()
        if row is not None:
            session.expunge(row)
        return row


def checked(app, who, path=COMPANY, **fields):
    """Press the button, let the worker work, and read the page again."""
    done = who.submit(path, CHECK, **fields)
    assert done.status == 303, done.text
    waiting = who.follow(done)
    jobs.work_off(app)
    return waiting, who.follow(done)


def named(who):
    assert who.submit(COMPANY, "/domain", email_domain=DOMAIN).status == 303


def test_a_domain_is_proven_by_the_record_that_its_page_shows(app, visit, system, server):
    admin = visit(ADMIN)
    named(admin)
    page = admin.get(COMPANY)
    record = row_of(system).record
    assert re.fullmatch(r"portal-proof=[0-9a-f]{40}", record)
    assert NAME in page
    assert record in page
    assert "Not proven" in page
    server.zone[NAME] = [("something else",), (record[:13], record[13:])]
    waiting, page = checked(app, admin)
    part = waiting.dom.select_one("#company-domain")
    assert "Being looked at" in part.get_text()
    assert part["hx-get"] == f"{COMPANY}/domain"
    assert not part.select(f"form[action$='{CHECK}']")
    assert server.asked == [NAME]
    assert "Proven" in page.dom.select_one("#company-domain").get_text()
    assert "hx-get" not in page.dom.select_one("#company-domain").attrs
    assert record not in page, "nobody has to publish it again"
    row = row_of(system)
    assert (row.is_proven, row.proven_by_user_id, row.outcome) == (True, ADMIN.id, "found")
    with system() as session:
        [told] = trail(session, "domain.proven")
        assert (told.client_id, told.visibility) == (SAM.client_id, "public")
        assert told.facts["facts"]["user"] == str(ADMIN.id)
    assert "Had an email domain proven" in admin.get("/admin/audit")
    assert ADMIN.name in admin.get("/admin/audit")


def test_htmx_gets_the_part_alone(visit, system):
    admin = visit(ADMIN)
    named(admin)
    part = admin.get(f"{COMPANY}/domain", part=True)
    assert not part.is_whole
    assert part.dom.select_one("#company-domain")
    assert admin.get(f"{COMPANY}/domain").is_whole


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        ({"zone": {}}, "no_name", "There is no such name yet"),
        ({"zone": {NAME: [("v=spf1 -all",)]}}, "other", "none of its TXT records has this text"),
        ({"zone": {NAME: []}}, "other", "none of its TXT records has this text"),
        ({"rcode": dns.rcode.SERVFAIL}, "failed", "report a fault of their own"),
        ({"rcode": dns.rcode.REFUSED}, "failed", "report a fault of their own"),
        ({"is_silent": True}, "timeout", "No DNS server answered in time"),
    ],
    ids=["no such name", "another text", "no TXT record", "fault", "refused", "silence"],
)  # fmt: skip
def test_what_was_found_is_told_apart_in_words(app, visit, system, server, monkeypatch, answer, outcome, words):
    if "is_silent" in answer:
        monkeypatch.setattr(names, "SECONDS", 0.3)
    admin = visit(ADMIN)
    named(admin)
    vars(server).update(answer)
    _waiting, page = checked(app, admin)
    assert words in page.dom.select_one("#company-domain").get_text()
    row = row_of(system)
    assert (row.outcome, row.is_proven) == (outcome, False)
    with system() as session:
        assert trail(session, "domain.") == []


def test_all_resolvers_together_take_no_longer_than_one_may(app, monkeypatch):
    monkeypatch.setattr(names, "SECONDS", 1.2)
    with name_servers(app, 3) as servers, app.app_context():
        for each in servers:
            each.is_silent = True
        began = clock.now()
        assert names.look_for(NAME, "x") == "timeout"
        assert clock.now() - began < dt.timedelta(seconds=3)
        assert all(each.asked for each in servers)


def test_the_resolver_that_knows_the_record_decides(app):
    """One still remembers that there was none, one is out of order."""
    with name_servers(app, 3) as (forgets, broken, knows), app.app_context():
        broken.rcode = dns.rcode.SERVFAIL
        assert names.look_for(NAME, "x") == "no_name"
        knows.zone[NAME] = [("x",)]
        assert names.look_for(NAME, "x") == "found"
        assert forgets.asked == broken.asked == [NAME, NAME]


@pytest.mark.parametrize("name", ["a." * 126 + "example", "..", "x" * 70 + ".example"])
def test_what_is_no_name_is_a_fault(app, server, name):
    with app.app_context():
        assert names.look_for(f"_portal-proof.{name}", "x") == "failed"


def test_another_domain_drops_the_proof_and_gets_another_record(app, visit, system, server):
    admin = visit(ADMIN)
    named(admin)
    first = row_of(system).record
    server.zone[NAME] = [(first,)]
    checked(app, admin)
    assert admin.submit(COMPANY, "/domain", email_domain="bright.example").status == 303
    assert row_of(system) is None
    assert admin.submit(COMPANY, "/domain", email_domain=DOMAIN).status == 303
    again = row_of(system)
    assert not again.is_proven
    assert again.record != first
    _waiting, page = checked(app, admin)
    assert "Not proven" in page, "the record of before proves nothing"


def test_a_domain_changed_while_it_is_looked_at_is_not_proven(app, system, server, monkeypatch):
    with system():
        row = domains.ensure(DOMAIN)
        row_id, record = row.id, row.record
    server.zone[NAME] = [(record,)]
    real = names.look_for

    def changed_meanwhile(name, text):
        found = real(name, text)
        with transaction(system_scope(world.tenant_id("harbor"))) as session:
            session.execute(update(EmailDomain).values(record="portal-proof=another"))
        return found

    monkeypatch.setattr(names, "look_for", changed_meanwhile)
    with system():
        domains.look(row_id, by=ADMIN.id)
    assert not row_of(system).is_proven


def test_what_one_tenant_has_proven_is_nothing_to_another(app, visit, system, server):
    with system("harbor"):
        domains.ensure(DOMAIN).proven_at = clock.now()
    with system("summit"):
        domains.ensure(DOMAIN)
        assert not domains.is_proven(DOMAIN)
    assert row_of(system, tenant="summit").record != row_of(system).record
    server.zone[NAME] = [(row_of(system).record,)]
    with system("summit"):
        domains.order_check(DOMAIN)
    jobs.work_off(app)
    assert not row_of(system, tenant="summit").is_proven, "the other tenant's record is published"


def test_who_may_not_admit_people_has_no_button(app, visit, system):
    named(visit(ADMIN))
    page = visit(TECH).get(COMPANY)
    assert "Not proven" in page
    assert row_of(system).record not in page
    assert visit(TECH).get(f"{COMPANY}/domain").status == 404
    token = page.dom.select_one("[name=csrf_token]")["value"]
    assert visit(TECH).post(f"{COMPANY}/domain{CHECK}", {"csrf_token": token}).status in {400, 403}
    assert visit(SUMMIT_ADMIN).get(f"{COMPANY}/domain").status == 404
    assert visit(OLIVIA).get(f"{COMPANY}/domain").status == 404
    jobs.work_off(app)
    assert row_of(system).checked_at is None


def test_one_look_at_a_time(app, visit, system, server):
    admin = visit(ADMIN)
    named(admin)
    form = admin.get(COMPANY).form(CHECK)
    for _ in range(3):
        assert admin.post(f"{COMPANY}/domain{CHECK}", form).status == 303
    jobs.work_off(app)
    assert server.asked == [NAME]


def test_a_look_that_is_overdue_may_be_asked_for_again(app, visit, system, server):
    """No worker was there: the page doesn't wait forever."""
    admin = visit(ADMIN)
    named(admin)
    assert admin.submit(COMPANY, CHECK).status == 303
    with system() as session:
        session.execute(update(EmailDomain).values(asked_at=clock.now() - dt.timedelta(minutes=3)))
    part = admin.get(COMPANY).dom.select_one("#company-domain")
    assert "hx-get" not in part.attrs
    assert admin.submit(COMPANY, CHECK).status == 303
    jobs.work_off(app)
    assert server.asked == [NAME, NAME], "the first one comes late and does no harm"


@pytest.mark.parametrize("domain", ["gmail.com", "mail.gmx.de", "outlook.com", "co.uk", "de", "localhost"])
def test_what_is_everybodys_is_refused(visit, system, domain):
    assert is_everybodys(domain)
    admin = visit(ADMIN)
    page = admin.submit(COMPANY, "/domain", email_domain=domain)
    assert page.status == 422
    assert "Anybody can have an address there" in page
    assert row_of(system, domain) is None


@pytest.mark.usefixtures("provided")
class TestASignIn:
    """Accounts are made for people of proven domains; whoever is known is linked as before."""

    @pytest.fixture
    def provided(self, provide, system):
        provide(side="client", creates_users=True, domains=[DOMAIN], proven=False)
        with system() as session:
            session.get(make.Client, (SAM.tenant_id, SAM.client_id)).email_domain = DOMAIN
            domains.ensure(DOMAIN)

    def test_makes_nobody_before_the_proof_and_somebody_after_it(self, visit, issuer, system):
        issuer.claims = person(f"neo@{DOMAIN}")
        who = visit()
        refused(who, come(who, side="client"), "client")
        with system() as session:
            assert reasons(session) == ["domain not proven"]
            assert session.execute(select(User).where(User.email_key.startswith("neo@"))).first() is None
            session.execute(update(EmailDomain).values(proven_at=clock.now()))
        assert come(visit(), side="client").headers["Location"] == "/"
        with system() as session:
            seat = select(Membership.client_id).join(User, User.id == Membership.user_id)
            assert session.execute(seat.where(User.email_key.startswith("neo@"))).scalar_one() == SAM.client_id

    def test_links_whoever_is_known_without_it(self, visit, issuer):
        issuer.claims = person(SAM.email)
        assert come(visit(), side="client").headers["Location"] == "/"

    def test_makes_nobody_at_a_tenant_for_the_proof_of_another(self, visit, issuer, system):
        with system("summit"):
            domains.ensure(DOMAIN).proven_at = clock.now()
        issuer.claims = person(f"neo@{DOMAIN}")
        who = visit()
        refused(who, come(who, side="client"), "client")


class TestAProvider:
    """The MSP's own domains are proven on the page of the provider that makes accounts for them."""

    @pytest.fixture
    def path(self, provide, system):
        provide(side="msp", creates_users=True, domains=["harbor.example", "quay.example"], proven=False)
        with system() as session:
            return f"/admin/sso/{session.execute(select(SsoProvider.id)).scalar_one()}"

    def test_has_each_of_its_domains_proven(self, app, visit, system, server, path):
        admin = visit(ADMIN)
        page = admin.get(path)
        assert page.text.count("Prove this domain") == 2
        _waiting, page = checked(app, admin, path)
        assert "There is no such name yet" in page
        record = row_of(system, "harbor.example").record
        server.zone["_portal-proof.harbor.example"] = [(record,)]
        checked(app, admin, path)
        assert row_of(system, "harbor.example").is_proven
        assert not admin.get(f"{path}/domains", part=True).is_whole

    def test_has_nobody_elses_looked_at(self, visit, system, path):
        admin = visit(ADMIN)
        form = admin.get(path).form(CHECK)
        assert admin.post(f"{path}/domains{CHECK}", form | {"domain": "brightdental.example"}).status == 404
        assert row_of(system) is None

    def test_forgets_the_proof_of_a_domain_it_no_longer_has(self, visit, system, path):
        admin = visit(ADMIN)
        with system():
            domains.ensure("quay.example").proven_at = clock.now()
        assert admin.submit(path, path, domains="harbor.example").status == 303
        assert row_of(system, "quay.example") is None
        assert row_of(system, "harbor.example") is not None

    def test_makes_no_accounts_for_what_is_everybodys(self, visit, path):
        page = visit(ADMIN).submit(path, path, domains="harbor.example\ngmail.com")
        assert page.status == 422
        assert "gmail.com: nobody gets an account by it" in page


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


def test_the_resolvers_are_addresses():
    assert resolvers("9.9.9.9, 127.0.0.1:5353,[2620:fe::fe]:54, 2620:fe::9") == (
        ("9.9.9.9", 53), ("127.0.0.1", 5353), ("2620:fe::fe", 54), ("2620:fe::9", 53),
    )  # fmt: skip
    for wrong in ("dns.example", "1.2.3.4:0", "1.2.3", "9.9.9.9,,1.1.1.1"):
        with pytest.raises(SettingsError, match="DNS_RESOLVERS"):
            read({"DNS_RESOLVERS": wrong})
