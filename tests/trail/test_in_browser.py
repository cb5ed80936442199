"""The trail, the alerts and the provider's form in a real browser: phone and desk, JavaScript on and off."""

import uuid

import pytest

from portal.core import audit, clock
from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.identity.models import LoginSession, SecurityAlert
from tests import factories as make
from tests.look.bare import serving
from tests.world import ADMIN, DANA, TECH


@pytest.fixture
def harbor_url(app):
    with serving(app) as address:
        yield address.replace("127.0.0.1", "harbor.localhost")


@pytest.fixture
def _full(app, system):
    scope = Scope(tenant_id=ADMIN.tenant_id, reach=Reach.STAFF, user_id=TECH.id)
    with app.app_context():
        for number in range(30):
            with transaction(scope) as session:
                session.info["origin"] = {"address": "203.0.113.200", "country": "DE", "request_id": str(uuid.uuid4())}
                audit.record(
                    "ticket.priority_changed", old={"priority": "High"}, new={"priority": "Low " + "x" * 60},
                    client_id=DANA.client_id, shown=True, number=number,
                )  # fmt: skip
    with system():
        make.put(
            SecurityAlert(
                key="failures:1", kind="failures", at=clock.now(), user_id=TECH.id,
                facts={"count": 20, "address": "203.0.113.200"},
            )
        )  # fmt: skip


@pytest.fixture
def browse(app, chromium, visit, system, harbor_url):
    """`browse(ADMIN, width=375, scripts=True)`: a page of somebody who has just proved who they are."""
    contexts = []

    def opened(person, *, width=375, scripts=True, locale="en"):
        somebody = visit(person)
        with system() as session:
            for each in session.query(LoginSession).where(LoginSession.user_id == person.id):
                each.proved_at = clock.now()
        name = "msp" if person.side == "msp" else "session"
        token = somebody.http.get_cookie(name, domain=somebody.host).value
        context = chromium.new_context(
            viewport={"width": width, "height": 812}, java_script_enabled=scripts, base_url=harbor_url, locale=locale
        )
        context.add_cookies([{"name": name, "value": token, "url": harbor_url}])
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.usefixtures("_full")
@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize(("person", "path"), [(ADMIN, "/admin/audit"), (DANA, "/account/activity")])
def test_the_trail_is_narrowed_and_paged(browse, person, path, scripts):
    page = browse(person, scripts=scripts)
    page.goto(path)
    page.locator("#entries details summary").click()
    page.get_by_label("Who").fill("Priya")
    page.get_by_role("button", name="Show these").click()
    page.wait_for_url("**who=Priya**")
    assert page.locator("#entries .item").count() == 25
    page.get_by_role("link", name="Older").click()
    page.wait_for_url("**page=**")
    page.wait_for_function("document.querySelectorAll('#entries .item').length === 5") if scripts else None
    assert page.locator("#entries .item").count() == 5


@pytest.mark.usefixtures("_full")
@pytest.mark.parametrize("scripts", [True, False])
def test_an_alert_is_marked(browse, scripts):
    page = browse(ADMIN, scripts=scripts)
    page.goto("/admin/alerts")
    assert page.locator("#alerts .item").count() == 1
    page.get_by_role("button", name="Mark as seen").click()
    page.get_by_text("Nothing to look at").wait_for()


@pytest.mark.usefixtures("_full")
@pytest.mark.parametrize(
    ("person", "path"),
    [(ADMIN, "/admin/audit"), (ADMIN, "/admin/alerts"), (ADMIN, "/admin/sso"), (ADMIN, "/admin/sso/new"),
     (DANA, "/account/activity")],
)  # fmt: skip
@pytest.mark.parametrize("width", [320, 375, 1280])
@pytest.mark.parametrize("locale", ["en", "de"])
def test_everything_fits(browse, person, path, width, locale):
    page = browse(person, width=width, locale=locale)
    assert page.goto(path).status == 200
    assert fits(page)
