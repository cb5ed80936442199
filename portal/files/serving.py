"""How a file goes out, after the caller has asked a row whether this person may have it.

Everything is for download, but pictures that we wrote ourselves, and runs nothing wherever it is
opened: `nosniff`, a policy that is only a sandbox, and no cache that could show it to the next person.
"""

from collections.abc import Iterable
from urllib.parse import quote

import structlog
from flask import Response, request
from werkzeug.exceptions import NotFound

from portal.core.filetypes import OPAQUE, PICTURES, TYPES, clean_name
from portal.core.storage import BlobMissing, blobs
from portal.core.tenancy.scope import current_scope
from portal.core.web.headers import FILE_POLICY

_log = structlog.get_logger(__name__)
THUMBNAIL_TYPE = "image/webp"


def download(*, blob_key: str, name: str, content_type: str, size: int) -> Response:
    """A file to keep, streamed. Raises NotFound where the storage doesn't have it."""
    shown = content_type if content_type in TYPES else OPAQUE
    return _answer(blob_key, shown, size, _disposition("attachment", name))


def picture(*, blob_key: str, name: str, content_type: str, size: int) -> Response:
    """A picture that was written anew, to be looked at; any other type is for download. Raises NotFound."""
    if content_type not in PICTURES.values():
        return download(blob_key=blob_key, name=name, content_type=content_type, size=size)
    return _answer(blob_key, content_type, size, _disposition("inline", name))


def thumbnail(*, blob_key: str) -> Response:
    """The small picture that processing made. Raises NotFound."""
    body = b"".join(_open(blob_key))
    return _answer_with([body], THUMBNAIL_TYPE, len(body), "inline")


def _answer(blob_key: str, content_type: str, size: int, disposition: str) -> Response:
    chunks = _open(blob_key) if request.method != "HEAD" else []
    return _answer_with(chunks, content_type, size, disposition)


def _answer_with(chunks: Iterable[bytes], content_type: str, size: int, disposition: str) -> Response:
    response = Response(chunks, content_type=content_type, direct_passthrough=True)
    response.content_length = size
    response.headers["Content-Disposition"] = disposition
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _open(blob_key: str) -> Iterable[bytes]:
    try:
        return blobs().open(current_scope().tenant_id, blob_key)
    except BlobMissing:
        _log.error("blob missing", blob=blob_key[:12])
        raise NotFound from None


def _disposition(kind: str, name: str) -> str:
    """The header with the name twice: in ASCII for old programs, in full for all others."""
    name = clean_name(name)
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
