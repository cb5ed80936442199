"""Roles: what a change would bring about, and making it.

Whoever changes roles holds the tenant's roles locked until the end, so that two
changes, or a change and a departure, can't each take away half of what keeps the
tenant governable.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, select, union_all

from portal.clients.models import Client
from portal.core import audit
from portal.core.ids import new_id
from portal.extensions import db
from portal.identity.models import (
    GroupGrant,
    Membership,
    MembershipRole,
    MembershipRoleSite,
    Role,
    RolePermission,
    SsoGroupRole,
    StaffProfile,
    StaffRole,
    User,
)
from portal.identity.permissions import ROLES, RoleSide, permissions_for
from portal.identity.reach import denials

KEEPER = "role:update"
"""Somebody active must hold it, or nobody could ever change a role again."""
LONGEST_NAME = 60


class RoleError(Exception):
    """A role can't be changed like that."""


class NameTaken(RoleError):
    """Another role of this side has that name."""


class RoleInUse(RoleError):
    """Somebody has the role, or a directory's group or a grant stands for it."""


class RoleRequired(RoleError):
    """The product can't work without this role."""


class LastKeeper(RoleError):
    """Nobody could change roles any more."""


class NotForThisSide(RoleError):
    """The permission is none that roles of this side can hold."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a role is to be: its permissions and what goes with it."""

    permissions: frozenset[str]
    is_giveable: bool = False
    requires_mfa: bool = False


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has roles: a member of the staff, or a client's person at one client."""

    id: UUID
    name: str
    client: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Who gains one permission, and who loses it."""

    permission: str
    gain: tuple[Holder, ...]
    lose: tuple[Holder, ...]


Sites = frozenset[UUID] | None
"""Where a permission counts; None: everywhere."""
Held = dict[str, Sites]


def lock_roles() -> None:
    """Hold the tenant's roles until the transaction ends."""
    db.session.execute(select(Role.id).order_by(Role.id).with_for_update()).all()


def drafts_of(roles: Collection[Role]) -> dict[UUID, Draft]:
    """What these roles are now."""
    held = role_permissions()
    return {each.id: Draft(frozenset(held[each.id]), each.is_giveable, each.requires_mfa) for each in roles}


def role_permissions() -> dict[UUID, set[str]]:
    """The permissions of every role of the tenant."""
    found: dict[UUID, set[str]] = defaultdict(set)
    for role_id, permission in db.session.execute(select(RolePermission.role_id, RolePermission.permission)):
        found[role_id].add(permission)
    return found


def preview(side: RoleSide, drafts: Mapping[UUID, Draft]) -> list[Effect]:
    """Who would gain and lose what, by permission; what other roles give, and what is denied anyway, doesn't count."""
    now = role_permissions()
    then = now | {role_id: set(draft.permissions) for role_id, draft in drafts.items()}
    gain: dict[str, list[Holder]] = defaultdict(list)
    lose: dict[str, list[Holder]] = defaultdict(list)
    for holder, roles, denied in _holders(side, set(drafts)):
        before, after = (held_with(roles, table, denied) for table in (now, then))
        for permission in before.keys() | after.keys():
            if not covers(before, permission, after):
                gain[permission].append(holder)
            elif not covers(after, permission, before):
                lose[permission].append(holder)
    changed = sorted(gain.keys() | lose.keys())
    return [Effect(each, tuple(gain[each]), tuple(lose[each])) for each in changed]


def held_with(roles: Mapping[UUID, Sites], table: Mapping[UUID, Collection[str]], denied: Collection[str]) -> Held:
    """What roles (each with the sites it counts at) give together, without what is denied."""
    held: Held = {}
    for role_id, sites in roles.items():
        for permission in set(table.get(role_id, ())) - set(denied):
            known = held.get(permission, frozenset())
            held[permission] = None if known is None or sites is None else known | sites
    return held


def covers(held: Held, permission: str, other: Held) -> bool:
    """Whether `held` has the permission wherever `other` has it."""
    wanted = other.get(permission, frozenset())
    have = held.get(permission, frozenset())
    return have is None or (wanted is not None and wanted <= have)


def _holders(side: RoleSide, role_ids: set[UUID]) -> list[tuple[Holder, dict[UUID, Sites], set[str]]]:
    """Everybody with one of these roles: all of their roles with sites, and what they are denied."""
    return _staff(role_ids) if side == "internal" else _members(role_ids)


def _staff(role_ids: set[UUID]) -> list[tuple[Holder, dict[UUID, Sites], set[str]]]:
    concerned = select(StaffRole.user_id).where(StaffRole.role_id.in_(role_ids))
    rows = db.session.execute(
        select(User.id, User.name, StaffRole.role_id)
        .join(StaffRole, StaffRole.user_id == User.id)
        .where(User.id.in_(concerned))
        .order_by(User.name, User.id)
    )
    found: dict[UUID, tuple[Holder, dict[UUID, Sites], set[str]]] = {}
    for user_id, name, role_id in rows:
        found.setdefault(user_id, (Holder(user_id, name, ""), {}, set()))[1][role_id] = None
    return list(found.values())


def _members(role_ids: set[UUID]) -> list[tuple[Holder, dict[UUID, Sites], set[str]]]:
    concerned = select(MembershipRole.membership_id).where(MembershipRole.role_id.in_(role_ids))
    rows = db.session.execute(
        select(Membership.id, Membership.client_id, User.name, Client.name, MembershipRole.role_id,
               MembershipRoleSite.site_id)
        .join(User, User.id == Membership.user_id)
        .join(Client, Client.id == Membership.client_id)
        .join(MembershipRole, MembershipRole.membership_id == Membership.id)
        .outerjoin(MembershipRoleSite, MembershipRoleSite.membership_role_id == MembershipRole.id)
        .where(Membership.id.in_(concerned), Membership.is_active)
        .order_by(Client.name, User.name, Membership.id)
    ).all()  # fmt: skip
    of_clients, of_people = denials({row[1] for row in rows}, {row[0] for row in rows})
    found: dict[UUID, tuple[Holder, dict[UUID, Sites], set[str]]] = {}
    for member_id, client_id, name, client, role_id, site_id in rows:
        denied = of_clients[client_id] | of_people[member_id]
        roles = found.setdefault(member_id, (Holder(member_id, name, client), {}, denied))[1]
        roles[role_id] = None if site_id is None else (roles.get(role_id) or frozenset()) | {site_id}
    return list(found.values())


def save_roles(side: RoleSide, drafts: Mapping[UUID, Draft]) -> int:
    """Let these roles be as drafted; how many changed. Raises NotForThisSide, LastKeeper."""
    lock_roles()
    roles = db.session.scalars(select(Role).where(Role.side == side, Role.id.in_(drafts))).all()
    now, changed = drafts_of(roles), 0
    if side == "internal" and not keeps_keeper(drafts):
        raise LastKeeper
    for role in roles:
        draft = drafts[role.id]
        if foreign := draft.permissions - permissions_for(side) - now[role.id].permissions:
            raise NotForThisSide(", ".join(sorted(foreign)))
        if draft != now[role.id]:
            _apply(role, now[role.id], draft)
            changed += 1
    db.session.flush()
    return changed


def _apply(role: Role, now: Draft, draft: Draft) -> None:
    rows = db.session.scalars(select(RolePermission).where(RolePermission.role_id == role.id)).all()
    for row in rows:
        if row.permission not in draft.permissions:
            db.session.delete(row)
    added = sorted(draft.permissions - now.permissions)
    db.session.add_all(RolePermission(role_id=role.id, permission=permission) for permission in added)
    role.is_giveable = draft.is_giveable and role.side == "client"
    role.requires_mfa = draft.requires_mfa
    audit.record("role.changed", role, old=_said(now), new=_said(draft), role=role.name)


def _said(draft: Draft) -> dict[str, object]:
    flags = {"giveable": draft.is_giveable, "requires_mfa": draft.requires_mfa}
    return {"permissions": sorted(draft.permissions), **flags}


def keeps_keeper(drafts: Mapping[UUID, Draft]) -> bool:
    """Whether somebody active could still change roles if these became so."""
    then = role_permissions() | {role_id: set(draft.permissions) for role_id, draft in drafts.items()}
    keeping = [role_id for role_id, permissions in then.items() if KEEPER in permissions]
    return bool(db.session.scalar(select(_active_staff().where(StaffRole.role_id.in_(keeping)).exists())))


def ensure_keeper() -> None:
    """Raise LastKeeper where no active member of the staff could change roles any more.

    For every act that takes a role, a permission or a login from the staff, after it was
    flushed and with the roles locked (`lock_roles`).
    """
    if not db.session.scalar(select(keepers().exists())):
        raise LastKeeper


def keepers() -> Select[UUID]:
    """Who can change roles: users of the staff who are active."""
    return (
        _active_staff()
        .join(RolePermission, RolePermission.role_id == StaffRole.role_id)
        .where(RolePermission.permission == KEEPER)
    )


def _active_staff() -> Select[UUID]:
    return (
        select(User.id)
        .join(StaffProfile, StaffProfile.user_id == User.id)
        .join(StaffRole, StaffRole.user_id == User.id)
        .where(User.kind == "internal", User.state == "active", StaffProfile.is_active)
    )


def create_role(side: RoleSide, name: str, *, like: Role | None = None) -> Role:
    """A new role of the tenant's own, empty or with the permissions of another. Raises NameTaken."""
    _check_name(side, name)
    role = Role(id=new_id(), side=side, name=name, is_giveable=False, requires_mfa=bool(like and like.requires_mfa))
    db.session.add(role)
    db.session.flush()
    permissions = sorted(role_permissions()[like.id]) if like is not None else []
    db.session.add_all(RolePermission(role_id=role.id, permission=permission) for permission in permissions)
    audit.record("role.created", role, new={"name": name, "side": side, "permissions": permissions})
    return role


def rename_role(role: Role, name: str) -> None:
    """Call the role something else; its key, if it is shipped, stays. Raises NameTaken."""
    if name == role.name:
        return
    _check_name(role.side, name)
    audit.record("role.renamed", role, old={"name": role.name}, new={"name": name})
    role.name = name
    db.session.flush()


def delete_role(role: Role) -> None:
    """Take the role away. Raises RoleRequired, RoleInUse."""
    if (role.side, role.key) in {(each.side, each.key) for each in ROLES if each.is_required}:
        raise RoleRequired
    lock_roles()
    if db.session.scalar(uses_of(role.id)):
        raise RoleInUse
    for row in db.session.scalars(select(RolePermission).where(RolePermission.role_id == role.id)):
        db.session.delete(row)
    audit.record("role.deleted", role, old={"name": role.name, "side": role.side})
    db.session.flush()
    db.session.delete(role)
    db.session.flush()


def uses_of(role_id: UUID) -> Select[int]:
    """How many people, groups of a directory and grants stand with this role."""
    tables = (MembershipRole, StaffRole, SsoGroupRole, GroupGrant)
    found = union_all(*(select(table.id).where(table.role_id == role_id) for table in tables)).subquery()
    return select(func.count()).select_from(found)


def holders_by_role() -> dict[UUID, int]:
    """How many people have each role."""
    found: dict[UUID, int] = {}
    for table in (MembershipRole, StaffRole):
        rows = db.session.execute(select(table.role_id, func.count()).group_by(table.role_id))
        found |= {row[0]: row[1] for row in rows}
    return found


def _check_name(side: str, name: str) -> None:
    if db.session.execute(select(Role.id).where(Role.side == side, Role.name == name)).first() is not None:
        raise NameTaken
