"""Users and what ties them to the MSP or to its clients."""

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, synonym

from portal.core.db import Base, key_with_client, references, unique
from portal.core.tenancy.tables import MemberOwned, PersonOwned, Shared


class User(PersonOwned, Base):
    """A login of one tenant: MSP staff (`internal`) or a client's person (`client`).

    `email_key` is the address in NFKC and casefold; mail goes to `email`, and
    `verified_at` says since when that mailbox is proven. A user that is not active
    has a `state_reason`: who or what brought it there, so that only they lift it
    (`staff`, `risk`, `directory`). `is_managed`: a directory made it and switches it.
    """

    __tablename__ = "users"
    __person_key__ = "id"
    __table_args__ = (
        unique("kind", "email_key"),
        UniqueConstraint("tenant_id", "id", "kind"),
        CheckConstraint("kind IN ('internal', 'client')", name="kind"),
        CheckConstraint("state IN ('pending', 'active', 'suspended', 'locked')", name="state"),
        CheckConstraint("state_reason IN ('', 'staff', 'risk', 'directory')", name="state_reason"),
    )

    user_id: Mapped[uuid.UUID] = synonym("id")
    kind: Mapped[str]
    email: Mapped[str]
    email_key: Mapped[str]
    name: Mapped[str]
    locale: Mapped[str | None]
    time_zone: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="active")
    state_reason: Mapped[str] = mapped_column(default="")
    verified_at: Mapped[dt.datetime | None]
    is_managed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]


class Membership(MemberOwned, Base):
    """Ties a client user to one client, as one contact, with a scope over its tickets.

    A sign-in chooses the one used last. `board_group_id`: only tickets on the boards
    of that group; None is all boards. `group_grant_id`: it came with a grant over a
    group of clients and goes with it.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        key_with_client(),
        references("users", user_id="id"),
        references("clients", client_id="id"),
        references("contacts", client_id="client_id", contact_id="id"),
        references("sites", client_id="client_id", site_id="id"),
        references("board_groups", board_group_id="id"),
        references("group_grants", group_grant_id="id"),
        unique("contact_id"),
        unique("user_id", "client_id"),
        CheckConstraint("ticket_scope IN ('own', 'taking_part', 'site', 'company')", name="ticket_scope"),
    )

    contact_id: Mapped[uuid.UUID]
    site_id: Mapped[uuid.UUID | None]
    ticket_scope: Mapped[str] = mapped_column(default="taking_part")
    board_group_id: Mapped[uuid.UUID | None]
    group_grant_id: Mapped[uuid.UUID | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    last_used_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]


class StaffProfile(Shared, Base):
    """What clients see of a member of the staff.

    `sees_assigned_only`: of all clients only those in `client_assignments` exist for them.
    """

    __tablename__ = "staff_profiles"
    __table_args__ = (references("users", user_id="id"), unique("user_id"))

    user_id: Mapped[uuid.UUID]
    display_name: Mapped[str]
    title: Mapped[str] = mapped_column(default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    sees_assigned_only: Mapped[bool] = mapped_column(default=False)
