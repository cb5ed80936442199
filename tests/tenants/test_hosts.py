"""Who answers at which host: tenants, the bare base domain, and nobody."""

import dataclasses

import pytest

from portal import create_app
from portal.extensions import db
from portal.tenants.models import Tenant
from portal.tenants.showcase import PASSWORD, SHOWCASES
from tests import world
from tests.pages import Visitor
from tests.world import SAM

UNKNOWN = ["nobody.localhost", "a.b.localhost", "evil.example", "127.0.0.1", "harbor.localhost.evil.example"]


@pytest.fixture
def at(app):
    return lambda host: Visitor(app, host)


def test_the_bare_domain_leads_to_the_demos_sign_ins(at):
    page = at("localhost").get("/")
    assert page.status == 200
    assert page.is_whole
    links = [link["href"] for link in page.dom.select("main a")]
    assert links == [
        "http://harbor.localhost:8000/auth/client-portal/signin",
        "http://harbor.localhost:8000/auth/msp/signin",
        "http://summit.localhost:8000/auth/client-portal/signin",
        "http://summit.localhost:8000/auth/msp/signin",
    ]
    for word in ("sam@brightdental.example", "noah@cedarlaw.example", "dana@deltafoods.example", PASSWORD):
        assert word in page
    for person in world.STAFF[:3]:
        assert person.email in page


def test_what_it_names_is_what_the_demo_loads():
    from portal.clients.demo import NAMED
    from portal.identity.demo.people import _STAFF
    from portal.tenants.demo import MSPS

    for each in SHOWCASES:
        assert [msp.name for msp in MSPS if msp.slug == each.slug] == [each.name]
        clients = {
            client.name: {(f"{box}@{client.domain}", role) for box, _name, role in client.people}
            for client in NAMED[each.slug]
        }
        assert {name: {(email, role.lower()) for email, role in people} for name, people in each.clients} == clients
        staff = {(f"{box}@{each.slug}.example", role) for box, _name, _title, role in _STAFF[each.slug]}
        assert {(email, role.lower()) for email, role in each.staff} <= staff


def test_it_names_only_tenants_that_are_there(at, system):
    with system("summit"):
        db.session.get(Tenant, world.tenant_id("summit")).state = "suspended"
    page = at("localhost").get("/")
    assert "Harbor IT" in page
    assert "summit" not in page
    with system("harbor"):
        db.session.get(Tenant, world.tenant_id("harbor")).state = "suspended"
    assert "The demo isn't loaded" in at("localhost").get("/").dom.get_text()


def test_nothing_else_answers_at_the_bare_domain(at):
    for path in ("/tickets", "/msp", "/auth/client-portal/signin", "/brand/client/1.css", "/contact", "/admin/outbox"):
        assert at("localhost").get(path).status == 404
    assert at("localhost").get("/healthz").status == 200


def test_the_dashboard_is_at_the_tenants_own_hosts(at, visit):
    assert visit(SAM).get("/").dom.h1.get_text().endswith("Sam")
    assert at("harbor.localhost").get("/").status == 303
    assert at("harbor.localhost").get("/.front").status == 404, "the front page is nobody's but the installation's"


@pytest.mark.parametrize("host", UNKNOWN)
def test_an_unknown_host_gets_a_neutral_page(at, host):
    pages = [at(host).get(path) for path in ("/", "/tickets/1001", "/msp", "/brand/client/1.css", "/nothing")]
    for page in pages:
        assert page.status == 404
        assert page.dom.h1.get_text() == "There is no portal at this address"
        for word in ("Harbor", "harbor", "Summit", "CANARY", "sign"):
            assert word not in page.dom.main.get_text()
    assert len({page.dom.main.get_text() for page in pages} - {None}) >= 1


def test_a_suspended_tenant_answers_like_an_unknown_host(at, system):
    unknown = at("nobody.localhost").get("/")
    with system("harbor"):
        db.session.get(Tenant, world.tenant_id("harbor")).state = "suspended"
    suspended = at("harbor.localhost").get("/")
    assert suspended.status == unknown.status == 404
    assert suspended.dom.h1.get_text() == unknown.dom.h1.get_text()


def test_in_production_the_bare_domain_is_nobodys_too(app, monkeypatch):
    settings = dataclasses.replace(app.extensions["settings"], env="production")
    production = create_app(settings)
    assert "base.front" not in production.view_functions
    for path in ("/", "/.front"):
        page = Visitor(production, "localhost").get(path)
        assert page.status == 404
        assert page.dom.h1.get_text() == "There is no portal at this address"
        assert PASSWORD not in page
