"""Whose domain it is: a record that its owner publishes, asked of a real DNS server on this machine."""

import datetime as dt
import re

import dns.rcode
import pytest
from sqlalchemy import select, update

from portal.core import clock, names
from portal.core.public_domains import is_everybodys
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.identity.models import EmailDomain, Membership, SsoProvider, User
from portal.identity.sso import domains
from tests import factories as make
from tests import jobs, world
from tests.identity.domain_steps import CHECK, COMPANY, DOMAIN, NAME, checked, named, row_of
from tests.identity.sso_steps import come, person, reasons, refused
from tests.identity.steps import trail
from tests.world import ADMIN, OLIVIA, SAM, SUMMIT_ADMIN, TECH


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
