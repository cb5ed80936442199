"""The MSP's own people: roles, whether they come in, and which clients exist for them."""

import uuid
from collections.abc import Collection

from sqlalchemy import Select, delete, select

from portal.clients.models import Client
from portal.core import audit
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.identity import policy
from portal.identity.models import Password, Role, StaffProfile, StaffRole, User
from portal.identity.services import account_states, narrowing
from portal.people.services.members import ChangeRefused, NotGiveable, OwnSeat

ADMINISTRATOR = "administrator"


class LastAdministrator(ChangeRefused):
    """The MSP would have no Administrator left."""


class ManagedByDirectory(ChangeRefused):
    """The directory switched the account off; it alone switches it on."""


def change_roles(user: User, roles: Collection[Role], *, by: Viewer) -> None:
    """Give a colleague these roles and no others. Raises OwnSeat, NotGiveable, LastAdministrator."""
    _refuse_own(user, by)
    hold_administrators()
    held = {role.id: role for role in db.session.scalars(_roles_of(user))}
    wanted = {role.id: role for role in roles}
    new = [role for role_id, role in wanted.items() if role_id not in held]
    if not wanted or not all(role.side == "internal" and policy.may_give(by, role) for role in new):
        raise NotGiveable
    if not any(role.key == ADMINISTRATOR for role in roles):
        _refuse_last(user)
    gone = held.keys() - wanted.keys()
    db.session.execute(
        delete(StaffRole)
        .where(StaffRole.user_id == user.id, StaffRole.role_id.in_(gone))
        .execution_options(synchronize_session=False)
    )
    db.session.add_all(StaffRole(user_id=user.id, role_id=role.id) for role in new)
    db.session.flush()
    audit.record("roles.changed", user, old={"roles": _names(held.values())}, new={"roles": _names(roles)})


def suspend(user: User, profile: StaffProfile, *, by: Viewer) -> None:
    """Let a colleague in no more; sessions end, and what they had open of clients' portals with them.

    Raises OwnSeat, LastAdministrator.
    """
    _refuse_own(user, by)
    hold_administrators()
    _refuse_last(user)
    account_states.set_state(user, "suspended", "staff", by=by)
    profile.is_active = False
    db.session.flush()


def reactivate(user: User, profile: StaffProfile, *, by: Viewer) -> None:
    """Let a colleague in again. Raises OwnSeat, ManagedByDirectory."""
    _refuse_own(user, by)
    if user.state_reason == "directory":
        raise ManagedByDirectory
    if user.state in {"suspended", "locked"}:
        account_states.set_state(user, "active" if _has_begun(user) else "pending", by=by)
    profile.is_active = True
    db.session.flush()


def assign_clients(profile: StaffProfile, client_ids: Collection[uuid.UUID], *, only: bool, by: Viewer) -> None:
    """Say which clients a colleague looks after, and whether (`only`) no others exist for them.

    Ids that are no client of the viewer's are left out. Nobody does it for themselves, and
    who is held to some clients lets nobody see them all. Raises OwnSeat, NotGiveable.
    """
    if by.user_id == profile.user_id:
        raise OwnSeat
    if by.client_ids is not None and not only:
        raise NotGiveable
    known = set(db.session.scalars(select(Client.id).where(Client.id.in_(client_ids))))
    narrowing.hold_to_clients(profile, known, only=only)


def _has_begun(user: User) -> bool:
    """Whether the person ever took the account up; an invitation that is open still has to be accepted."""
    chosen = db.session.execute(select(Password.id).where(Password.user_id == user.id)).first()
    return user.verified_at is not None or chosen is not None


def hold_administrators() -> None:
    """Hold the role's row, so that two who take an Administrator away at once come one after another."""
    held = select(Role.id).where(Role.side == "internal", Role.key == ADMINISTRATOR)
    db.session.execute(held.with_for_update(key_share=True))


def _refuse_own(user: User, by: Viewer) -> None:
    if user.id == by.user_id:
        raise OwnSeat


def _refuse_last(user: User) -> None:
    """Raise LastAdministrator where this is the only one who comes in; the caller holds the role's row."""
    administrators = set(
        db.session.scalars(
            select(User.id)
            .join(StaffRole, StaffRole.user_id == User.id)
            .join(Role, Role.id == StaffRole.role_id)
            .join(StaffProfile, StaffProfile.user_id == User.id)
            .where(User.state == "active", StaffProfile.is_active, Role.key == ADMINISTRATOR, Role.side == "internal")
        )
    )
    if administrators == {user.id}:
        raise LastAdministrator


def _roles_of(user: User) -> Select[Role]:
    return select(Role).join(StaffRole, StaffRole.role_id == Role.id).where(StaffRole.user_id == user.id)


def _names(roles: Collection[Role]) -> list[str]:
    return sorted(role.name for role in roles)
