"""Bytes that no row names are removed after a day; all others stay."""

import datetime as dt
import io
import threading

import pytest
from sqlalchemy import update

from portal.core import clock
from portal.core.db import Base
from portal.core.ids import new_id
from portal.core.storage import blobs
from portal.core.storage.local import LocalBlobs
from portal.files import orphans
from portal.files.events import OriginalReplaced
from portal.files.uploads import collect
from portal.tenants.models import Tenant
from tests.files.conftest import upload
from tests.world import SAM, tenant_id

NOT_BLOBS = {
    "email_key", "submission_key", "form_key", "dedupe_key", "key", "policy_key", "idempotency_key", "record_key",
    "public_key",
}  # fmt: skip
"""Columns that end so and name something else."""


def put(content):
    return blobs().put(SAM.tenant_id, io.BytesIO(content)).key


def later():
    return clock.now() + dt.timedelta(minutes=1)


def test_what_no_row_names_goes_and_the_rest_stays(acting, system):
    with acting(SAM):
        kept = collect(new_id(), [upload(b"waiting")])
        kept.stage()
    with system() as session:
        logo, orphan = put(b"logo"), put(b"orphan")
        session.execute(update(Tenant).where(Tenant.id == SAM.tenant_id).values(logo_key=logo))
    with system():
        assert orphans.remove_orphans(blobs(), later()) >= 1
        assert not blobs().exists(SAM.tenant_id, orphan)
        assert blobs().exists(SAM.tenant_id, logo)
        assert blobs().exists(SAM.tenant_id, kept.files[0].blob_key)


def test_young_ones_stay(system):
    with system():
        orphan = put(b"just put")
        orphans.sweep(None)
        assert blobs().exists(SAM.tenant_id, orphan)


def test_one_tenants_sweep_leaves_the_others_alone(system):
    neighbour = tenant_id("summit")
    with system("summit"):
        theirs = blobs().put(neighbour, io.BytesIO(b"their orphan")).key
    with system():
        orphans.remove_orphans(blobs(), later())
    assert_there(system, neighbour, theirs)


def assert_there(system, tenant, key):
    with system():
        assert blobs().exists(tenant, key)


def test_many_are_removed_in_portions(system, monkeypatch):
    monkeypatch.setattr(orphans, "PORTION", 2)
    with system():
        keys = [put(b"orphan %d" % number) for number in range(5)]
        assert orphans.remove_orphans(blobs(), later()) >= 5
        assert not any(blobs().exists(SAM.tenant_id, key) for key in keys)


def test_every_column_that_could_name_a_blob_is_known(app):
    columns = {column.name for mapper in Base.registry.mappers for column in mapper.local_table.columns}
    suspects = {name for name in columns if name.endswith("_key") or "blob" in name}
    assert suspects - NOT_BLOBS == orphans.BLOB_COLUMNS
    assert {f"{column.class_.__tablename__}.{column.key}" for column in orphans.blob_columns()} == {
        "staged_files.blob_key", "attachments.blob_key", "attachments.thumbnail_key", "tenants.logo_key",
    }  # fmt: skip


def test_an_original_goes_unless_another_row_names_it(acting, system):
    with acting(SAM):
        first, second = (collect(new_id(), [upload(b"the same photo")]) for _ in range(2))
        first.stage()
        second.stage()
    key = first.files[0].blob_key
    for form, is_kept in ((first, True), (second, False)):
        with acting(SAM):
            form.consume()
        with system():
            orphans.remove_original(OriginalReplaced(blob_key=key))
            assert blobs().exists(SAM.tenant_id, key) is is_kept


@pytest.mark.parametrize("comes", [True, False], ids=["its row is committed", "its row is rolled back"])
def test_an_original_that_comes_again_just_now_is_waited_for(acting, system, comes):
    done = threading.Event()

    def remove():
        with system():
            orphans.remove_original(OriginalReplaced(blob_key=key))
        done.set()

    removing = threading.Thread(target=remove)
    with acting(SAM) as session:
        again = collect(new_id(), [upload(b"a photo sent twice")])
        key = again.files[0].blob_key
        removing.start()
        assert not done.wait(0.5), "the bytes are about to be named"
        again.stage()
        if not comes:
            session.rollback()
    removing.join(10)

    assert done.is_set()
    assert_there(system, SAM.tenant_id, key) if comes else assert_gone(system, key)


def assert_gone(system, key):
    with system():
        assert not blobs().exists(SAM.tenant_id, key)


def test_bytes_that_went_while_they_came_are_put_once_more(acting, system, monkeypatch):
    put, times = LocalBlobs.put, []

    def and_removed(self, tenant_id, stream, **more):
        blob = put(self, tenant_id, stream, **more)
        times.append(blob.key)
        if len(times) == 1:  # a job that found no row is one step ahead
            self.delete(tenant_id, blob.key)
        return blob

    monkeypatch.setattr(LocalBlobs, "put", and_removed)
    with acting(SAM):
        taken = collect(new_id(), [upload(b"unlucky")])
        taken.stage()

    assert len(times) == 2
    assert_there(system, SAM.tenant_id, taken.files[0].blob_key)
