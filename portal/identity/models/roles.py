"""Roles, what narrows them, and what narrows the people of the staff."""

import uuid

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, key_with_client, references, unique
from portal.core.tenancy.tables import ClientOwned, MemberOwned, PersonOwned, Shared, StaffOwned


class Role(Shared, Base):
    """A named set of permissions for one side. `key` is set for the roles that are shipped.

    `is_giveable`: a client's Admin may give it. `requires_mfa`: who has it needs a second factor.
    """

    __tablename__ = "roles"
    __table_args__ = (unique("side", "name"), CheckConstraint("side IN ('internal', 'client')", name="side"))

    key: Mapped[str | None]
    name: Mapped[str]
    side: Mapped[str]
    is_giveable: Mapped[bool] = mapped_column(default=False)
    requires_mfa: Mapped[bool] = mapped_column(default=False)


class RolePermission(Shared, Base):
    """One permission of a role."""

    __tablename__ = "role_permissions"
    __table_args__ = (references("roles", role_id="id"), unique("role_id", "permission"))

    role_id: Mapped[uuid.UUID]
    permission: Mapped[str]


class MembershipRole(MemberOwned, Base):
    """A role that a client user has at one client; at all of its sites, or at those in `membership_role_sites`."""

    __tablename__ = "membership_roles"
    __table_args__ = (
        key_with_client(),
        references("users", user_id="id"),
        references("memberships", client_id="client_id", membership_id="id"),
        references("roles", role_id="id"),
        unique("membership_id", "role_id"),
    )

    membership_id: Mapped[uuid.UUID]
    role_id: Mapped[uuid.UUID]


class MembershipRoleSite(ClientOwned, Base):
    """A site that a role is limited to. A role with such rows counts at these sites alone."""

    __tablename__ = "membership_role_sites"
    __table_args__ = (
        references("membership_roles", client_id="client_id", membership_role_id="id"),
        references("sites", client_id="client_id", site_id="id"),
        unique("membership_role_id", "site_id"),
    )

    membership_role_id: Mapped[uuid.UUID]
    site_id: Mapped[uuid.UUID]


class Denial(StaffOwned, Base):
    """A permission that the MSP has taken from everybody at one client, or from one of its people.

    Exactly one of `client_id` and `membership_id` is set. It only ever lowers what roles give.
    """

    __tablename__ = "denials"
    __table_args__ = (
        references("clients", client_id="id"),
        references("memberships", membership_id="id"),
        unique("client_id", "permission"),
        unique("membership_id", "permission"),
        CheckConstraint("(client_id IS NULL) <> (membership_id IS NULL)", name="whose"),
    )

    client_id: Mapped[uuid.UUID | None]
    membership_id: Mapped[uuid.UUID | None]
    permission: Mapped[str]


class StaffRole(PersonOwned, Base):
    """A role that a member of the MSP's staff has."""

    __tablename__ = "staff_roles"
    __table_args__ = (
        references("users", user_id="id"),
        references("roles", role_id="id"),
        unique("user_id", "role_id"),
    )

    role_id: Mapped[uuid.UUID]


class ClientAssignment(StaffOwned, Base):
    """A client that a member of the staff looks after; see `StaffProfile.sees_assigned_only`."""

    __tablename__ = "client_assignments"
    __table_args__ = (
        references("users", user_id="id"),
        references("clients", client_id="id"),
        unique("user_id", "client_id"),
    )

    user_id: Mapped[uuid.UUID]
    client_id: Mapped[uuid.UUID]


class BoardGroup(Shared, Base):
    """Boards that some of a client's people are held to; see `Membership.board_group_id`.

    It stands here, below the boards themselves, since it narrows people.
    """

    __tablename__ = "board_groups"
    __table_args__ = (unique("name"),)

    name: Mapped[str]


class BoardGroupBoard(Shared, Base):
    """A board of a group."""

    __tablename__ = "board_group_boards"
    __table_args__ = (
        references("board_groups", board_group_id="id"),
        references("boards", board_id="id"),
        unique("board_group_id", "board_id"),
    )

    board_group_id: Mapped[uuid.UUID]
    board_id: Mapped[uuid.UUID]
