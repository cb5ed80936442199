"""What a house looks like after some time: somebody and something in every state that has a button of its own."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, select, update

from portal.core import clock
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.identity.models import (
    AccessReview,
    AccessReviewItem,
    EmailDomain,
    MembershipRole,
    MembershipRoleSite,
    Passkey,
    Role,
    RolePermission,
    SsoProvider,
    Totp,
)
from portal.identity.permissions import permissions_for
from portal.identity.services import recovery_codes
from portal.notifications.models import OutgoingMail
from portal.people.services import reviewing
from portal.tickets.models import Attachment, Ticket
from tests import factories as make
from tests import world
from tests.isolation.house import House
from tests.pages import Visitor
from tests.world import Person

LOOKS_UP = Person("looks@harbor.example", "harbor", "msp", "Looks things up", "Lou Looker")
"""Somebody of the staff with a role of the tenant's own that reads everything and changes nothing."""
A_ROLE_ALONE = Person("alone@harbor.example", "harbor", "msp", "A role alone", "Al One")
"""Somebody whose role is to hold one permission after the other."""
AT_ANNEX = Person("ella@brightdental.example", "harbor", "client", "Onlooker", "Ella Annex", "Bright Dental")
"""Somebody who reads the tickets of all sites and acts at one, with a role that the MSP made."""
ANNEX_NUMBER = 1950
"""A ticket at that site."""
HARBOR = world.tenant_id("harbor")


def live_in(house: House, people: Iterable[Person]) -> None:
    """Put Harbor into every state; `people` are those who will look at it."""
    people = (*people, LOOKS_UP, A_ROLE_ALONE, AT_ANNEX)
    with house.app.app_context(), transaction(system_scope(HARBOR)) as session:
        # The house limits Sam's role to the one site that there is: here only Ella is limited.
        session.execute(delete(MembershipRoleSite))
        _roles_of_its_own(session)
        _colleagues()
        _bright_dental(session)
        _tickets(session)
        _reviews(session)
        _domains(session)
        session.execute(update(OutgoingMail).values(state="sent"))
        for person in people:
            _secure(session, person)
    for person in people:
        Visitor(house.app, "harbor.localhost").sign_in(person)
    admin = house.visitor(world.ADMIN)
    invited = {"name": "Ida Invited", "email": "ida@brightdental.example"}
    admin.submit("/msp/clients/10001/invitation", "/10001/invitation", **invited)
    with house.app.app_context(), transaction(system_scope(HARBOR)):
        technician = str(make.role("internal", "Technician").id)
    invited = {"name": "Ira Invited", "email": "ira@harbor.example", "roles": technician}
    assert admin.submit("/admin/users/invitation", "/users/invitation", **invited).status == 303


def _roles_of_its_own(session: Any) -> None:
    for name, side, held in (
        (LOOKS_UP.role, "internal", {each for each in permissions_for("internal") if each.endswith(":read")}),
        (A_ROLE_ALONE.role, "internal", {"nothing:yet"}),
        (AT_ANNEX.role, "client", {"ticket:read"}),
    ):
        role = make.put(Role(name=name, side=side))
        session.add_all(RolePermission(role_id=role.id, permission=each) for each in held)
    make.put(Role(name="Nobody's", side="client"))


def _colleagues() -> None:
    for person in (LOOKS_UP, A_ROLE_ALONE):
        make.a_colleague(make.a_user(person.email, "internal", id=person.id, name=person.name), person.role)
    make.a_colleague(make.a_user("gone@harbor.example", "internal", name="Gil Gone", state="suspended"))


def _bright_dental(session: Any) -> None:
    """A contact without a login, somebody whose access was taken, and Ella; the others have a seat elsewhere too."""
    make.a_contact(world.DANA.client_id, "Nora Newcomer", "nora@brightdental.example")
    gone = make.a_contact(world.DANA.client_id, "Gus Gone", "gus@brightdental.example")
    make.a_member(make.a_user("gus@brightdental.example"), gone, is_active=False)
    annex = make.a_site(AT_ANNEX.client_id, "Annex", id=world.fixed("site annex"))
    ella = make.a_contact(AT_ANNEX.client_id, AT_ANNEX.name, AT_ANNEX.email, id=AT_ANNEX.contact_id)
    seat = make.a_member(
        make.a_user(AT_ANNEX.email, id=AT_ANNEX.id), ella, AT_ANNEX.role, id=AT_ANNEX.membership_id,
        ticket_scope="company",
    )  # fmt: skip
    for name in ("User", "Admin"):
        role = make.role("client", name)
        ids = {"client_id": seat.client_id, "user_id": seat.user_id, "membership_id": seat.id}
        held = make.put(MembershipRole(role_id=role.id, **ids))
        session.add(MembershipRoleSite(client_id=seat.client_id, membership_role_id=held.id, site_id=annex.id))
    for person in (world.DANA, world.SAM, world.FIN, AT_ANNEX):
        user = session.scalars(select(make.User).where(make.User.id == person.id)).one()
        make.a_member(user, make.a_contact(world.NOAH.client_id, f"{person.name} at Cedar"))


def _tickets(session: Any) -> None:
    """One that is done, one that is private and Priya's, one at the annex; a file that is still being checked."""
    sam, fin = (session.get(make.Contact, (HARBOR, each.contact_id)) for each in (world.SAM, world.FIN))
    annex = {"site_id": world.fixed("site annex")}
    at_annex = make.a_ticket(sam, "At the annex", number=ANNEX_NUMBER, **annex)
    done = make.a_ticket(
        sam, "A done one", category="resolved", phase="done", turn=None, resolved_at=clock.now(), **annex
    )
    private = make.a_ticket(sam, "A private one", is_private=True, assignee_user_id=world.TECH.id)
    for ticket in (done, private, at_annex):
        make.a_person_on(ticket, fin)
    ours = session.scalars(select(Ticket).where(Ticket.number == world.OUR_NUMBER)).one()
    ours.assignee_user_id = world.TECH.id
    comment = session.scalars(select(make.Comment).where(make.Comment.ticket_id == done.id)).one()
    make.an_attachment(comment, "unchecked.png", state="checking")
    assert session.scalars(select(Attachment).where(Attachment.state == "checking")).one()


def _reviews(session: Any) -> None:
    session.execute(delete(AccessReviewItem))
    session.execute(delete(AccessReview))
    reviewing.start_review(world.DANA.client_id, clock.business_now())


def _domains(session: Any) -> None:
    """A provider that makes accounts for two domains: one is being looked for, nobody has proven the other."""
    looked_for, unproven = "brightdental.example", "cedarlaw.example"
    session.execute(update(SsoProvider).values(creates_users=True, domains=[looked_for, unproven]))
    for person, domain in ((world.DANA, looked_for), (world.NOAH, unproven)):
        session.execute(update(make.Client).where(make.Client.id == person.client_id).values(email_domain=domain))
    session.add(EmailDomain(domain=looked_for, record="x", created_at=clock.now(), asked_at=clock.now()))


def _secure(session: Any, person: Person) -> None:
    """Everybody has an app, a passkey, codes and, later, a second session."""
    at = clock.now()
    session.execute(delete(Totp).where(Totp.user_id == person.id))
    session.add(Totp(user_id=person.id, secret="JBSWY3DPEHPK3PXP", last_step=0, created_at=at, confirmed_at=at))
    recovery_codes.make(session.scalars(select(make.User).where(make.User.id == person.id)).one())
    if session.scalars(select(Passkey).where(Passkey.user_id == person.id)).first() is None:
        key = {"credential_id": person.id.hex, "public_key": "AA", "sign_count": 0, "transports": []}
        session.add(Passkey(user_id=person.id, name="Key", created_at=at, **key))
