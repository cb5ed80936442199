"""Who can be written to, each with the scope under which their mail is rendered.

Looked up by the system. A reader's scope is exactly what a session of theirs
would have, so the same predicates and the same row-level security decide what a
mail may say as decide what a page may show.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, Select, select

from portal.clients.models import Client, Contact
from portal.core.tenancy.scope import Reach, Scope, current_scope
from portal.extensions import db
from portal.identity.models import Membership, MembershipRole, RolePermission, StaffProfile, StaffRole, User

WITHOUT_LOGIN = frozenset({"ticket:read"})
"""What somebody without a login may be told of: tickets they take part in, and only by mail."""
SHUT_OUT = frozenset({"suspended", "locked"})


@dataclass(frozen=True, slots=True)
class Reader:
    """One person and their mailbox. `locale` and `time_zone` None: the tenant's."""

    name: str
    email: str
    scope: Scope
    locale: str | None = None
    time_zone: str | None = None

    @property
    def is_staff(self) -> bool:
        """Whether it is one of the MSP's own people."""
        return self.scope.reach is Reach.STAFF

    @property
    def key(self) -> str:
        """The person's part in the unique key of a mail."""
        return f"user:{self.scope.user_id}" if self.is_staff else f"contact:{self.scope.contact_id}"

    @property
    def address(self) -> str:
        """The mailbox, comparable."""
        return self.email.casefold()


def contacts(contact_ids: Collection[UUID]) -> list[Reader]:
    """Those of these contacts who are active and can be reached.

    A contact whose login is suspended or locked gets nothing; one who has none, or
    has not taken it up yet, is written to as a contact. Those with a login come
    first, so that of two people with one mailbox they are the one who gets the mail.
    """
    if not contact_ids:
        return []
    rows = db.session.execute(
        select(Contact, Membership, User)
        .join(Client, Client.id == Contact.client_id)
        .outerjoin(Membership, Membership.contact_id == Contact.id)
        .outerjoin(User, User.id == Membership.user_id)
        .where(Contact.id.in_(contact_ids), Contact.is_active, Client.is_active)
        .order_by(Contact.id)
    ).all()
    granted = _granted(
        select(MembershipRole.membership_id, RolePermission.permission)
        .join(RolePermission, RolePermission.role_id == MembershipRole.role_id)
        .where(MembershipRole.membership_id.in_([row.Membership.id for row in rows if row.Membership is not None]))
    )
    found = [_contact(row, granted) for row in rows if row.User is None or row.User.state not in SHUT_OUT]
    return sorted((reader for reader in found if reader.email), key=lambda reader: reader.scope.user_id is None)


def _contact(row: Row[Contact, Membership, User], granted: dict[UUID, frozenset[str]]) -> Reader:
    contact, membership, user = row.Contact, row.Membership, row.User
    tenant_id = current_scope().tenant_id
    if membership is None or not membership.is_active or user is None or user.state != "active":
        scope = Scope(
            tenant_id=tenant_id,
            reach=Reach.CLIENT,
            client_id=contact.client_id,
            contact_id=contact.id,
            site_id=contact.site_id,
            ticket_scope="taking_part",
            permissions=WITHOUT_LOGIN,
        )
        return Reader(contact.name, contact.email, scope, contact.locale)
    scope = Scope(
        tenant_id=tenant_id,
        reach=Reach.CLIENT,
        client_id=contact.client_id,
        user_id=user.id,
        contact_id=contact.id,
        membership_id=membership.id,
        site_id=membership.site_id,
        ticket_scope=membership.ticket_scope,
        permissions=granted.get(membership.id, frozenset()),
    )
    return Reader(user.name, user.email, scope, user.locale or contact.locale, user.time_zone)


def colleagues(user_ids: Collection[UUID]) -> list[Reader]:
    """Those of these users who are active members of the MSP's staff."""
    return _colleagues(select(User).where(User.id.in_(user_ids))) if user_ids else []


def colleagues_who_may(permission: str) -> list[Reader]:
    """Every active member of the staff who holds the permission."""
    holders = (
        select(StaffRole.user_id)
        .join(RolePermission, RolePermission.role_id == StaffRole.role_id)
        .where(RolePermission.permission == permission)
    )
    return _colleagues(select(User).where(User.id.in_(holders)))


def _colleagues(statement: Select[User]) -> list[Reader]:
    users = db.session.scalars(
        statement.join(StaffProfile, StaffProfile.user_id == User.id)
        .where(User.kind == "internal", User.state == "active", StaffProfile.is_active)
        .order_by(User.id)
    ).all()
    granted = _granted(
        select(StaffRole.user_id, RolePermission.permission)
        .join(RolePermission, RolePermission.role_id == StaffRole.role_id)
        .where(StaffRole.user_id.in_([user.id for user in users]))
    )
    tenant_id = current_scope().tenant_id
    return [
        Reader(
            user.name,
            user.email,
            Scope(
                tenant_id=tenant_id,
                reach=Reach.STAFF,
                user_id=user.id,
                permissions=granted.get(user.id, frozenset()),
            ),
            user.locale,
            user.time_zone,
        )
        for user in users
    ]


def _granted(statement: Select[UUID, str]) -> dict[UUID, frozenset[str]]:
    """Permissions by whoever has them."""
    found: dict[UUID, set[str]] = {}
    for owner, permission in db.session.execute(statement):
        found.setdefault(owner, set()).add(permission)
    return {owner: frozenset(permissions) for owner, permissions in found.items()}


def once_each(readers: Iterable[Reader], *, but: Iterable[Reader] = ()) -> list[Reader]:
    """The readers, each person and each mailbox once, without these; the first of two wins."""
    seen = {word for reader in but for word in (reader.key, reader.address)}
    chosen = []
    for reader in readers:
        if reader.key not in seen and reader.address not in seen:
            chosen.append(reader)
            seen |= {reader.key, reader.address}
    return chosen
