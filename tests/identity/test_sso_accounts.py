"""Whom a company login brings in: the account that is found or made, and what its groups mean here."""

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.extensions import db
from portal.identity import passwords
from portal.identity.models import Membership, MembershipRole, Password, Role, SsoIdentity, StaffRole, User
from tests import factories as make
from tests import world
from tests.identity.sso_steps import come, person, reasons, refused
from tests.identity.steps import is_in, trail, try_in
from tests.world import ADMIN, SAM, TECH

HARBOR = world.tenant_id("harbor")


def test_the_other_sides_person_is_nobody(visit, provide, issuer, system):
    provide()
    issuer.claims = person(SAM.email)
    who = visit()
    refused(who, come(who))
    with system() as session:
        assert reasons(session) == ["unknown"]
        assert session.execute(select(SsoIdentity)).first() is None


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
