"""Files that come with a form: what is taken, what is told about the rest, and what waits for a second try.

    kept = collect(form.key, form.files.data, keep=request.form.getlist("staged"))
    if not form.validate() or kept.problems:
        kept.stage()            # the form is shown again, its files as chosen
    else:
        attach(comment, kept.files)
        kept.consume()

Bytes are stored before any row names them; what no row names in the end is swept after a day.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from io import SEEK_END
from uuid import UUID

from werkzeug.datastructures import FileStorage

from portal.core.filetypes import HEAD_BYTES, FileRefused, clean_name, sniff
from portal.core.ids import new_id
from portal.core.storage import BlobTooBig, StorageError, StorageFull, keeping
from portal.core.tenancy.scope import current_scope
from portal.files import staging, wording

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may come: bytes of one file, bytes of all files of the thing they belong to, files of one form."""

    file_bytes: int = 20 * MEGABYTE
    total_bytes: int = 100 * MEGABYTE
    count: int = 10

    @property
    def body_bytes(self) -> int:
        """What a whole request may hold, fields and their wrapping included; for `takes_files`."""
        return self.total_bytes + 10 * MEGABYTE


ORDINARY = Limits()


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that was taken and lies in the storage. `is_staged`: a row of a former try names it."""

    id: UUID
    name: str
    content_type: str
    size: int
    blob_key: str
    is_staged: bool = False
    thumbnail_url: None = None


@dataclass(slots=True)
class Collected:
    """What a form brought. `problems` are sentences for the person, in their language."""

    form_key: UUID
    files: list[KeptFile] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    is_full: bool = False

    @property
    def status(self) -> int:
        """How to answer where there are problems: whose fault they are."""
        return HTTPStatus.INSUFFICIENT_STORAGE if self.is_full else HTTPStatus.UNPROCESSABLE_ENTITY

    def stage(self) -> None:
        """Let the files wait a day for the form to be sent again."""
        staging.stage(self.form_key, [each for each in self.files if not each.is_staged])
        self.files = [_staged(each) for each in self.files] if staging.can_wait() else []

    def restage(self, form_key: UUID) -> None:
        """Let the files wait for the form under its new key: sent again, it asks for that one's alone."""
        staging.hand_over(self.form_key, form_key)
        self.form_key = form_key
        self.stage()

    def consume(self) -> None:
        """The files have found their place: nothing of this form waits any more."""
        staging.forget(self.form_key)


def collect(
    form_key: UUID,
    uploads: Iterable[FileStorage] | None,
    *,
    keep: Iterable[str] = (),
    limits: Limits = ORDINARY,
    used_bytes: int = 0,
) -> Collected:
    """Take the files of a form: those of a former try that the person kept, then the new ones.

    `used_bytes` is what the thing they belong to holds already. What can't be taken becomes a problem
    in words; the rest is stored. Raises nothing a person could mend.
    """
    taken = Collected(form_key)
    for row in staging.restore(form_key, keep):
        taken.files.append(KeptFile(row.id, row.name, row.content_type, row.size, row.blob_key, is_staged=True))
    fresh = [each for each in uploads or () if each.filename]
    room = max(0, limits.count - len(taken.files))
    for upload in fresh[:room]:
        used = used_bytes + sum(each.size for each in taken.files)
        _take(taken, upload, limits, used)
        if taken.is_full:
            break
    if fresh[room:]:
        names = [clean_name(each.filename or "") for each in fresh[room:]]
        taken.problems.append(wording.too_many(limits.count, names))
    return taken


def _take(taken: Collected, upload: FileStorage, limits: Limits, used: int) -> None:
    name = clean_name(upload.filename or "")
    size = _size_of(upload)
    if size > limits.file_bytes:
        taken.problems.append(wording.too_big(name, limits.file_bytes))
        return
    if used + size > limits.total_bytes:
        taken.problems.append(wording.too_much(name, limits.total_bytes))
        return
    try:
        taken.files.append(_stored(upload, limits))
    except FileRefused as refused:
        taken.problems.append(wording.refused(name, refused))
    except BlobTooBig:
        taken.problems.append(wording.too_big(name, limits.file_bytes))
    except StorageError as error:
        taken.is_full = True
        taken.problems.append(wording.no_room() if isinstance(error, StorageFull) else wording.no_storage())


def _stored(upload: FileStorage, limits: Limits) -> KeptFile:
    """The upload in the storage, under the name and type that its content deserves."""
    upload.stream.seek(0)
    found = sniff(upload.stream.read(HEAD_BYTES), upload.filename or "")
    blob = keeping.keep(current_scope().tenant_id, upload.stream, limit=limits.file_bytes)
    name = clean_name(upload.filename or "", found.extension)
    return KeptFile(new_id(), name, found.content_type, blob.size, blob.key)


def _size_of(upload: FileStorage) -> int:
    """The size as received, whatever the browser said it would be."""
    return upload.stream.seek(0, SEEK_END)


def _staged(file: KeptFile) -> KeptFile:
    return KeptFile(file.id, file.name, file.content_type, file.size, file.blob_key, is_staged=True)
