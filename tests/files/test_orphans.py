"""Bytes that no row names are removed after a day; all others stay."""

import datetime as dt
import io

from sqlalchemy import update

from portal.core import clock
from portal.core.db import Base
from portal.core.ids import new_id
from portal.core.storage import blobs
from portal.files import orphans
from portal.files.uploads import collect
from portal.tenants.models import Tenant
from tests.files.conftest import upload
from tests.world import SAM, tenant_id

NOT_BLOBS = {
    "email_key", "submission_key", "form_key", "dedupe_key", "key", "policy_key", "idempotency_key", "record_key",
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
