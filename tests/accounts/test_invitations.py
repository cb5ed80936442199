"""Invitations: by the staff and by a client's Admin; what they lead to is written down when they are sent."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.clients.models import Contact
from portal.core import clock
from portal.identity import mail_throttle, policy
from portal.identity.models import MailToken, Membership, MembershipRole, Role, StaffRole, User
from portal.identity.services import invitations, narrowing
from portal.identity.services.invitations import Invitee
from tests import factories as make
from tests import jobs, world
from tests.accounts.steps import NEW, LinkTo, System, Visit, as_person, client_role, opened
from tests.identity.steps import WRONG, is_in, sign_in, trail
from tests.world import ADMIN, DANA, NOAH, SAM, TECH

ANA = world.Person("ana@brightdental.example", "harbor", "client", "User", "Ana New", "Bright Dental")
INVITATION = "/auth/invitation"
MINUTE = dt.timedelta(minutes=1)


def invite(app: Flask, by: world.Person, email: str = ANA.email, key: str = "user", **more: Any) -> Any:
    """Invite somebody to Bright Dental; the seat's id."""
    with as_person(app, by) as session:
        who = Invitee(client_id=world.client_id("Bright Dental"), name=ANA.name, email=email)
        viewer = session.info["viewer"]
        return invitations.invite_client_person(viewer, who, roles=[client_role(session, key)], **more).id


def accept(visit: Visit, path: str, **fields: Any) -> Any:
    """Open the link, choose a password, press the button."""
    stranger = visit()
    opened(stranger, path)
    return stranger.submit(INVITATION, "/invitation", password=NEW, **fields)


@pytest.mark.parametrize("by", [ADMIN, DANA], ids=["staff", "client's Admin"])
def test_somebody_new_gets_in(app: Flask, visit: Visit, link_to: LinkTo, system: System, by: world.Person) -> None:
    seat_id = invite(app, by)
    with system() as session:
        seat = session.execute(select(Membership).where(Membership.id == seat_id)).scalar_one()
        assert not seat.is_active
    path = link_to(ANA.email)
    stranger = visit()
    page = opened(stranger, path)
    assert ANA.name in page
    assert ANA.email in page
    assert stranger.submit(INVITATION, "/invitation", password="password1234").status == 422
    done = stranger.submit(INVITATION, "/invitation", password=NEW)
    assert done.status == 303
    assert not is_in(stranger, "client")
    assert sign_in(stranger, ANA, NEW).status == 303
    assert is_in(stranger, "client")
    with system() as session:
        user = session.execute(select(User).where(User.email_key == ANA.email)).scalar_one()
        assert (user.state, user.kind) == ("active", "client")
        assert user.verified_at is not None
        [sent] = trail(session, "invitation.sent")
        assert (sent.visibility, sent.client_id) == ("public", world.client_id("Bright Dental"))
        assert trail(session, "invitation.accepted")
    assert opened(visit(), path).status == 410


def test_strangers_do_not_hold_out_who_has_just_accepted(app: Flask, visit: Visit, link_to: LinkTo) -> None:
    invite(app, DANA)
    stranger = visit()
    opened(stranger, link_to(ANA.email))
    for _ in range(10):
        sign_in(visit(), ANA, WRONG)
    stranger.submit(INVITATION, "/invitation", password=NEW)
    assert sign_in(visit(), ANA, NEW).status == 429
    assert sign_in(stranger, ANA, NEW).status == 303


def test_the_form_chooses_no_role(app: Flask, visit: Visit, link_to: LinkTo, system: System) -> None:
    seat_id = invite(app, DANA)
    path = link_to(ANA.email)
    with system() as session:
        admin = client_role(session, "admin").id
    accept(visit, path, role=str(admin), roles=str(admin), role_id=str(admin), email="x@evil.example", client_id="1")
    with system() as session:
        held = (
            session.execute(
                select(Role.key)
                .join(MembershipRole, MembershipRole.role_id == Role.id)
                .where(MembershipRole.membership_id == seat_id)
            )
            .scalars()
            .all()
        )
        assert held == ["user"]
        assert session.execute(select(User).where(User.email_key == "x@evil.example")).first() is None


def test_a_login_of_another_client_gets_a_second_seat_and_keeps_its_password(
    app: Flask, visit: Visit, link_to: LinkTo, system: System
) -> None:
    noah = visit(NOAH)
    invite(app, DANA, NOAH.email)
    path = link_to(NOAH.email)
    stranger = visit()
    page = opened(stranger, path)
    assert not page.dom.select("input[name=password]")
    assert stranger.submit(INVITATION, "/invitation").status == 303
    assert is_in(noah, "client"), "no session ends"
    assert sign_in(visit(), NOAH).status == 303
    with system() as session:
        seats = session.execute(select(Membership).where(Membership.user_id == NOAH.id)).scalars().all()
        assert {seat.client_id for seat in seats if seat.is_active} == {NOAH.client_id, SAM.client_id}


def test_without_the_link_the_seat_is_nothing(app: Flask, visit: Visit, system: System) -> None:
    invite(app, DANA, NOAH.email)
    with system() as session:
        session.execute(update(Membership).where(Membership.id == NOAH.membership_id).values(is_active=False))
    assert sign_in(visit(), NOAH).status == 422


def test_an_admin_does_not_learn_who_is_known(app: Flask, system: System) -> None:
    shapes = []
    for email in (NOAH.email, "unheard.of@example.com"):
        with as_person(app, DANA) as session:
            viewer = session.info["viewer"]
            seat = invitations.invite_client_person(
                viewer, Invitee(name="Somebody", email=email), roles=[client_role(session)]
            )
            contact = session.execute(select(Contact).where(Contact.id == seat.contact_id)).scalar_one()
            shapes.append((seat.is_active, seat.ticket_scope, contact.name))
            assert session.execute(select(User).where(User.id == seat.user_id)).first() is None
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("by", "key", "more"),
    [
        (DANA, "admin", {}),
        (SAM, "user", {}),
        (TECH, "user", {}),
    ],
    ids=["not giveable", "a User", "a technician"],
)
def test_who_may_not_give_it_does_not(app: Flask, work: Any, by: world.Person, key: str, more: Any) -> None:
    with pytest.raises(invitations.RoleNotGiveable):
        invite(app, by, key=key, **more)
    assert work() == {}


def test_nobody_gives_more_than_they_have(app: Flask, system: System) -> None:
    with system() as session:
        made = make.put(Role(name="Reporter", side="client", is_giveable=True))
        from portal.identity.models import RolePermission

        make.put(RolePermission(role_id=made.id, permission="invoice:pay"))
        colleague = make.put(Role(name="Colleague", side="internal", is_giveable=True))
        made_id, colleague_id = made.id, colleague.id
    with as_person(app, DANA) as session:
        viewer = session.info["viewer"]
        for role_id in (made_id, colleague_id):
            role = session.execute(select(Role).where(Role.id == role_id)).scalar_one()
            assert not policy.may_give(viewer, role)
        assert policy.may_give(viewer, client_role(session, "finance"))
        assert policy.may_give_scope(viewer, "company")
    with as_person(app, TECH) as session:
        administrator = session.execute(select(Role).where(Role.key == "administrator")).scalar_one()
        assert not policy.may_give(session.info["viewer"], administrator)


def test_at_most_three_mails_in_ten_minutes(app: Flask, work: Any, system: System) -> None:
    seat_id = invite(app, DANA)
    with as_person(app, DANA) as session:
        seat = session.execute(select(Membership).where(Membership.id == seat_id)).scalar_one()
        invitations.resend(seat)
        invitations.resend(seat)
        with pytest.raises(invitations.TooManyMails):
            invitations.resend(seat)
        assert [invitations.state_of(row) for row in session.execute(invitations.history(seat)).scalars()] == [
            "open", "revoked", "revoked",
        ]  # fmt: skip
    assert len(work()[ANA.email]) == 1, "those that died before their mail was written are not sent"
    with system() as session:
        session.execute(update(MailToken).values(created_at=clock.now() - 11 * MINUTE))
    with as_person(app, DANA) as session:
        invitations.resend(session.execute(select(Membership).where(Membership.id == seat_id)).scalar_one())


@pytest.mark.parametrize(("by", "kind", "most"), [(DANA, "client", 20), (ADMIN, "staff", 100)])
def test_one_person_sends_so_many_an_hour_whomever_to(
    app: Flask, system: System, monkeypatch: pytest.MonkeyPatch, by: world.Person, kind: str, most: int
) -> None:
    assert mail_throttle.PER_INVITER[kind][0] == (most, dt.timedelta(hours=1))
    monkeypatch.setitem(mail_throttle.PER_INVITER, kind, ((3, dt.timedelta(hours=1)),))
    for number in range(3):
        invite(app, by, f"one{number}@bulk.example")
    with pytest.raises(invitations.TooManyInvitations):
        invite(app, by, "four@bulk.example")
    with as_person(app, by) as session:
        seat = session.execute(
            select(Membership)
            .join(Contact, Contact.id == Membership.contact_id)
            .where(Contact.email == "one0@bulk.example")
        ).scalar_one()
        with pytest.raises(invitations.TooManyInvitations):
            invitations.resend(seat)
    with system() as session:
        sent = session.execute(select(MailToken).where(MailToken.purpose == "invitation")).scalars().all()
        assert len(sent) == 3
    invite(app, ADMIN if by is DANA else DANA, "five@bulk.example")


def test_whoever_was_limited_to_sites_stays_so_when_invited_again(app: Flask, system: System) -> None:
    seat_id = invite(app, ADMIN)
    with system() as session:
        site = make.a_site(world.client_id("Bright Dental"), "Annexe").id
        role = session.execute(select(MembershipRole).where(MembershipRole.membership_id == seat_id)).scalar_one()
        narrowing.limit_role(role, [site])
    with pytest.raises(invitations.RoleLimited):
        invite(app, DANA, key="finance")
    assert invite(app, DANA) == seat_id

    def limits() -> Any:
        with system() as session:
            seat = session.execute(select(Membership).where(Membership.id == seat_id)).scalar_one()
            return list(narrowing.site_limits(seat).values())

    assert limits() == [[site]]
    invite(app, ADMIN)
    assert limits() == [], "the MSP may"


def test_a_new_one_replaces_the_last_and_revoking_ends_it(app: Flask, visit: Visit, link_to: LinkTo) -> None:
    seat_id = invite(app, ADMIN)
    first = link_to(ANA.email)
    with as_person(app, ADMIN) as session:
        invitations.resend(session.execute(select(Membership).where(Membership.id == seat_id)).scalar_one())
    second = link_to(ANA.email)
    assert opened(visit(), first).status == 410
    assert opened(visit(), second).status == 200
    with as_person(app, DANA) as session:
        invitations.revoke(session.execute(select(Membership).where(Membership.id == seat_id)).scalar_one())
        assert invitations.states([seat_id]) == {seat_id: "revoked"}
    assert opened(visit(), second).status == 410


def test_it_is_good_for_72_hours(app: Flask, visit: Visit, link_to: LinkTo, monkeypatch: pytest.MonkeyPatch) -> None:
    invite(app, ADMIN)
    path = link_to(ANA.email)
    real = clock.now
    monkeypatch.setattr(clock, "business_now", lambda: real() + dt.timedelta(hours=71, minutes=59))
    assert opened(visit(), path).status == 200
    monkeypatch.setattr(clock, "business_now", lambda: real() + dt.timedelta(hours=72, minutes=1))
    assert opened(visit(), path).status == 410


def test_whoever_is_a_member_is_not_invited_again(app: Flask) -> None:
    with pytest.raises(invitations.AlreadyMember):
        invite(app, DANA, SAM.email)


def test_who_was_invited_and_revoked_gets_what_the_new_invitation_says(app: Flask, system: System) -> None:
    first = invite(app, DANA, key="finance")
    with as_person(app, DANA) as session:
        invitations.revoke(session.execute(select(Membership).where(Membership.id == first)).scalar_one())
    second = invite(app, DANA, key="user", ticket_scope="own")
    assert first == second
    with system() as session:
        keys = (
            session.execute(
                select(Role.key)
                .join(MembershipRole, MembershipRole.role_id == Role.id)
                .where(MembershipRole.membership_id == first)
            )
            .scalars()
            .all()
        )
        assert keys == ["user"]
        assert session.execute(select(Membership.ticket_scope).where(Membership.id == first)).scalar_one() == "own"


def test_a_contact_is_invited_as_itself(app: Flask, system: System) -> None:
    with system():
        contact_id = make.a_contact(world.client_id("Bright Dental"), "Ben Contact", "ben@brightdental.example").id
    with as_person(app, ADMIN) as session:
        contact = session.execute(select(Contact).where(Contact.id == contact_id)).scalar_one()
        seat = invitations.invite_client_person(
            session.info["viewer"], Invitee(contact=contact), roles=[client_role(session)]
        )
        assert seat.contact_id == contact_id


def test_a_colleague_gets_in(app: Flask, visit: Visit, link_to: LinkTo, system: System) -> None:
    with as_person(app, ADMIN) as session:
        role = session.execute(select(Role).where(Role.key == "technician")).scalar_one()
        user = invitations.invite_colleague(
            session.info["viewer"], email="kim@harbor.example", name="Kim New", roles=[role], title="Technician"
        )
        assert user.state == "pending"
    kim = world.Person("kim@harbor.example", "harbor", "msp", "Technician", "Kim New")
    stranger = visit()
    page = opened(stranger, link_to(kim.email))
    assert "/brand/msp/" in page
    done = stranger.submit(INVITATION, "/invitation", password=NEW)
    assert done.headers["Location"].endswith("/auth/msp/signin")
    assert sign_in(stranger, kim, NEW).status == 303
    assert is_in(stranger, "msp")
    with system() as session:
        keys = session.execute(select(Role.key).join(StaffRole, StaffRole.role_id == Role.id)
                               .join(User, User.id == StaffRole.user_id).where(User.email == kim.email))  # fmt: skip
        assert keys.scalars().all() == ["technician"]


def test_a_revoked_colleague_stays_out(app: Flask, visit: Visit, link_to: LinkTo, work: Any) -> None:
    from tests.accounts.steps import ask

    with as_person(app, ADMIN) as session:
        role = session.execute(select(Role).where(Role.key == "technician")).scalar_one()
        user = invitations.invite_colleague(
            session.info["viewer"], email="kim@harbor.example", name="Kim New", roles=[role]
        )
    path = link_to("kim@harbor.example")
    with as_person(app, ADMIN) as session:
        invitations.revoke(session.execute(select(User).where(User.id == user.id)).scalar_one())
    assert opened(visit(), path).status == 410
    ask(visit(), "kim@harbor.example", "msp")
    assert work() == {}, "a forgotten password is no way round an invitation"


def test_the_mail_is_in_the_readers_language(app: Flask, work: Any, system: System) -> None:
    seat_id = invite(app, ADMIN)
    with system() as session:
        user_id = session.execute(select(Membership.user_id).where(Membership.id == seat_id)).scalar_one()
        session.execute(update(User).where(User.id == user_id).values(locale="de"))
    [mail] = work()[ANA.email]
    assert "Zugang" in mail["Subject"]
    assert "Einladung annehmen" in jobs.words(mail)


@pytest.mark.parametrize("email", ["x", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example"])
def test_what_is_no_address_is_refused(app: Flask, email: str) -> None:
    with pytest.raises(invitations.BadAddress):
        invite(app, DANA, email)
