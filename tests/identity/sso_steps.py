"""The way to an issuer and back, as a browser goes it, and the fixtures that stand an issuer up."""

from collections.abc import Iterator

import pytest
import requests

from portal.core import clock
from portal.identity.models import SsoGroupRole, SsoProvider
from portal.identity.sso import domains, oidc
from tests import factories as make
from tests.identity.oidc_server import APP_ID, SECRET, Issuer, answer_of
from tests.identity.steps import SIGN_IN, token_of, trail
from tests.world import TECH


@pytest.fixture(scope="module")
def _issuer() -> Iterator[Issuer]:
    issuer = Issuer()
    yield issuer
    issuer.stop()


@pytest.fixture
def issuer(_issuer: Issuer) -> Issuer:
    """The issuer, well behaved, with Priya at its keyboard."""
    oidc._kept.clear()
    _issuer.spoil, _issuer.said, _issuer.announced, _issuer.asked = {}, {}, "", []
    _issuer.claims = person(TECH.email)
    return _issuer


def person(email, sub=None, **more):
    return {"sub": sub or f"sub-{email}", "email": email, "email_verified": True, "name": "Name Of Theirs", **more}


@pytest.fixture
def provide(system, issuer):
    """`provide(side="msp", …)`: a provider of Harbor's, its slug. `proven`: so are its domains, if it makes people."""

    def made(slug="entra", tenant="harbor", groups=(), *, proven=True, **more):
        with system(tenant):
            provider = SsoProvider(
                slug=slug, created_at=clock.now(),
                **{"name": "Harbor Entra", "kind": "other", "side": "msp", "issuer": issuer.url, "app_id": APP_ID,
                   "domains": [], **more},
            )  # fmt: skip
            provider.app_secret = SECRET
            make.put(provider)
            for domain in provider.domains if proven and provider.creates_users else ():
                domains.ensure(domain).proven_at = clock.now()
            for group, role in groups:
                side = "internal" if provider.side == "msp" else "client"
                make.put(SsoGroupRole(provider_id=provider.id, group_name=group, role_id=make.role(side, role).id))
        return slug

    return made


def leave(who, slug="entra", side="msp", **data):
    """Press the button; the issuer's address from the page between."""
    token = who.get(SIGN_IN[side]).form("/signin")["csrf_token"]
    return who.post(f"/auth/sso/{slug}", {"csrf_token": token, **data})


def way(page):
    return page.dom.select_one("a[rel=noreferrer]")["href"]


def at_issuer(url):
    """What the browser does at the issuer; where it is sent back to."""
    answer = requests.get(url, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return answer_of(answer.headers["Location"])


def come(who, slug="entra", side="msp", **data):
    """The whole way; the answer to the callback."""
    return who.get(at_issuer(way(leave(who, slug, side, **data))))


def refused(who, page, side="msp"):
    assert page.status == 303, page.text
    assert page.headers["Location"] == SIGN_IN[side]
    assert token_of(who, side) in {None, ""}
    assert "couldn't sign you in" in who.follow(page).dom.get_text()


def reasons(session):
    return [entry.facts["facts"]["reason"] for entry in trail(session, "sso.refused")]
