"""A sealed attribute reads as plain text and is stored sealed, also for rows that have no id yet."""

import pytest
from sqlalchemy import select

from portal.clients.models import Client
from portal.core import clock
from portal.core.crypto import NotAuthentic, keyring
from portal.core.ids import new_id
from portal.core.sealed import REGISTRY
from tests.world import SAM

NUMBER = 4711


def company(**facts):
    return Client(name="Acme", number=NUMBER, created_at=clock.now(), **facts)


def read(session):
    return session.scalars(select(Client).where(Client.number == NUMBER)).one()


def stored(session):
    return session.scalars(select(Client.tax_id_sealed).where(Client.number == NUMBER)).one()


def test_a_new_row_is_sealed_when_its_id_is_known(system):
    with system() as session:
        row = company(tax_id="DE123456789")
        assert row.tax_id == "DE123456789"
        assert row.tax_id_sealed is None
        session.add(row)
        session.flush()
        assert stored(session).startswith(keyring().prefix)
        assert "DE123456789" not in stored(session)
    with system() as session:
        assert read(session).tax_id == "DE123456789"


def test_an_id_given_after_the_value_counts(system):
    with system() as session:
        session.add(company(tax_id="DE1", id=new_id(), tenant_id=SAM.tenant_id))
    with system() as session:
        assert read(session).tax_id == "DE1"


def test_a_stored_row_is_sealed_at_once(system):
    with system() as session:
        session.add(company(tax_id="DE1"))
    with system() as session:
        row = read(session)
        before = row.tax_id_sealed
        row.tax_id = "DE2"
        assert row.tax_id_sealed not in {None, before}
    with system() as session:
        assert read(session).tax_id == "DE2"


def test_none_empties_before_and_after_the_insert(system):
    with system() as session:
        row = company(tax_id="DE1")
        row.tax_id = None
        session.add(row)
        session.flush()
        assert stored(session) is None
        row.tax_id = "DE1"
        session.flush()
        assert stored(session) is not None
        row.tax_id = None
        session.flush()
        assert stored(session) is None
        assert row.tax_id is None


def test_a_value_copied_to_another_row_does_not_open(system):
    with system() as session:
        one, other = (
            company(tax_id="DE1"),
            Client(name="Other", number=NUMBER + 1, created_at=clock.now(), tax_id="DE2"),
        )
        session.add_all([one, other])
        session.flush()
        other.tax_id_sealed = one.tax_id_sealed
        with pytest.raises(NotAuthentic):
            _ = other.tax_id


def test_every_sealed_attribute_is_registered_once():
    names = [(one.owner.__name__, one.column) for one in REGISTRY]
    assert ("Client", "tax_id_sealed") in names
    assert len(names) == len(set(names))
