"""Single sign-on against a real issuer: the way there and back, and all that must not open anything."""

import threading
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import select

from portal.core import clock
from portal.core.tenancy.scope import Reach, Scope, entered
from portal.extensions import db
from portal.identity import passwords
from portal.identity.models import (
    Membership,
    MembershipRole,
    Password,
    Role,
    SsoGroupRole,
    SsoIdentity,
    SsoProvider,
    StaffRole,
    User,
)
from portal.identity.sso import oidc, state
from tests import factories as make
from tests import world
from tests.identity.oidc_server import APP_ID, SECRET, Issuer, answer_of, with_query
from tests.identity.steps import SIGN_IN, is_in, token_of, trail, try_in
from tests.world import ADMIN, SAM, TECH

HARBOR = world.tenant_id("harbor")


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
    """`provide(side="msp", …)`: a provider of Harbor's; its slug."""

    def made(slug="entra", tenant="harbor", groups=(), **more):
        with system(tenant):
            provider = SsoProvider(
                slug=slug, created_at=clock.now(),
                **{"name": "Harbor Entra", "kind": "other", "side": "msp", "issuer": issuer.url, "app_id": APP_ID,
                   "domains": [], **more},
            )  # fmt: skip
            provider.app_secret = SECRET
            make.put(provider)
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


def test_the_issuer_holds_pkce_to_its_word(visit, provide, issuer, monkeypatch):
    provide()
    monkeypatch.setattr("portal.identity.sso.oidc.create_s256_code_challenge", lambda _verifier: "x" * 43)
    who = visit()
    refused(who, come(who))


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


def test_the_other_sides_person_is_nobody(visit, provide, issuer):
    provide()
    issuer.claims = person(SAM.email)
    who = visit()
    refused(who, come(who))


def test_another_subject_does_not_take_an_account_over(visit, provide, issuer, system):
    provide()
    come(visit())
    issuer.claims = person(TECH.email, sub="somebody-who-got-the-address-later")
    who = visit()
    refused(who, come(who))
    with system() as session:
        assert reasons(session) == ["another subject"]


def test_a_changed_mail_stays_the_same_person(visit, provide, issuer):
    provide()
    come(visit())
    issuer.claims = person("new-name@harbor.example", sub=f"sub-{TECH.email}", email_verified=False)
    who = visit()
    assert come(who).headers["Location"] == "/msp"


def test_a_password_that_somebody_else_chose_for_a_pending_account_is_worthless(visit, provide, issuer, system):
    email, chosen = "victim@brightdental.example", "chosen-by-somebody-else"
    provide(side="client")
    with system():
        user = make.a_user(email, state="pending")
        make.a_member(user, make.a_contact(SAM.client_id, "Vic Tim"))
        make.put(Password(user_id=user.id, hash=passwords.hash_password(chosen), changed_at=clock.now()))
    issuer.claims = person(email)
    assert come(visit(), side="client").headers["Location"] == "/"
    assert try_in(visit(), "client", email, chosen).status == 422


def test_only_the_domains_come_in(visit, provide, system):
    provide(domains=["other.example"])
    who = visit()
    refused(who, come(who))
    with system() as session:
        assert reasons(session) == ["domain"]


@pytest.mark.parametrize("state", ["suspended", "locked"])
def test_a_manual_block_is_never_lifted(visit, provide, issuer, system, state):
    provide(groups=[("techs", "Technician")])
    with system():
        user = db.session.get(User, (HARBOR, TECH.id))
        user.state, user.state_reason, user.is_managed = state, "staff", True
    issuer.claims = person(TECH.email, groups=["techs"])
    who = visit()
    refused(who, come(who))
    with system() as session:
        assert session.get(User, (HARBOR, TECH.id)).state == state


def roles_of(session, user_id):
    held = select(Role.name).join(StaffRole, StaffRole.role_id == Role.id).where(StaffRole.user_id == user_id)
    return set(session.execute(held).scalars())


def test_an_account_is_made_where_that_is_wanted_and_follows_its_groups(visit, provide, issuer, system):
    groups = [("techs", "Technician"), ("desk", "Dispatcher")]
    provide(creates_users=True, domains=["harbor.example"], groups=groups)
    issuer.claims = person("nia@harbor.example", groups=["techs", "unrelated"])
    who = visit()
    assert come(who).headers["Location"] == "/msp"
    with system() as session:
        user = session.execute(select(User).where(User.email_key == "nia@harbor.example")).scalar_one()
        assert (user.is_managed, user.state, user.kind) == (True, "active", "internal")
        assert user.verified_at is not None
        assert roles_of(session, user.id) == {"Technician"}
        user_id = user.id
    issuer.claims = person("nia@harbor.example", groups=["desk"])
    come(visit())
    with system() as session:
        assert roles_of(session, user_id) == {"Dispatcher"}
    issuer.claims = person("nia@harbor.example", groups=["unrelated"])
    gone = visit()
    refused(gone, come(gone))
    assert not is_in(who, "msp")
    with system() as session:
        user = session.get(User, (HARBOR, user_id))
        assert (user.state, user.state_reason) == ("suspended", "directory")
    issuer.claims = person("nia@harbor.example", groups=["techs"])
    assert come(visit()).headers["Location"] == "/msp"
    with system() as session:
        assert session.get(User, (HARBOR, user_id)).state == "active"
        assert roles_of(session, user_id) == {"Technician"}


def test_a_directory_that_does_not_tell_groups_changes_nothing(visit, provide, issuer, system):
    provide(creates_users=True, domains=["harbor.example"], groups=[("techs", "Technician")])
    issuer.claims = person("nia@harbor.example", groups=["techs"])
    come(visit())
    issuer.claims = person("nia@harbor.example", _claim_names={"groups": "src1"})
    assert come(visit()).headers["Location"] == "/msp"


def test_a_person_made_by_hand_is_never_touched(visit, provide, issuer, system):
    provide(groups=[("techs", "Technician"), ("admins", "Administrator")])
    issuer.claims = person(TECH.email, groups=["unrelated"])
    assert come(visit()).headers["Location"] == "/msp"
    issuer.claims = person(TECH.email, groups=["admins"])
    assert come(visit()).headers["Location"] == "/msp"
    with system() as session:
        assert roles_of(session, TECH.id) == {"Technician"}


@pytest.mark.parametrize(
    ("more", "claims"),
    [
        ({"creates_users": False, "domains": ["harbor.example"]}, {"groups": ["techs"]}),
        ({"creates_users": True, "domains": ["other.example"]}, {"groups": ["techs"]}),
        ({"creates_users": True, "domains": []}, {"groups": ["techs"]}),
        ({"creates_users": True, "domains": ["harbor.example"]}, {"groups": ["unrelated"]}),
        ({"creates_users": True, "domains": ["harbor.example"]}, {"groups": ["techs"], "email_verified": False}),
    ],
)
def test_no_account_is_made_otherwise(visit, provide, issuer, system, more, claims):
    provide(groups=[("techs", "Technician")], **more)
    issuer.claims = person("nia@harbor.example", **claims)
    who = visit()
    refused(who, come(who))
    with system() as session:
        assert session.execute(select(User).where(User.email_key == "nia@harbor.example")).first() is None


def test_a_clients_person_gets_a_seat_at_the_client_of_the_domain(visit, provide, issuer, system):
    provide(side="client", creates_users=True, domains=["brightdental.example"])
    with system():
        db.session.get(make.Client, (HARBOR, SAM.client_id)).email_domain = "brightdental.example"
    issuer.claims = person("neo@brightdental.example")
    who = visit()
    assert come(who, side="client").headers["Location"] == "/"
    with system() as session:
        [seat] = session.execute(
            select(Membership).join(User, User.id == Membership.user_id).where(User.email_key.startswith("neo@"))
        ).scalars()
        assert seat.client_id == SAM.client_id
        [role] = session.execute(select(MembershipRole).where(MembershipRole.membership_id == seat.id)).scalars()
        assert role.role_id == make.role("client", "User").id
        [made] = trail(session, "contact.created")
        assert (made.object_id, made.client_id, made.visibility) == (seat.contact_id, SAM.client_id, "public")
        assert made.facts["facts"]["way"] == "sso"


def test_the_last_who_can_mend_roles_keeps_them(visit, provide, issuer, system):
    provide(groups=[("admins", "Administrator")])
    with system():
        db.session.get(User, (HARBOR, ADMIN.id)).is_managed = True
    issuer.claims = person(ADMIN.email, groups=[])
    assert come(visit()).headers["Location"] == "/msp"
    with system() as session:
        assert roles_of(session, ADMIN.id) == {"Administrator"}
        assert len(trail(session, "sso.kept")) == 1


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


def test_a_clients_directory_has_no_say_at_other_clients(visit, provide, issuer, system):
    """Groups of one client make nobody an Admin where another client let the person in, and take nothing there."""
    groups = [("all", "User"), ("boss", "Admin")]
    provide(side="client", creates_users=True, domains=["brightdental.example"], groups=groups)
    with system():
        db.session.get(make.Client, (HARBOR, SAM.client_id)).email_domain = "brightdental.example"
        elsewhere = make.a_client("Elsewhere Ltd").id
    issuer.claims = person("neo@brightdental.example", groups=["all"])
    assert come(visit(), side="client").headers["Location"] == "/"
    with system() as session:
        neo = session.execute(select(User).where(User.email_key == "neo@brightdental.example")).scalar_one().id
        make.a_member(session.get(User, (HARBOR, neo)), make.a_contact(elsewhere, "Neo"))
    issuer.claims = person("neo@brightdental.example", groups=["boss"])
    come(visit(), side="client")
    with system() as session:
        held = session.execute(
            select(MembershipRole.client_id, Role.name)
            .join(Role, Role.id == MembershipRole.role_id)
            .where(MembershipRole.user_id == neo)
        ).all()
        assert {tuple(row) for row in held} == {(SAM.client_id, "Admin"), (elsewhere, "User")}


def test_a_name_with_a_web_address_is_none(visit, provide, issuer, system):
    provide(creates_users=True, domains=["harbor.example"], groups=[("techs", "Technician")])
    issuer.claims = person("nia@harbor.example", groups=["techs"]) | {"name": "http://evil.example/click"}
    come(visit())
    with system() as session:
        assert session.execute(select(User.name).where(User.email_key == "nia@harbor.example")).scalar_one() == "nia"
