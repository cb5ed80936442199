"""Keys are replaced while people work: values move to the newest key, and only then may the old one go."""

import base64
import dataclasses
import os

import pytest
from sqlalchemy import select, update

from portal.clients.models import Client
from portal.core import rotation
from portal.core.crypto import NotAuthentic, UnknownKey, key_id
from portal.core.rotation import Tally
from portal.core.sealed import REGISTRY
from tests import factories as make
from tests.world import SAM

NEW = os.urandom(32)
[TAX_ID] = [one for one in REGISTRY if one.owner is Client]


@pytest.fixture
def use(app):
    """`use(NEW, OLD)`: from now on these are the ENCRYPTION_KEYS."""
    before = app.extensions["settings"]

    def switch(*keys):
        app.extensions["settings"] = dataclasses.replace(before, encryption_keys=keys)

    yield switch
    app.extensions["settings"] = before


@pytest.fixture
def old(app):
    return app.extensions["settings"].encryption_keys[0]


def fill(system, slug="harbor", count=3):
    with system(slug):
        return [make.a_client(f"Company {number}", tax_id=f"DE-{slug}-{number}").id for number in range(count)]


def tax_ids(system, slug="harbor"):
    with system(slug) as session:
        rows = session.scalars(select(Client).where(Client.tax_id_sealed.is_not(None)).order_by(Client.id)).all()
        return [row.tax_id for row in rows]


def sealed(system, slug="harbor"):
    with system(slug) as session:
        return list(session.scalars(select(Client.tax_id_sealed).where(Client.tax_id_sealed.is_not(None))))


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["keys", *arguments])


def test_every_value_of_every_tenant_moves(app, system, use, old, monkeypatch):
    monkeypatch.setattr(rotation, "PORTION", 2)
    fill(system, "harbor", 5)
    fill(system, "summit", 2)
    use(NEW, old)
    assert "clients.tax_id_sealed: 7 values under older keys" in run(app, "status").output
    done = run(app, "rotate")
    assert done.exit_code == 0, done.output
    assert "clients.tax_id_sealed: 7 sealed anew" in done.output
    assert all(value.startswith(f"1.{key_id(NEW)}.") for slug in ("harbor", "summit") for value in sealed(system, slug))
    use(NEW)
    assert tax_ids(system) == [f"DE-harbor-{number}" for number in range(5)]
    assert tax_ids(system, "summit") == ["DE-summit-0", "DE-summit-1"]


def test_a_second_run_finds_nothing_to_do(app, system, use, old):
    fill(system)
    use(NEW, old)
    run(app, "rotate")
    before = sealed(system)
    assert "clients.tax_id_sealed: 0 sealed anew" in run(app, "rotate").output
    assert sealed(system) == before


def test_a_missing_key_is_named_and_the_rest_still_moves(app, system, use, old):
    fill(system)
    between = os.urandom(32)
    use(between, old)
    with system():
        make.a_client("Odd one", tax_id="DE-odd")
    use(NEW, old)
    done = run(app, "rotate")
    assert done.exit_code == 1
    assert f"1 not opened, clients.tax_id_sealed: sealed with the key {key_id(between)}" in done.output
    assert "clients.tax_id_sealed: 3 sealed anew" in done.output
    with pytest.raises(UnknownKey):
        tax_ids(system)


def test_a_value_changed_meanwhile_stays_as_it_was_made(system, use, old):
    [company] = fill(system, count=1)
    use(NEW, old)
    with system() as session:
        stale = session.execute(rotation._stale(TAX_ID, rotation._FIRST)).one()
        session.get(Client, (SAM.tenant_id, company)).tax_id = "DE-new"
        session.flush()
        tally = Tally()
        rotation._reseal_row(session, TAX_ID, SAM.tenant_id, stale, tally)
        assert tally.resealed == 0
    assert tax_ids(system) == ["DE-new"]


def test_a_value_moved_to_another_row_does_not_open(app, system, use, old):
    one, two = fill(system, count=2)
    with system() as session:
        value = session.scalars(select(Client.tax_id_sealed).where(Client.id == one)).one()
        session.execute(update(Client).where(Client.id == two).values(tax_id_sealed=value))
    with pytest.raises(NotAuthentic):
        tax_ids(system)
    use(NEW, old)
    assert run(app, "rotate").exit_code == 1


def test_the_value_is_nowhere_in_the_database_in_plain(system):
    fill(system, count=1)
    assert not any("DE-harbor" in value for value in sealed(system))


def test_new_keys_can_be_used(app, use):
    use(base64.urlsafe_b64decode(run(app, "new").output.strip()))
    assert len(app.extensions["settings"].encryption_keys[0]) == 32
    assert len(run(app, "new", "--signing").output.strip()) >= 32
    assert run(app, "new").output != run(app, "new").output
