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
from portal.identity import reach
from portal.identity.models import Membership, RolePermission, StaffProfile, StaffRole, User

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
        is_user = self.is_staff or self.scope.contact_id is None
        return f"user:{self.scope.user_id}" if is_user else f"contact:{self.scope.contact_id}"

    @property
    def address(self) -> str:
        """The mailbox, comparable."""
        return self.email.casefold()


def oneself(user: User, *, email: str = "") -> Reader:
    """A person as the owner of a login, whatever its state: for what concerns that login and nothing else.

    `email`: another address than the login's, which is to be proven or was theirs until
    now. A client's person reads at the gate's reach: the own rows, and no company's.
    """
    is_staff = user.kind == "internal"
    scope = Scope(tenant_id=current_scope().tenant_id, reach=Reach.STAFF if is_staff else Reach.GATE, user_id=user.id)
    return Reader(user.name, email or user.email, scope, user.locale, user.time_zone)


def contacts(contact_ids: Collection[UUID]) -> list[Reader]:
    """Those of these contacts who are active and can be reached.

    A contact whose login is suspended or locked gets nothing; one who has none, or
    has not taken it up yet, is written to as a contact. Those with a login come
    first, so that of two people with one mailbox they are the one who gets the mail.
    """
    if not contact_ids:
        return []
    rows = db.session.execute(
        select(Contact, Client, Membership, User)
        .join(Client, Client.id == Contact.client_id)
        .outerjoin(Membership, Membership.contact_id == Contact.id)
        .outerjoin(User, User.id == Membership.user_id)
        .where(Contact.id.in_(contact_ids), Contact.is_active, Client.is_active)
        .order_by(Contact.id)
    ).all()
    scopes = reach.scopes_of([row.Membership for row in rows if _comes_in(row)])
    denied, _of_people = reach.denials({row.Contact.client_id for row in rows}, ())
    found = [_contact(row, scopes, denied) for row in rows if row.User is None or row.User.state not in SHUT_OUT]
    return sorted((reader for reader in found if reader.email), key=lambda reader: reader.scope.user_id is None)


def _comes_in(row: Row[Contact, Client, Membership, User]) -> bool:
    """Whether the contact has a login that lets them into the portal."""
    if row.Membership is None or row.User is None or not (row.Contact.portal_access and row.Client.portal_access):
        return False
    return bool(row.Membership.is_active and row.User.state == "active")


def _contact(
    row: Row[Contact, Client, Membership, User], scopes: dict[UUID, Scope], denied: dict[UUID, set[str]]
) -> Reader:
    contact, user = row.Contact, row.User
    if _comes_in(row):
        scope = scopes[row.Membership.id]
        return Reader(user.name, user.email, scope, user.locale or contact.locale, user.time_zone)
    scope = Scope(
        tenant_id=current_scope().tenant_id,
        reach=Reach.CLIENT,
        client_id=contact.client_id,
        contact_id=contact.id,
        site_id=contact.site_id,
        ticket_scope="taking_part",
        permissions=WITHOUT_LOGIN - denied[contact.client_id],
    )
    return Reader(contact.name, contact.email, scope, contact.locale)


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
    scopes = reach.scopes_of_staff([user.id for user in users])
    return [Reader(user.name, user.email, scopes[user.id], user.locale, user.time_zone) for user in users]


def once_each(readers: Iterable[Reader], *, but: Iterable[Reader] = ()) -> list[Reader]:
    """The readers, each person and each mailbox once, without these; the first of two wins."""
    seen = {word for reader in but for word in (reader.key, reader.address)}
    chosen = []
    for reader in readers:
        if reader.key not in seen and reader.address not in seen:
            chosen.append(reader)
            seen |= {reader.key, reader.address}
    return chosen
