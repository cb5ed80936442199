"""The login of a client's person, as the staff switch it: at every company that it serves.

The rule of the last Admin doesn't bind here: somebody whose account is in wrong hands
is stopped at once, whoever they are. Which companies have no Admin left is told to whoever did it.
"""

from typing import Final

from sqlalchemy import select

from portal.clients.models import Client
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.identity.models import Membership, MembershipRole, Role, User
from portal.identity.services import account_states
from portal.identity.services.people import State
from portal.people.services import members
from portal.people.services.colleagues import ManagedByDirectory

SWITCHED: Final[dict[str, State]] = {"active": "active", "suspended": "suspended", "locked": "locked"}
"""States that the staff may choose, by what a form sends."""


def switch_login(user: User, state: State, *, by: Viewer) -> None:
    """Suspend, lock or open a login; what isn't active has no session. Raises NeverCameIn, ManagedByDirectory."""
    if user.state == "pending":
        raise members.NeverCameIn
    if user.state_reason == "directory":
        raise ManagedByDirectory
    account_states.set_state(user, state, "" if state == "active" else "staff", by=by)


def left_without_admin(user: User, *, by: Viewer) -> list[str]:
    """The companies where this person is an Admin and no Admin can come in any more, by name."""
    seats = (
        select(Client.id, Client.name)
        .join(Membership, Membership.client_id == Client.id)
        .join(MembershipRole, MembershipRole.membership_id == Membership.id)
        .join(Role, Role.id == MembershipRole.role_id)
        .where(Membership.user_id == user.id, Membership.is_active, Client.is_active)
        .where(Role.side == "client", Role.key == members.ADMIN)
        .order_by(Client.name, Client.id)
    )
    return [name for client_id, name in db.session.execute(seats) if not members.has_admin(client_id, by=by)]
