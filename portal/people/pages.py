"""What the pages about people show."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from portal.clients.models import Contact
from portal.core.tenancy import doors
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.identity import policy
from portal.identity.models import Membership, Role, User
from portal.identity.services import invitations
from portal.people import queries, wording
from portal.people.forms import SeatForm


@dataclass(frozen=True, slots=True)
class Somebody:
    """A contact in a list: seat, login as far as the viewer sees it, roles in words."""

    contact: Contact
    membership: Membership | None
    user: User | None
    site: str | None
    state: str | None
    roles: Sequence[str]
    invitation: str | None = None
    has_second_factor: bool | None = None

    @property
    def badge(self) -> wording.Badge:
        """The account's state in words."""
        return wording.account_badge(self.contact, self.membership, self.state, self.invitation)


def people_for_staff(client_id: UUID) -> list[Somebody]:
    """Everybody at a client, with account and roles; as many statements for one as for a hundred."""
    rows = db.session.execute(queries.people(client_id)).all()
    roles, invited = roles_by_seat(client_id), _invitations(rows)
    return [_somebody(row, roles, invited, state=row.User.state if row.User else None) for row in rows]


def people_for_client(client_id: UUID) -> list[Somebody]:
    """The same for the client's own Admins, who learn of a login only its state and whether it has a second factor."""
    rows = db.session.execute(queries.people(client_id)).all()
    roles, invited, states = roles_by_seat(client_id), _invitations(rows), doors.account_states()
    found = []
    for row in rows:
        known = states.get(row.Membership.id) if row.Membership is not None else None
        somebody = _somebody(row, roles, invited, state=known.state if known else None)
        found.append(replace(somebody, has_second_factor=known.has_second_factor) if known else somebody)
    return found


def row_of(client_id: UUID, contact_id: UUID) -> Any:
    """One contact of a client with seat, login and site; it is known to exist."""
    return db.session.execute(queries.person_at(client_id, contact_id)).one()


def somebody_for_client(row: Any) -> Somebody:
    """One of the own people, from a row of `queries.person_at`."""
    states = doors.account_states()
    known = states.get(row.Membership.id) if row.Membership is not None else None
    roles = roles_by_seat(row.Contact.client_id)
    somebody = _somebody(row, roles, _invitations([row]), state=known.state if known else None)
    return replace(somebody, has_second_factor=known.has_second_factor) if known else somebody


def somebody_for_staff(row: Any) -> Somebody:
    """The same for the staff, who see the login."""
    roles = roles_by_seat(row.Contact.client_id)
    return _somebody(row, roles, _invitations([row]), state=row.User.state if row.User else None)


def _invitations(rows: Sequence[Any]) -> dict[UUID, invitations.State]:
    waiting = [row.Membership.id for row in rows if row.Membership is not None and not row.Membership.is_active]
    return invitations.states(waiting) if waiting else {}


def _somebody(
    row: Any, roles: dict[UUID, list[str]], invited: dict[UUID, invitations.State], *, state: str | None
) -> Somebody:
    seat = row.Membership
    return Somebody(
        contact=row.Contact,
        membership=seat,
        user=row.User,
        site=row.site,
        state=state,
        roles=roles[seat.id] if seat is not None else (),
        invitation=invited.get(seat.id) if seat is not None else None,
    )


def roles_by_seat(client_id: UUID) -> dict[UUID, list[str]]:
    """The names of everybody's roles at a client, by membership."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in db.session.execute(queries.role_names(client_id)):
        found[row.membership_id].append(wording.role_name(row.key, row.name))
    return found


def seat_form(viewer: Viewer, seat: Membership | None, **kwargs: Any) -> SeatForm:
    """Roles and scope of a seat: what the viewer may give, and what the person has already."""
    held = list(db.session.scalars(queries.roles_of(seat.id))) if seat is not None else []
    known = {role.id: role for role in (*held, *giveable_roles(viewer))}
    scopes = giveable_scopes(viewer)
    if seat is not None:
        scopes.append(seat.ticket_scope)
        kwargs.setdefault("data", {"roles": [str(role.id) for role in held], "ticket_scope": seat.ticket_scope})
    elif "formdata" in kwargs:
        kwargs.setdefault("data", usual_seat(list(known.values())))
    return SeatForm(offered=sorted(known.values(), key=lambda role: role.name), scopes=scopes, **kwargs)


def usual_seat(offered: Sequence[Role]) -> dict[str, Any]:
    """What a form for a new seat begins with."""
    return {"roles": [str(role.id) for role in offered if role.key == "user"], "ticket_scope": "taking_part"}


def giveable_scopes(viewer: Viewer) -> list[str]:
    """How much of the tickets the viewer may let somebody see."""
    return [name for name in policy.TICKET_SCOPES if policy.may_give_scope(viewer, name)]


def giveable_roles(viewer: Viewer) -> list[Role]:
    """The roles for a client's people that the viewer may give."""
    return [role for role in db.session.scalars(queries.roles("client")) if policy.may_give(viewer, role)]
