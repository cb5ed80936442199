"""Folder and bucket keep blobs alike: by content, apart by tenant, whole or not at all."""

import datetime as dt
import hashlib
import io
import os
import tracemalloc
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.core.storage import (
    BlobMissing,
    Blobs,
    BlobTooBig,
    StorageFull,
    StorageUnavailable,
    blobs_at,
    bucket,
)
from portal.core.storage.bucket import BucketBlobs
from portal.core.storage.local import LocalBlobs
from tests.core.fake_s3 import FakeS3, fake_s3

HARBOR, SUMMIT = uuid.UUID(int=1), uuid.UUID(int=2)
PHOTO = b"\xff\xd8 photo" * 1000


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    if request.param == "folder":
        yield blobs_at(f"file://{tmp_path}/with space & é")
        return
    with fake_s3() as server:
        yield blobs_at(server.url)


@pytest.fixture
def s3() -> Iterator[FakeS3]:
    with fake_s3() as server:
        yield server


def read(store: Blobs, tenant: uuid.UUID, key: str) -> bytes:
    return b"".join(store.open(tenant, key))


def soon() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)


def test_keeps_and_returns(store: Blobs) -> None:
    blob = store.put(HARBOR, io.BytesIO(PHOTO))
    assert blob.key == hashlib.sha256(PHOTO).hexdigest()
    assert blob.size == len(PHOTO)
    assert store.exists(HARBOR, blob.key)
    assert read(store, HARBOR, blob.key) == PHOTO


@pytest.mark.parametrize("size", [0, 1, 262_143, 262_144, 262_145, 20_000_001])
def test_any_size_comes_back_whole(store: Blobs, size: int) -> None:
    content = os.urandom(size)
    assert read(store, HARBOR, store.put(HARBOR, io.BytesIO(content)).key) == content


def test_a_reader_who_goes_away_leaves_nothing_open(store: Blobs) -> None:
    blob = store.put(HARBOR, io.BytesIO(PHOTO * 300))
    for taken in (0, 1):
        chunks: Any = store.open(HARBOR, blob.key)
        for _ in range(taken):
            next(chunks)
        chunks.close()
        assert next(chunks, None) is None


def test_another_tenant_has_nothing_of_it(store: Blobs) -> None:
    blob = store.put(HARBOR, io.BytesIO(PHOTO))
    assert not store.exists(SUMMIT, blob.key)
    with pytest.raises(BlobMissing):
        store.open(SUMMIT, blob.key)
    store.delete(SUMMIT, blob.key)
    assert store.exists(HARBOR, blob.key)


def test_the_same_again_is_the_same_blob(store: Blobs) -> None:
    assert store.put(HARBOR, io.BytesIO(PHOTO)) == store.put(HARBOR, io.BytesIO(PHOTO))
    assert len(list(store.older_than(HARBOR, soon()))) == 1


def test_deleting_is_repeatable(store: Blobs) -> None:
    blob = store.put(HARBOR, io.BytesIO(PHOTO))
    store.delete(HARBOR, blob.key)
    store.delete(HARBOR, blob.key)
    assert not store.exists(HARBOR, blob.key)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "/etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "%2e%2e"])
def test_only_hashes_are_keys(store: Blobs, key: str) -> None:
    assert not store.exists(HARBOR, key)
    with pytest.raises(BlobMissing):
        store.open(HARBOR, key)
    with pytest.raises(BlobMissing):
        store.delete(HARBOR, key)


def test_too_much_is_refused_and_nothing_stays(store: Blobs) -> None:
    with pytest.raises(BlobTooBig, match="1000 bytes"):
        store.put(HARBOR, io.BytesIO(b"x" * 1001), limit=1000)
    assert list(store.older_than(HARBOR, soon())) == []
    assert store.put(HARBOR, io.BytesIO(b"x" * 1000), limit=1000).size == 1000


def test_an_endless_stream_is_cut_in_constant_memory(store: Blobs) -> None:
    class Endless:
        def read(self, size: int) -> bytes:
            return b"x" * size

    tracemalloc.start()
    try:
        with pytest.raises(BlobTooBig):
            store.put(HARBOR, Endless(), limit=30_000_000)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_stream_that_breaks_leaves_nothing(store: Blobs) -> None:
    class Broken:
        left = 3

        def read(self, size: int) -> bytes:
            self.left -= 1
            if not self.left:
                raise ConnectionResetError
            return b"x" * size

    with pytest.raises(StorageUnavailable):
        store.put(HARBOR, Broken())
    assert list(store.older_than(HARBOR, soon())) == []


def test_the_probe_leaves_nothing(store: Blobs) -> None:
    store.check()
    assert list(store.older_than(uuid.UUID(int=0), soon())) == []


def test_answers_where_it_can_be_used(store: Blobs) -> None:
    assert store.answers()


def test_only_old_blobs_are_listed(store: Blobs) -> None:
    blob = store.put(HARBOR, io.BytesIO(PHOTO))
    assert list(store.older_than(HARBOR, soon() - dt.timedelta(hours=1))) == []
    assert list(store.older_than(HARBOR, soon())) == [blob.key]


def test_folder_full_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    def on_a_full_disk(folder: Path) -> io.BufferedWriter:
        link = folder / "put-full"
        link.symlink_to("/dev/full")  # the kernel's own full disk; the store removes the link, not the device
        return link.open("wb")

    store = LocalBlobs(tmp_path, temporary=on_a_full_disk)
    with pytest.raises(StorageFull):
        store.put(HARBOR, io.BytesIO(PHOTO * 100))
    assert list(store.older_than(HARBOR, soon())) == []
    assert list((tmp_path / "incoming").iterdir()) == []


def test_folder_put_again_becomes_young(tmp_path: Path) -> None:
    store = LocalBlobs(tmp_path)
    blob = store.put(HARBOR, io.BytesIO(PHOTO))
    [path] = tmp_path.glob("tenant/*/*/*")
    os.utime(path, (1, 1))
    store.put(HARBOR, io.BytesIO(PHOTO))
    assert list(store.older_than(HARBOR, soon() - dt.timedelta(hours=1))) == []
    assert read(store, HARBOR, blob.key) == PHOTO


def test_folder_mends_a_cut_blob(tmp_path: Path) -> None:
    store = LocalBlobs(tmp_path)
    blob = store.put(HARBOR, io.BytesIO(PHOTO))
    [path] = tmp_path.glob("tenant/*/*/*")
    path.write_bytes(PHOTO[:10])
    store.put(HARBOR, io.BytesIO(PHOTO))
    assert read(store, HARBOR, blob.key) == PHOTO


def test_folder_is_for_our_eyes_only(tmp_path: Path) -> None:
    store = LocalBlobs(tmp_path / "storage")
    store.put(HARBOR, io.BytesIO(PHOTO))
    [path] = tmp_path.glob("storage/tenant/*/*/*")
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_folder_tidies_what_was_cut_off(tmp_path: Path) -> None:
    store = LocalBlobs(tmp_path)
    store.put(HARBOR, io.BytesIO(PHOTO))
    (tmp_path / "incoming" / "put-dead").write_bytes(b"half")
    assert store.tidy(soon() - dt.timedelta(hours=1)) == 0
    assert store.tidy(soon()) == 1
    assert list((tmp_path / "incoming").iterdir()) == []


def test_folder_without_permission_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = LocalBlobs(tmp_path / "file" / "storage")
    assert not store.answers()
    with pytest.raises(StorageUnavailable):
        store.put(HARBOR, io.BytesIO(PHOTO))


def test_bucket_full_is_told(s3: FakeS3) -> None:
    s3.fault = (400, "QuotaExceeded")
    with pytest.raises(StorageFull):
        BucketBlobs.at(s3.url).put(HARBOR, io.BytesIO(PHOTO))


def test_bucket_that_refuses_us_is_unavailable(s3: FakeS3) -> None:
    store = BucketBlobs.at(s3.url.replace("AKIDEXAMPLE:", "AKIDEXAMPLE:wrong"))
    with pytest.raises(StorageUnavailable):
        store.put(HARBOR, io.BytesIO(PHOTO))
    with pytest.raises(StorageUnavailable):
        store.check()
    assert not store.answers()


def test_bucket_is_not_written_twice_within_hours(s3: FakeS3) -> None:
    store = BucketBlobs.at(s3.url)
    blob = store.put(HARBOR, io.BytesIO(PHOTO))
    store.put(HARBOR, io.BytesIO(PHOTO))
    assert s3.writes == 1
    [(path, (body, at))] = s3.objects.items()
    assert path == f"tenant/{HARBOR}/{blob.key[:2]}/{blob.key}"
    s3.objects[path] = (body, at - dt.timedelta(hours=7))
    store.put(HARBOR, io.BytesIO(PHOTO))
    assert s3.writes == 2


def test_bucket_out_of_reach_is_unavailable_within_seconds() -> None:
    with fake_s3() as server:
        url = server.url
    with pytest.raises(StorageUnavailable):
        BucketBlobs.at(url).put(HARBOR, io.BytesIO(PHOTO))


def test_bucket_after_a_fork_refuses_instead_of_hanging(s3: FakeS3) -> None:
    BucketBlobs.at(s3.url).check()
    assert bucket._first_user == os.getpid()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            BucketBlobs.at(s3.url).check()
        except StorageUnavailable as fault:
            os.write(write_end, str(fault).encode())
        finally:
            os._exit(0)
    os.close(write_end)
    os.waitpid(child, 0)
    with os.fdopen(read_end) as pipe:
        assert "forked" in pipe.read()
