"""The tenant's brand stands on every step of the gate: its own stylesheet and name, on the side that it belongs to."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import update

from portal.core import clock
from portal.extensions import db
from portal.identity.models import AccessSettings, SsoProvider
from portal.identity.services import mail_tokens
from portal.identity.services.account_states import set_state
from portal.identity.sso import oidc
from portal.tenants import branding
from portal.tenants.models import Tenant
from tests import factories as make
from tests import world
from tests.accounts.steps import FORGOT, System, Visit, opened, user_of
from tests.identity.factors import CONFIRM, ENROLMENT, MFA, halfway, has_app, role_wants_it
from tests.identity.oidc_server import APP_ID, SECRET, Issuer
from tests.identity.steps import SIGN_IN, sign_in
from tests.pages import Page
from tests.world import SAM, TECH, Person

Step = Callable[[Visit, System, Person], Page]


def at(path: str) -> Step:
    """A stranger's way: nothing but the address."""
    return lambda visit, _system, _person: visit().get(path)


def by_link(purpose: Any, *, is_good: bool = True) -> Step:
    """What the link of a mail leads to."""

    def step(visit: Visit, system: System, person: Person) -> Page:
        with system() as session:
            user = user_of(session, person)
            if purpose == "unlocking":
                set_state(user, "locked", "risk")
            token = mail_tokens.issue(user, purpose, email=person.email)
        page = opened(visit(), f"/auth/t/{purpose}/{token if is_good else token[:-1]}")
        assert page.status == (200 if is_good else 410)
        return page

    return step


def second_factor(visit: Visit, system: System, person: Person) -> Page:
    """The second proof."""
    has_app(system, person)
    return halfway(visit(), person)


def enrolment(visit: Visit, system: System, person: Person) -> Page:
    """Where a role wants a second factor."""
    role_wants_it(system, person.role)
    who = visit()
    sign_in(who, person)
    return who.get(ENROLMENT)


def confirm(visit: Visit, _system: System, person: Person) -> Page:
    """A fresh proof."""
    return visit(person).get(CONFIRM[person.side])


def leaving(visit: Visit, system: System, person: Person) -> Page:
    """Between the sign-in page and the issuer."""
    oidc._kept.clear()
    issuer = Issuer()
    try:
        with system():
            provider = SsoProvider(
                slug="entra", name="Harbor Entra", kind="other", side=person.side, issuer=issuer.url, app_id=APP_ID,
                domains=[], created_at=clock.now(),
            )  # fmt: skip
            provider.app_secret = SECRET
            make.put(provider)
        who = visit()
        page = who.post("/auth/sso/entra", who.get(SIGN_IN[person.side]).form("/auth/sso/entra"))
        assert page.status == 200
        return page
    finally:
        issuer.stop()


BOTH: Final[dict[str, Step]] = {
    MFA: second_factor,
    ENROLMENT: enrolment,
    "/auth/password-reset/set-new-password": by_link("password_reset"),
    "/auth/verify-email": by_link("verification"),
    "/auth/unlock": by_link("unlocking"),
    "/auth/invitation": by_link("invitation"),
    "confirm": confirm,
    "/auth/sso": leaving,
}
ALONE: Final[list[tuple[str, Person]]] = [
    *((path, person) for person in (SAM, TECH) for path in (SIGN_IN[person.side], FORGOT[person.side])),
    ("/auth/check-email", SAM),
    ("/auth/check-email?side=msp", TECH),
    ("/auth/check-email?way=linking", SAM),
    ("/auth/link-account", SAM),
    ("/auth/request-access", SAM),
    ("/auth/client-portal/link", SAM),
    ("/auth/client-portal/link/sent", SAM),
]
CASES: Final = [
    *(pytest.param(step, person, id=f"{name} {person.side}") for name, step in BOTH.items() for person in (SAM, TECH)),
    *(pytest.param(at(path), person, id=path) for path, person in ALONE),
    pytest.param(by_link("sign_in"), SAM, id="/auth/client-portal/link/use"),
    pytest.param(by_link("password_reset", is_good=False), SAM, id="a link that is of no use"),
]


@pytest.mark.parametrize(("step", "person"), CASES)
def test_every_step_wears_it(visit: Visit, system: System, step: Step, person: Person) -> None:
    with system() as session:
        branding.set_color(db.session.get(Tenant, world.tenant_id("harbor")), "#0b6e4f")
        session.execute(update(AccessSettings).values(link_sign_in=True, takes_requests=True))
    page = step(visit, system, person)
    styles = [link["href"] for link in page.dom.select("link[rel=stylesheet]")]
    assert f"/brand/{person.side}/2.css" in styles
    assert "Harbor IT" in page.dom.get_text()
    assert visit().get(f"/brand/{person.side}/2.css").status == 200
