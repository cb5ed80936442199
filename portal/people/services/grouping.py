"""Clients that belong together, and people who were explicitly let into all of a group's clients.

A grant is a seat at each client of the group, kept in step as clients join and leave;
it goes with the grant. A seat that the person has at a client anyway stays as it is.
"""

import uuid
from collections.abc import Collection

from sqlalchemy import Select, delete, select

from portal.clients.models import Client, Contact
from portal.core import audit, clock
from portal.core.ids import new_id
from portal.core.tenancy.scope import current_scope
from portal.core.text import line
from portal.extensions import db
from portal.identity.models import (
    ClientGroup,
    ClientGroupMember,
    GroupGrant,
    Membership,
    MembershipRole,
    Role,
    User,
)
from portal.people.services import members


class NameTaken(ValueError):
    """A group of this name exists already."""


class ElsewhereGrouped(ValueError):
    """A client is in another group; it can be in one only."""


class NotGrantable(ValueError):
    """The person is no client's person, or the role is not one of clients."""


def make_group(name: str) -> ClientGroup:
    """Make a group without clients. Raises NameTaken."""
    _refuse_taken(name, None)
    group = ClientGroup(id=new_id(), name=line(name))
    db.session.add(group)
    db.session.flush()
    audit.record("client_group.created", group, new={"name": group.name})
    return group


def change_group(group: ClientGroup, name: str, client_ids: Collection[uuid.UUID]) -> None:
    """Give the group this name and these clients; the grants over it follow. Raises NameTaken, ElsewhereGrouped."""
    _refuse_taken(name, group.id)
    held = _hold(group)
    wanted = set(db.session.scalars(select(Client.id).where(Client.id.in_(client_ids))))
    other = select(ClientGroupMember.id).where(
        ClientGroupMember.client_id.in_(wanted), ClientGroupMember.group_id != group.id
    )
    if db.session.execute(other).first() is not None:
        raise ElsewhereGrouped
    old = {"name": group.name, "clients": sorted(map(str, held))}
    group.name = line(name)
    db.session.execute(
        delete(ClientGroupMember)
        .where(ClientGroupMember.group_id == group.id, ClientGroupMember.client_id.in_(held - wanted))
        .execution_options(synchronize_session=False)
    )
    db.session.add_all(ClientGroupMember(group_id=group.id, client_id=each) for each in sorted(wanted - held))
    db.session.flush()
    audit.record("client_group.changed", group, old=old, new={"name": group.name, "clients": sorted(map(str, wanted))})
    for grant in _grants(group.id):
        keep_in_step(grant)


def remove_group(group: ClientGroup) -> None:
    """Take a group away, with its grants and their seats."""
    _hold(group)
    for grant in _grants(group.id):
        revoke(grant)
    db.session.execute(delete(ClientGroupMember).where(ClientGroupMember.group_id == group.id))
    audit.record("client_group.deleted", group, old={"name": group.name})
    db.session.delete(group)
    db.session.flush()


def grant(group: ClientGroup, user: User, role: Role, ticket_scope: str) -> GroupGrant:
    """Let one person into all clients of the group, in this role. A former grant is changed. Raises NotGrantable."""
    if user.kind != "client" or role.side != "client":
        raise NotGrantable
    _hold(group)
    known = select(GroupGrant).where(GroupGrant.group_id == group.id, GroupGrant.user_id == user.id)
    given: GroupGrant | None = db.session.execute(known).scalar_one_or_none()
    if given is None:
        given = GroupGrant(id=new_id(), group_id=group.id, user_id=user.id, created_at=clock.now())
        db.session.add(given)
    given.role_id, given.ticket_scope = role.id, ticket_scope
    db.session.flush()
    audit.record("group_grant.given", given, user=str(user.id), role=role.name, scope=ticket_scope)
    keep_in_step(given)
    return given


def revoke(given: GroupGrant) -> None:
    """Take a grant away, and every seat that came with it."""
    for seat in _seats(given):
        _remove_seat(seat)
    audit.record("group_grant.revoked", given, user=str(given.user_id))
    db.session.delete(given)
    db.session.flush()


def keep_all_in_step() -> None:
    """Keep every grant in step with its group: seats of clients that joined, and of those that left."""
    for given in db.session.scalars(select(GroupGrant).order_by(GroupGrant.id)).all():
        keep_in_step(given)


def keep_in_step(given: GroupGrant) -> None:
    """Give the person a seat at each client of the group, and none of this grant elsewhere."""
    wanted = set(
        db.session.scalars(
            select(ClientGroupMember.client_id)
            .join(Client, Client.id == ClientGroupMember.client_id)
            .where(ClientGroupMember.group_id == given.group_id, Client.is_active)
        )
    )
    for seat in _seats(given):
        if seat.client_id not in wanted:
            _remove_seat(seat)
        else:
            _settle(seat, given)
    seated = {seat.client_id: seat for seat in db.session.scalars(_of_person(given.user_id))}
    user = db.session.execute(select(User).where(User.id == given.user_id)).scalar_one()
    for client_id in sorted(wanted):
        known = seated.get(client_id)
        if known is None:
            _settle(_new_seat(user, client_id, given), given)
        elif _is_left_over(known):
            known.group_grant_id = given.id
            _settle(known, given)


def _new_seat(user: User, client_id: uuid.UUID, given: GroupGrant) -> Membership:
    contact = Contact(
        id=new_id(), client_id=client_id, name=user.name, email=user.email, email_key=user.email_key,
        created_at=clock.now(),
    )  # fmt: skip
    db.session.add(contact)
    db.session.flush()
    seat = Membership(
        id=new_id(), user_id=user.id, client_id=client_id, contact_id=contact.id, ticket_scope=given.ticket_scope,
        group_grant_id=given.id, is_active=True, created_at=clock.now(),
    )  # fmt: skip
    db.session.add(seat)
    db.session.flush()
    audit.record("membership.created", seat, shown=True, new={"contact": str(contact.id), "by": "group"})
    return seat


def _is_left_over(seat: Membership) -> bool:
    """Whether a seat is what a former grant left: out of force and without roles. One taken away by hand has its."""
    roles = select(MembershipRole.id).where(MembershipRole.membership_id == seat.id).limit(1)
    return not seat.is_active and seat.group_grant_id is None and db.session.execute(roles).first() is None


def _of_person(user_id: uuid.UUID) -> Select[Membership]:
    return select(Membership).where(Membership.user_id == user_id)


def _settle(seat: Membership, given: GroupGrant) -> None:
    """Role and scope as the grant has them; a seat that went with an earlier leaving is in force again."""
    seat.ticket_scope, seat.is_active = given.ticket_scope, True
    held = set(db.session.scalars(select(MembershipRole.role_id).where(MembershipRole.membership_id == seat.id)))
    if held != {given.role_id}:
        db.session.execute(delete(MembershipRole).where(MembershipRole.membership_id == seat.id))
        db.session.add(
            MembershipRole(client_id=seat.client_id, user_id=seat.user_id, membership_id=seat.id, role_id=given.role_id)
        )
    db.session.flush()


def _remove_seat(seat: Membership) -> None:
    """Put a seat out of force for good; the row stays, since what the person did points at it."""
    members.close_seat(seat, by=current_scope())
    db.session.execute(delete(MembershipRole).where(MembershipRole.membership_id == seat.id))
    seat.group_grant_id = None
    db.session.flush()


def _seats(given: GroupGrant) -> list[Membership]:
    mine = select(Membership).where(Membership.group_grant_id == given.id).order_by(Membership.id)
    return list(db.session.scalars(mine.with_for_update(key_share=True)))


def _grants(group_id: uuid.UUID) -> list[GroupGrant]:
    return list(db.session.scalars(select(GroupGrant).where(GroupGrant.group_id == group_id).order_by(GroupGrant.id)))


def _hold(group: ClientGroup) -> set[uuid.UUID]:
    """Hold the group, so that changes come one after another; its clients."""
    db.session.execute(select(ClientGroup.id).where(ClientGroup.id == group.id).with_for_update(key_share=True))
    return set(db.session.scalars(select(ClientGroupMember.client_id).where(ClientGroupMember.group_id == group.id)))


def _refuse_taken(name: str, but: uuid.UUID | None) -> None:
    taken = db.session.scalars(select(ClientGroup.id).where(ClientGroup.name == line(name))).one_or_none()
    if taken is not None and taken != but:
        raise NameTaken
