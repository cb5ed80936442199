"""Tables that only these tests have: no row-level security, no foreign keys, relationships that forget the tenant.

Whatever keeps their rows apart is the session filter alone. Every owner's rows
carry the same keys, so that each careless join meets the others' rows.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, cast

from sqlalchemy import ForeignKeyConstraint, Table, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.tables import ClientOwned, PersonOwned, Shared, StaffOwned, WithVisibility
from tests import world
from tests.databases import Database


class Careless(DeclarativeBase):
    """A registry of its own, so that the census doesn't count what is not the product's."""


class Thing(ClientOwned, Careless):
    __tablename__ = "careless_things"
    __mapper_args__: ClassVar[dict[str, str]] = {"polymorphic_on": "kind", "polymorphic_identity": "thing"}

    kind: Mapped[str]
    key: Mapped[int]
    label: Mapped[str]
    note: Mapped[str] = mapped_column(default="")

    parts: Mapped[list["Part"]] = relationship(primaryjoin="Thing.key == foreign(Part.key)", viewonly=True)
    works: Mapped[list["Work"]] = relationship(primaryjoin="Thing.key == foreign(Work.key)", viewonly=True)
    secrets: Mapped[list["Secret"]] = relationship(primaryjoin="Thing.key == foreign(Secret.key)", viewonly=True)


class Special(Thing):
    """A thing whose rest lies in a second table."""

    __tablename__ = "careless_specials"
    __table_args__ = (ForeignKeyConstraint(["tenant_id", "id"], ["careless_things.tenant_id", "careless_things.id"]),)
    __mapper_args__: ClassVar[dict[str, str]] = {"polymorphic_identity": "special", "polymorphic_load": "selectin"}
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    extra: Mapped[str]


class Part(WithVisibility, ClientOwned, Careless):
    __tablename__ = "careless_parts"

    key: Mapped[int]
    label: Mapped[str]

    things: Mapped[list[Thing]] = relationship(primaryjoin="Part.key == foreign(Thing.key)", viewonly=True)


class Work(StaffOwned, Careless):
    __tablename__ = "careless_works"

    key: Mapped[int]
    label: Mapped[str]


class Secret(PersonOwned, Careless):
    __tablename__ = "careless_secrets"

    key: Mapped[int]
    label: Mapped[str]


class Sign(Shared, Careless):
    __tablename__ = "careless_signs"

    key: Mapped[int]
    label: Mapped[str]


@dataclass(frozen=True)
class Viewpoint:
    """A scope and the labels that it may see, of things, public parts, internal parts, works, secrets and signs."""

    name: str
    scope: Scope
    things: frozenset[str]
    parts: frozenset[str]
    works: frozenset[str]
    secrets: frozenset[str]
    signs: frozenset[str]


OWNERS = {"A1": world.SAM, "A2": world.NOAH, "B1": world.DELTA_SAM}


def _viewpoint(name: str, scope: Scope, owners: str, *, user: str = "") -> Viewpoint:
    mine = owners.split()
    tenants = {owner[0] for owner in mine}
    wide = scope.is_staff
    parts = {f"part {o} public" for o in mine} | ({f"part {o} internal" for o in mine} if wide else set())
    return Viewpoint(
        name, scope,
        things=frozenset({f"thing {o}" for o in mine} | {f"special {o}" for o in mine}),
        parts=frozenset(parts),
        works=frozenset({f"work {t}" for t in tenants} if wide else set()),
        secrets=frozenset({f"secret {o}" for o in (mine if wide else user.split())}),
        signs=frozenset({f"sign {t}" for t in tenants}),
    )  # fmt: skip


def _client(person: world.Person) -> Scope:
    return Scope(
        tenant_id=person.tenant_id, reach=Reach.CLIENT, client_id=person.client_id, user_id=person.id,
        contact_id=person.contact_id, membership_id=person.membership_id,
    )  # fmt: skip


HARBOR, SUMMIT = world.tenant_id("harbor"), world.tenant_id("summit")
VIEWPOINTS = [
    _viewpoint("A1", _client(world.SAM), "A1", user="A1"),
    _viewpoint("A2", _client(world.NOAH), "A2", user="A2"),
    _viewpoint("B1", _client(world.DELTA_SAM), "B1", user="B1"),
    _viewpoint("staff of A", Scope(tenant_id=HARBOR, reach=Reach.STAFF, user_id=world.TECH.id), "A1 A2"),
    _viewpoint("staff of B", Scope(tenant_id=SUMMIT, reach=Reach.STAFF, user_id=world.SUMMIT_TECH.id), "B1"),
    _viewpoint("system of A", Scope(tenant_id=HARBOR, reach=Reach.SYSTEM), "A1 A2"),
    _viewpoint("gate of A", Scope(tenant_id=HARBOR, reach=Reach.GATE), ""),
    _viewpoint(
        "gate of A that knows A1's person",
        Scope(tenant_id=HARBOR, reach=Reach.GATE, user_id=world.SAM.id),
        "",
        user="A1",
    ),
]


def furnish(database: Database) -> None:
    """Make the tables, open to the application without any policy, and give every owner the same rows."""
    engine = create_engine(database.owner_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        Careless.metadata.create_all(connection)
        for table in Careless.metadata.sorted_tables:
            connection.exec_driver_sql(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table.name} TO portal_app")
        for owner, person in OWNERS.items():
            for model, row in _rows(owner, person):
                connection.execute(
                    cast("Table", model.__table__).insert().values(id=row.pop("id", uuid.uuid4()), **row)
                )
        for name, tenant in (("A", HARBOR), ("B", SUMMIT)):
            for other in (Work, Sign):
                row = {"tenant_id": tenant, "id": uuid.uuid4(), "key": 1, "label": f"{other.__name__.lower()} {name}"}
                connection.execute(cast("Table", other.__table__).insert().values(row))
    engine.dispose()


def _rows(owner: str, person: world.Person) -> Iterator[tuple[type[Careless], dict[str, object]]]:
    """Two things, a public and an internal part, and a secret; all with key 1."""
    ours = {"tenant_id": person.tenant_id, "client_id": person.client_id, "key": 1}
    for kind in ("thing", "special"):
        row = {**ours, "id": world.fixed(f"careless {kind} {owner}"), "kind": kind, "label": f"{kind} {owner}"}
        yield Thing, {**row, "note": ""}
    key = world.fixed(f"careless special {owner}")
    yield Special, {"tenant_id": person.tenant_id, "id": key, "extra": f"extra {owner}"}
    for visibility in ("public", "internal"):
        yield Part, {**ours, "visibility": visibility, "label": f"part {owner} {visibility}"}
    yield Secret, {"tenant_id": person.tenant_id, "user_id": person.id, "key": 1, "label": f"secret {owner}"}
