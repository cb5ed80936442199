"""What happens to a file between being sent and being seen; runs in a job, under the tenant's scope.

Pictures are written anew (see `portal.core.images`) and get a thumbnail; phone photos and videos that
aren't decoded lose what tells of place and camera (`portal.core.isobmff`). Everything else stays the
bytes it was. All but pictures is only ever served for download.
"""

import tempfile
from dataclasses import dataclass
from typing import IO

from portal.core.filetypes import PICTURES, clean_name
from portal.core.images import ImageRefused, Picture, remake
from portal.core.isobmff import Unreadable, scrub
from portal.core.storage import BlobMissing, blobs, keeping
from portal.core.tenancy.scope import current_scope

_BOXES = frozenset({"image/heic", "video/mp4", "video/quicktime"})


@dataclass(frozen=True, slots=True)
class Processed:
    """A file that may be seen. Without picture there are neither sizes nor thumbnail."""

    name: str
    content_type: str
    size: int
    blob_key: str
    width: int | None = None
    height: int | None = None
    thumbnail_key: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that may not; `reason` is a word for `wording.why`."""

    reason: str


def process(*, name: str, content_type: str, size: int, blob_key: str) -> Processed | Refused:
    """Look at a stored file. Doing it twice gives the same.

    The caller writes the new blob's key over the old one and publishes `OriginalReplaced`: the original, with whatever
    it told of place and camera, is removed after the commit. Raises StorageError, which may pass.
    """
    if content_type in _BOXES:
        return _scrubbed(name, content_type, blob_key)
    if content_type not in PICTURES.values():
        return Processed(name, content_type, size, blob_key)
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as full, tempfile.TemporaryFile() as small:
        try:
            _fetch(blob_key, source)
            picture = remake(source, full, small)
        except BlobMissing:
            return Refused("missing")
        except ImageRefused as refused:
            return Refused(refused.reason)
        return _kept(name, picture, full, small)


def _scrubbed(name: str, content_type: str, blob_key: str) -> Processed | Refused:
    with tempfile.TemporaryFile() as file:
        try:
            _fetch(blob_key, file)
            scrub(file)
        except BlobMissing:
            return Refused("missing")
        except Unreadable:
            return Refused("damaged")
        blob = keeping.keep(current_scope().tenant_id, file)
    return Processed(name, content_type, blob.size, blob.key)


def _fetch(blob_key: str, target: IO[bytes]) -> None:
    for chunk in blobs().open(current_scope().tenant_id, blob_key):
        target.write(chunk)
    target.flush()


def _kept(name: str, picture: Picture, full: IO[bytes], small: IO[bytes]) -> Processed:
    tenant_id = current_scope().tenant_id
    blob = keeping.keep(tenant_id, full)
    return Processed(
        name=clean_name(name, picture.extension),
        content_type=picture.content_type,
        size=blob.size,
        blob_key=blob.key,
        width=picture.width,
        height=picture.height,
        thumbnail_key=keeping.keep(tenant_id, small).key,
    )
