"""The classes of table. A model inherits exactly one; filter, policies and census are made from it."""

import uuid
from typing import ClassVar, Literal

from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from portal.core.ids import new_id

TableClass = Literal["global", "common", "shared", "staff", "client", "member", "person"]
Visibility = Literal["public", "internal"]


class Global:
    """Of no tenant: a short written list, read by everyone, written by owner, doors and commands."""

    __table_class__: ClassVar[TableClass] = "global"


class TenantItself(Global):
    """The tenants: a row belongs to no other, yet every scope sees its own tenant's alone; the staff change it.

    What looks for tenants before one is known goes through a door.
    """

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)


class TenantOwned:
    """Of one tenant: keys begin with it, every query is held to it."""

    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-20)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-19)


class Common(TenantOwned):
    """Everyone in the tenant reads, those at the gate too; staff and system write."""

    __table_class__: ClassVar[TableClass] = "common"


class Shared(TenantOwned):
    """Everyone signed in to the tenant reads; staff and system write."""

    __table_class__: ClassVar[TableClass] = "shared"


class StaffOwned(TenantOwned):
    """Staff and system read; other reaches may only insert."""

    __table_class__: ClassVar[TableClass] = "staff"


class ClientOwned(TenantOwned):
    """Of one client; staff, system and that client read and write.

    A class whose rows are the clients themselves names its key in
    `__client_key__` and makes `client_id` a synonym of it.
    """

    __table_class__: ClassVar[TableClass] = "client"
    __client_key__: ClassVar[str] = "client_id"

    @declared_attr
    @classmethod
    def client_id(cls) -> Mapped[uuid.UUID]:
        """The owner."""
        return mapped_column(sort_order=-18)


class WithVisibility:
    """Beside ClientOwned: rows that clients read only where `visibility` is public."""

    visibility: Mapped[str] = mapped_column(default="public")


class MemberOwned(TenantOwned):
    """Of one person at one client: that person, that client, staff and system read; the client writes.

    The person writes what is there already; new rows of a client come from the
    client, the staff or a door. Where `client_id` may be empty (a class says so
    itself), such rows are the person's alone.
    """

    __table_class__: ClassVar[TableClass] = "member"

    @declared_attr
    @classmethod
    def client_id(cls) -> Mapped[uuid.UUID]:
        """The client."""
        return mapped_column(sort_order=-18)

    @declared_attr
    @classmethod
    def user_id(cls) -> Mapped[uuid.UUID]:
        """The person."""
        return mapped_column(sort_order=-17)


class PersonOwned(TenantOwned):
    """Of one person; that person, staff and system read. The gate sees the person it recognised."""

    __table_class__: ClassVar[TableClass] = "person"
    __person_key__: ClassVar[str] = "user_id"

    @declared_attr
    @classmethod
    def user_id(cls) -> Mapped[uuid.UUID]:
        """The owner."""
        return mapped_column(sort_order=-18)
