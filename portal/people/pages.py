"""What the pages about people show."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.clients.models import Contact
from portal.extensions import db
from portal.identity.models import Membership, User
from portal.people import queries, wording


@dataclass(frozen=True, slots=True)
class Somebody:
    """A contact in a list: seat, login as far as the viewer sees it, roles in words."""

    contact: Contact
    membership: Membership | None
    user: User | None
    site: str | None
    state: str | None
    roles: Sequence[str]
    has_second_factor: bool | None = None

    @property
    def badge(self) -> wording.Badge:
        """The account's state in words."""
        return wording.account_badge(self.contact, self.membership, self.state)


def people_for_staff(client_id: UUID) -> list[Somebody]:
    """Everybody at a client, with account and roles: two statements."""
    roles = roles_by_seat(client_id)
    return [_for_staff(row, roles) for row in db.session.execute(queries.people(client_id))]


def somebody_for_staff(row: Any) -> Somebody:
    """One of them, from a row of `queries.person_at`."""
    return _for_staff(row, roles_by_seat(row.Contact.client_id))


def _for_staff(row: Any, roles: dict[UUID, list[str]]) -> Somebody:
    membership, user = row.Membership, row.User
    return Somebody(
        contact=row.Contact,
        membership=membership,
        user=user,
        site=row.site,
        state=user.state if user is not None else None,
        roles=roles[membership.id] if membership is not None else (),
    )


def roles_by_seat(client_id: UUID) -> dict[UUID, list[str]]:
    """The names of everybody's roles at a client, by membership."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in db.session.execute(queries.role_names(client_id)):
        found[row.membership_id].append(wording.role_name(row.key, row.name))
    return found
