"""Companies and their people, as a viewer may see them. Nothing here is executed."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, func, or_, select
from sqlalchemy.orm import aliased

from portal.clients.models import Client, Contact, Site
from portal.core.tenancy.scope import Viewer
from portal.identity.models import (
    AccessReview,
    AccessReviewItem,
    ClientAssignment,
    ClientGroup,
    ClientGroupMember,
    GroupGrant,
    LoginSession,
    MailToken,
    Membership,
    MembershipRole,
    Role,
    StaffProfile,
    StaffRole,
    User,
)

Rows = Select[*tuple[Any, ...]]


def companies(_viewer: Viewer, wanted: str = "") -> Rows:
    """Clients with their main contact; `wanted` is the beginning of a name or number."""
    candidate = aliased(Contact)
    main = (
        select(candidate.id)
        .where(candidate.client_id == Client.id, candidate.is_primary, candidate.is_active)
        .order_by(candidate.created_at, candidate.id)
        .limit(1)
        .correlate(Client)
        .scalar_subquery()
    )
    statement = (
        select(
            Client.id,
            Client.number,
            Client.name,
            Client.phone,
            Client.is_active,
            Client.portal_access,
            Contact.id.label("contact_id"),
            Contact.name.label("contact"),
        )
        .outerjoin(Contact, Contact.id == main)
        .order_by(Client.name, Client.id)
    )
    if wanted:
        begins = Client.name.istartswith(wanted, autoescape=True)
        statement = statement.where(or_(begins, cast(Client.number, Text).startswith(wanted, autoescape=True)))
    return statement


def company(_viewer: Viewer, number: int) -> Select[Client]:
    """One client by its number."""
    return select(Client).where(Client.number == number)


def own_company(viewer: Viewer) -> Select[Client]:
    """The viewer's own client."""
    return select(Client).where(Client.id == viewer.client_id)


def sites(client_id: UUID) -> Select[Site]:
    """A client's sites, by name."""
    return select(Site).where(Site.client_id == client_id).order_by(Site.name, Site.id)


def people(client_id: UUID) -> Rows:
    """A client's contacts with their seat and, for the staff, their login; the main contact first.

    A client sees the rows of its own seats, not the logins, which may serve others too.
    """
    return (
        select(Contact, Membership, User, Site.name.label("site"))
        .outerjoin(Membership, Membership.contact_id == Contact.id)
        .outerjoin(User, User.id == Membership.user_id)
        .outerjoin(Site, Site.id == Contact.site_id)
        .where(Contact.client_id == client_id)
        .order_by(Contact.is_active.desc(), Contact.is_primary.desc(), Contact.name, Contact.id)
    )


def person_at(client_id: UUID, contact_id: UUID) -> Rows:
    """One contact of a client, with seat and login."""
    return people(client_id).where(Contact.id == contact_id)


def contact_at(client_id: UUID, contact_id: UUID) -> Select[Contact]:
    """One contact of a client."""
    return select(Contact).where(Contact.client_id == client_id, Contact.id == contact_id)


def contact_of(number: int, contact_id: UUID) -> Select[Contact]:
    """One contact of the client of this number."""
    at = select(Client.id).where(Client.number == number).scalar_subquery()
    return select(Contact).where(Contact.client_id == at, Contact.id == contact_id)


def role_names(client_id: UUID) -> Rows:
    """The roles of everybody at a client: (membership_id, role_id, key, name), by name."""
    return (
        select(MembershipRole.membership_id, Role.id.label("role_id"), Role.key, Role.name)
        .join(Role, Role.id == MembershipRole.role_id)
        .where(MembershipRole.client_id == client_id)
        .order_by(Role.name)
    )


def roles(side: str) -> Select[Role]:
    """The tenant's roles of a side, by name."""
    return select(Role).where(Role.side == side).order_by(Role.name, Role.id)


def roles_of(membership_id: UUID) -> Select[Role]:
    """The roles of one seat."""
    return (
        select(Role)
        .join(MembershipRole, MembershipRole.role_id == Role.id)
        .where(MembershipRole.membership_id == membership_id)
        .order_by(Role.name, Role.id)
    )


def own_contact(viewer: Viewer) -> Select[Contact]:
    """The viewer as a contact of the company at hand."""
    return select(Contact).where(Contact.id == viewer.contact_id)


def seat_lock(client_id: UUID, contact_id: UUID) -> Select[Membership]:
    """The seat of a contact of a client, held until the end of the transaction."""
    return (
        select(Membership)
        .where(Membership.client_id == client_id, Membership.contact_id == contact_id)
        .with_for_update(key_share=True)
    )


def colleagues(_viewer: Viewer) -> Rows:
    """The MSP's own people with their logins, by name; those who come in first."""
    return (
        select(StaffProfile, User)
        .join(User, User.id == StaffProfile.user_id)
        .order_by(StaffProfile.is_active.desc(), User.name, User.id)
    )


def colleague(viewer: Viewer, user_id: UUID) -> Rows:
    """One of them."""
    return colleagues(viewer).where(User.id == user_id, User.kind == "internal")


def colleague_invitations() -> Select[MailToken]:
    """The invitations of colleagues who have not come in yet, the oldest first."""
    return (
        select(MailToken)
        .join(User, User.id == MailToken.user_id)
        .where(MailToken.purpose == "invitation", User.kind == "internal", User.state == "pending")
        .order_by(MailToken.created_at, MailToken.id)
    )


def colleague_lock(user_id: UUID) -> Select[UUID]:
    """The login of one of them, held until the end of the transaction."""
    return select(User.id).where(User.id == user_id, User.kind == "internal").with_for_update(key_share=True)


def staff_role_names() -> Rows:
    """The roles of everybody on the staff: (user_id, role_id, key, name), by name."""
    return (
        select(StaffRole.user_id, Role.id.label("role_id"), Role.key, Role.name)
        .join(Role, Role.id == StaffRole.role_id)
        .order_by(Role.name)
    )


def last_uses() -> Rows:
    """When everybody of the staff last used a session that is still known: (user_id, at)."""
    at = func.max(LoginSession.last_used_at).label("at")
    return select(LoginSession.user_id, at).where(LoginSession.side == "msp").group_by(LoginSession.user_id)


def assignments(user_id: UUID) -> Select[UUID]:
    """The clients that somebody of the staff looks after."""
    return select(ClientAssignment.client_id).where(ClientAssignment.user_id == user_id)


def client_names() -> Rows:
    """Clients that are served: (id, number, name), by name."""
    return (
        select(Client.id, Client.number, Client.name)
        .where(Client.is_active)
        .order_by(Client.name, Client.id)
        .limit(1000)
    )


def review(review_id: UUID) -> Select[AccessReview]:
    """One access review."""
    return select(AccessReview).where(AccessReview.id == review_id)


def open_review(client_id: UUID | None) -> Select[AccessReview]:
    """The review of a client that is not over yet."""
    return (
        select(AccessReview)
        .where(AccessReview.client_id == client_id, AccessReview.finished_at.is_(None))
        .order_by(AccessReview.started_at.desc())
        .limit(1)
    )


def open_reviews(_viewer: Viewer) -> Rows:
    """All reviews that are not over, with their client, the one due first at the top."""
    return (
        select(AccessReview.id, AccessReview.due_at, AccessReview.started_at, Client.number, Client.name)
        .join(Client, Client.id == AccessReview.client_id)
        .where(AccessReview.finished_at.is_(None))
        .order_by(AccessReview.due_at, Client.name, AccessReview.id)
        .limit(200)
    )


def overdue(at: dt.datetime) -> Select[int]:
    """How many reviews should be over by now and are not."""
    late = select(AccessReview.id).where(AccessReview.finished_at.is_(None), AccessReview.due_at <= at).limit(1000)
    return select(func.count()).select_from(late.subquery())


def review_items(review_id: UUID) -> Rows:
    """The people of a review with their seats, those to be decided first."""
    return (
        select(AccessReviewItem, Membership, Contact)
        .join(Membership, Membership.id == AccessReviewItem.membership_id)
        .join(Contact, Contact.id == Membership.contact_id)
        .where(AccessReviewItem.review_id == review_id)
        .order_by(AccessReviewItem.decision.is_not(None), Contact.name, Contact.id)
    )


def review_item_lock(client_id: UUID | None, item_id: UUID) -> Select[AccessReviewItem]:
    """One person of a client's review, held until the end of the transaction."""
    return (
        select(AccessReviewItem)
        .where(AccessReviewItem.client_id == client_id, AccessReviewItem.id == item_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def review_item(client_id: UUID | None, item_id: UUID) -> Select[AccessReviewItem]:
    """The same, just looked at."""
    return select(AccessReviewItem).where(AccessReviewItem.client_id == client_id, AccessReviewItem.id == item_id)


def admins_of_review(review_id: UUID) -> Select[UUID]:
    """The contacts who decide a client's review."""
    return (
        select(Membership.contact_id)
        .join(AccessReview, AccessReview.client_id == Membership.client_id)
        .join(MembershipRole, MembershipRole.membership_id == Membership.id)
        .join(Role, Role.id == MembershipRole.role_id)
        .where(AccessReview.id == review_id, Membership.is_active, Role.key == "admin", Role.side == "client")
    )


def groups() -> Rows:
    """The groups of clients with how many clients and grants each has, by name."""
    members = select(func.count()).where(ClientGroupMember.group_id == ClientGroup.id).correlate(ClientGroup)
    grants = select(func.count()).where(GroupGrant.group_id == ClientGroup.id).correlate(ClientGroup)
    return select(
        ClientGroup.id, ClientGroup.name, members.scalar_subquery().label("clients"),
        grants.scalar_subquery().label("people"),
    ).order_by(ClientGroup.name, ClientGroup.id)  # fmt: skip


def group(group_id: UUID) -> Select[ClientGroup]:
    """One group of clients."""
    return select(ClientGroup).where(ClientGroup.id == group_id)


def group_clients(group_id: UUID) -> Select[UUID]:
    """The clients of a group."""
    return select(ClientGroupMember.client_id).where(ClientGroupMember.group_id == group_id)


def group_grants(group_id: UUID) -> Rows:
    """Who was let into a group's clients, in which role, by name."""
    return (
        select(GroupGrant.id, GroupGrant.ticket_scope, User.name, User.email, Role.key, Role.name.label("role"))
        .join(User, User.id == GroupGrant.user_id)
        .join(Role, Role.id == GroupGrant.role_id)
        .where(GroupGrant.group_id == group_id)
        .order_by(User.name, GroupGrant.id)
    )


def group_grant(group_id: UUID, grant_id: UUID) -> Select[GroupGrant]:
    """One grant over a group."""
    return select(GroupGrant).where(GroupGrant.group_id == group_id, GroupGrant.id == grant_id)


def client_person(email_key: str) -> Select[User]:
    """The client user of this address."""
    return select(User).where(User.kind == "client", User.email_key == email_key)
