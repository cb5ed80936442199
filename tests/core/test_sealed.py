"""A sealed attribute reads as plain text and is stored sealed, also for rows that have no id yet."""

import uuid
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from portal.core import sealed as module
from portal.core.crypto import NotAuthentic, keyring
from portal.core.ids import new_id
from portal.core.sealed import Sealed

TENANT = uuid.UUID(int=7)


class Base(DeclarativeBase):
    pass


registry_before = list(module.REGISTRY)


class Company(Base):
    __tablename__ = "companies"
    tenant_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    tax_id_sealed: Mapped[str | None]
    tax_id = Sealed("tax_id_sealed")


JOINED = [one for one in module.REGISTRY if one not in registry_before]
module.REGISTRY[:] = registry_before


@pytest.fixture
def session() -> Iterator[Session]:
    app = Flask("test")
    app.extensions["settings"] = SimpleNamespace(encryption_keys=(bytes(range(32)),))
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with app.app_context(), Session(engine) as opened:
        yield opened
    engine.dispose()


def stored(session: Session) -> str | None:
    value: str | None = session.execute(text("SELECT tax_id_sealed FROM companies")).scalar_one()
    return value


def test_a_new_row_is_sealed_when_its_id_is_known(session: Session) -> None:
    row = Company(tax_id="DE123456789")
    assert row.tax_id == "DE123456789"
    assert row.tax_id_sealed is None
    row.tenant_id = TENANT
    session.add(row)
    session.commit()
    value = stored(session)
    assert value is not None
    assert value.startswith(keyring().prefix)
    session.expunge_all()
    assert session.scalars(select(Company)).one().tax_id == "DE123456789"


def test_an_id_given_after_the_value_counts(session: Session) -> None:
    session.add(Company(tax_id="DE1", id=uuid.UUID(int=9), tenant_id=TENANT))
    session.commit()
    session.expunge_all()
    assert session.scalars(select(Company)).one().tax_id == "DE1"


def test_a_stored_row_is_sealed_at_once(session: Session) -> None:
    row = Company(tenant_id=TENANT, tax_id="DE1")
    session.add(row)
    session.commit()
    before = stored(session)
    row.tax_id = "DE2"
    assert row.tax_id_sealed != before
    session.commit()
    session.expunge_all()
    assert session.scalars(select(Company)).one().tax_id == "DE2"


def test_none_empties_before_and_after_the_insert(session: Session) -> None:
    row = Company(tenant_id=TENANT, tax_id="DE1")
    row.tax_id = None
    session.add(row)
    session.commit()
    assert stored(session) is None
    row.tax_id = "DE1"
    session.commit()
    row.tax_id = None
    session.commit()
    assert stored(session) is None
    assert row.tax_id is None


def test_a_value_copied_to_another_row_does_not_open(session: Session) -> None:
    one, two = Company(tenant_id=TENANT, tax_id="DE1"), Company(tenant_id=TENANT, tax_id="DE2")
    session.add_all([one, two])
    session.commit()
    two.tax_id_sealed = one.tax_id_sealed
    with pytest.raises(NotAuthentic):
        _ = two.tax_id


def test_every_sealed_attribute_is_registered() -> None:
    assert [(one.owner, one.column) for one in JOINED] == [(Company, "tax_id_sealed")]
