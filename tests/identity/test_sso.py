"""Single sign-on against a real issuer: the way there and back, and all that must not open anything."""

import threading
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from portal.core.tenancy.scope import Reach, Scope, entered
from portal.identity.models import SsoIdentity
from portal.identity.sso import state
from tests import factories as make
from tests import world
from tests.identity.oidc_server import APP_ID, SECRET, with_query
from tests.identity.sso_steps import at_issuer, come, leave, person, reasons, refused, way
from tests.identity.steps import SIGN_IN, is_in, token_of, trail
from tests.world import SAM, TECH

HARBOR = world.tenant_id("harbor")


def test_a_colleague_comes_in_by_verified_mail(visit, provide, system):
    provide()
    who = visit()
    page = come(who)
    assert (page.status, page.headers["Location"]) == (303, "/msp")
    assert is_in(who, "msp")
    with system() as session:
        [identity] = session.execute(select(SsoIdentity)).scalars()
        assert (identity.user_id, identity.subject) == (TECH.id, f"sub-{TECH.email}")
        assert [entry.action for entry in trail(session, "s") if entry.action != "session.ended"][-2:] == [
            "sso.linked",
            "sign_in.succeeded",
        ]
    assert come(visit()).headers["Location"] == "/msp"


def test_a_client_comes_in_too_and_goes_where_it_was_going(visit, provide, issuer):
    provide(side="client")
    issuer.claims = person(SAM.email)
    who = visit()
    assert come(who, side="client", next="/tickets").headers["Location"] == "/tickets"
    assert is_in(who, "client")
    assert come(visit(), side="client", next="//evil.example").headers["Location"] == "/"


def test_nothing_is_asked_of_an_issuer_before_it_is_chosen(visit, provide, issuer):
    provide()
    page = visit().get(SIGN_IN["msp"])
    assert "Sign in with Harbor Entra" in page.dom.get_text()
    assert "Harbor Entra" not in visit().get(SIGN_IN["client"]).dom.get_text()
    assert issuer.url not in page.text
    assert issuer.asked == []


def test_the_way_has_pkce_nonce_state_and_the_tenants_own_address(visit, provide, issuer):
    provide()
    page = leave(visit())
    query = {name: values[0] for name, values in parse_qs(urlsplit(way(page)).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43
    assert query["nonce"]
    assert query["response_type"] == "code"
    assert urlsplit(query["redirect_uri"]).path == "/auth/sso/entra"
    assert urlsplit(query["redirect_uri"]).hostname == "harbor.localhost"
    assert issuer.asked == ["/.well-known/openid-configuration"]
    assert page.headers["Refresh"] == f"0; url={way(page)}"
    assert "HttpOnly" in next(each for each in page.headers.getlist("Set-Cookie") if each.startswith("sso="))


def test_the_issuer_holds_pkce_to_its_word(visit, provide, issuer, system, monkeypatch):
    provide()
    monkeypatch.setattr("portal.identity.sso.oidc.create_s256_code_challenge", lambda _verifier: "x" * 43)
    who = visit()
    refused(who, come(who))
    assert "/token" in issuer.asked
    with system() as session:
        assert reasons(session) == ["unreachable"], "the issuer gave no token"
        assert trail(session, "sign_in.succeeded") == []


SPOILED = {
    "another audience": ({"claims": {"aud": "somebody-else"}}, "audience"),
    "several audiences without azp": ({"claims": {"aud": [APP_ID, "other"]}}, "audience"),
    "another party": ({"claims": {"azp": "other"}}, "audience"),
    "another issuer": ({"claims": {"iss": "https://evil.example"}}, "issuer"),
    "issuer with a slash more": ({"claims": {"iss": "SLASH"}}, "issuer"),
    "expired": ({"claims": {"exp": int(time.time()) - 120}}, "expired"),
    "without end": ({"without": ["exp"]}, "times"),
    "from tomorrow": ({"claims": {"iat": int(time.time()) + 86400}}, "too early"),
    "another nonce": ({"claims": {"nonce": "x"}}, "nonce"),
    "without nonce": ({"without": ["nonce"]}, "nonce"),
    "without subject": ({"without": ["sub"]}, "subject"),
    "foreign key": ({"key": RSAKey.generate_key(2048)}, "signature"),
    "shared secret": ({"key": OctKey.import_key(SECRET * 4), "alg": "HS256"}, "algorithm"),
    "unverified mail": ({"claims": {"email_verified": False}}, "email not verified"),
    "mail without a word": ({"without": ["email_verified"]}, "email not verified"),
    "no mail": ({"without": ["email"]}, "email not verified"),
    "a list of mails": ({"claims": {"email": [TECH.email]}}, "email not verified"),
    "nobody here": ({"claims": {"email": "stranger@harbor.example"}}, "unknown"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_what_is_wrong_with_a_token_lets_nobody_in(visit, provide, issuer, system, name):
    provide()
    spoil, reason = SPOILED[name]
    if spoil.get("claims", {}).get("iss") == "SLASH":
        spoil = {"claims": {"iss": issuer.url + "/"}}
    issuer.spoil = spoil
    who = visit()
    refused(who, come(who))
    with system() as session:
        assert reasons(session) == [reason]
        assert session.execute(select(SsoIdentity)).first() is None


def test_new_keys_are_found_and_old_ones_forgotten(visit, provide, issuer, system):
    provide()
    assert come(visit()).headers["Location"] == "/msp"
    former = issuer.key
    issuer.rotate()
    assert come(visit()).headers["Location"] == "/msp"
    assert issuer.asked.count("/jwks") == 2
    issuer.spoil = {"key": former}
    who = visit()
    refused(who, come(who))
    with system() as session:
        assert reasons(session) == ["signature"]


def test_a_state_is_good_once(visit, provide):
    provide()
    who = visit()
    back = at_issuer(way(leave(who)))
    cookie = who.http.get_cookie("sso", domain=who.host).value
    assert who.get(back).headers["Location"] == "/msp"
    again = visit()
    again.http.set_cookie("sso", cookie, domain=again.host)
    refused(again, again.get(back))


def test_of_twenty_who_come_back_at_once_one_goes_on(app):
    came = []
    scope = Scope(tenant_id=HARBOR, reach=Reach.GATE)

    def run():
        with app.app_context(), entered(scope):
            try:
                state._only_once("the same journey")
            except state.BadState:
                came.append("refused")
            else:
                came.append("in")

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["in"] + ["refused"] * 19


def test_a_state_belongs_to_browser_tenant_and_provider(visit, provide, system):
    provide()
    provide(slug="second")
    provide(tenant="summit")
    who = visit()
    back = at_issuer(way(leave(who)))
    cookie = who.http.get_cookie("sso", domain=who.host).value
    stranger = visit()
    refused(stranger, stranger.get(back))
    neighbour = visit(host="summit")
    neighbour.http.set_cookie("sso", cookie, domain=neighbour.host)
    assert neighbour.get(back).headers["Location"] == SIGN_IN["msp"]
    assert token_of(neighbour, "msp") in {None, ""}
    other = visit()
    other.http.set_cookie("sso", cookie, domain=other.host)
    assert other.get(back.replace("/auth/sso/entra", "/auth/sso/second")).headers["Location"] == SIGN_IN["msp"]
    for changed in (with_query(back, state="x"), with_query(back, state=""), with_query(back, error="access_denied")):
        who.http.set_cookie("sso", cookie, domain=who.host)
        refused(who, who.get(changed))
    with system() as session:
        assert reasons(session) == ["state"] * 4 + ["the issuer refused"]
        assert "access_denied" not in str([entry.facts for entry in trail(session)])
    with system("summit") as session:
        assert reasons(session) == ["state"]


def test_a_provider_of_another_tenant_is_not_there(visit, provide):
    provide(tenant="summit")
    provide(slug="off", is_active=False)
    who = visit()
    token = who.get(SIGN_IN["msp"]).form("/signin")["csrf_token"]
    for slug in ("entra", "off", "nothing"):
        assert who.post(f"/auth/sso/{slug}", {"csrf_token": token}).status == 404
        assert who.get(f"/auth/sso/{slug}").status == 404


def test_an_issuer_that_lies_about_itself_is_not_gone_to(visit, provide, issuer, system):
    provide()
    issuer.announced = "https://other.example"
    assert leave(visit()).headers["Location"] == SIGN_IN["msp"]
    issuer.announced, issuer.said = "", {"token_endpoint": "http://10.0.0.1/token"}
    assert leave(visit()).headers["Location"] == SIGN_IN["msp"]
    with system() as session:
        assert reasons(session) == ["issuer", "endpoints"]


def test_a_second_factor_is_asked_for_unless_the_directory_did(visit, provide, issuer, system):
    provide()
    with system():
        make.role("internal", "Technician").requires_mfa = True
    who = visit()
    assert come(who).headers["Location"] == "/auth/mfa"
    assert not is_in(who, "msp")
    issuer.claims = person(TECH.email, amr=["pwd", "mfa"])
    who = visit()
    assert come(who).headers["Location"] == "/msp"
    assert is_in(who, "msp")


def test_secrets_and_tokens_are_in_no_trail(visit, provide, system):
    provide()
    come(visit())
    with system() as session:
        said = " ".join(str(entry.facts) for entry in trail(session))
    assert SECRET not in said
    assert "eyJ" not in said
