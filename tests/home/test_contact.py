"""How to reach the MSP: known before sign-in, and only where it was said."""

from portal.extensions import db
from portal.tenants.models import Tenant
from tests import world
from tests.world import SAM


def test_it_says_how_to_reach_the_msp_before_sign_in_too(visit, system):
    with system("harbor"):
        tenant = db.session.get(Tenant, world.tenant_id("harbor"))
        tenant.support_hours, tenant.website = "Mon-Fri 8-18", "https://harbor.example/help"
    for person in (None, SAM):
        page = visit(person).get("/contact")
        assert page.status == 200
        main = page.dom.main
        assert main.select_one("a[href='tel:+49305550100']").get_text(strip=True)
        assert main.select_one("a[href='mailto:help@harbor.example']")
        assert main.select_one("a[href='https://harbor.example/help']").get_text() == "harbor.example/help"
        assert "Mon-Fri 8-18" in main.get_text()
        assert "CANARY" not in page
    assert visit(SAM).get("/contact").dom.select_one("nav [aria-current=page]")["href"] == "/contact"


def test_an_msp_that_said_nothing_says_so(visit, system):
    with system("harbor"):
        tenant = db.session.get(Tenant, world.tenant_id("harbor"))
        tenant.support_email = tenant.support_phone = ""
    page = visit(None).get("/contact")
    assert "Harbor IT hasn't said here how to reach them." in page.dom.get_text()


def test_what_the_msp_typed_is_shown_as_text(visit, system):
    with system("harbor"):
        tenant = db.session.get(Tenant, world.tenant_id("harbor"))
        tenant.support_phone = '"><script>alert(1)</script>'
        tenant.website = "javascript:alert(1)"
    page = visit(None).get("/contact")
    assert not page.dom.select("script:not([src])")
    assert not page.dom.select("a[href^='javascript:']")
