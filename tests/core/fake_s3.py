"""A small bucket service on loopback: enough of S3's protocol for the real client, signatures checked."""

import datetime as dt
import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY"


class FakeS3(ThreadingHTTPServer):
    """Objects by path, with their time; `fault` answers every write with a status and a code."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, tuple[bytes, dt.datetime]] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.writes = 0
        self.fault: tuple[int, str] | None = None

    @property
    def url(self) -> str:
        """The STORAGE_URL that leads here."""
        key = f"{quote(ACCESS, safe='')}:{quote(SECRET, safe='')}"
        return f"s3://{key}@portal-files?endpoint=http://127.0.0.1:{self.server_port}"


@contextmanager
def fake_s3() -> Iterator[FakeS3]:
    """A running fake."""
    server = FakeS3()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: FakeS3
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def do_PUT(self) -> None:
        path, query, body = self._request()
        if body is None:
            return
        if self.server.fault:
            self._error(*self.server.fault)
            return
        self.server.writes += 1
        if "partNumber" in query:
            self.server.parts[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.server.objects[path] = (body, dt.datetime.now(dt.UTC))
        self._answer(200, headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})  # noqa: S324 - S3's own tag

    def do_POST(self) -> None:
        path, query, body = self._request()
        if body is None:
            return
        if "uploads" in query:
            self.server.parts["u1"] = {}
            self._answer(200, b"<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key>"
                         b"<UploadId>u1</UploadId></InitiateMultipartUploadResult>")  # fmt: skip
            return
        whole = b"".join(part for _, part in sorted(self.server.parts.pop(query["uploadId"]).items()))
        self.server.objects[path] = (whole, dt.datetime.now(dt.UTC))
        self._answer(200, b'<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>')

    def do_GET(self) -> None:
        path, query, body = self._request()
        if body is None:
            return
        if query.get("list-type") == "2":
            self._answer(200, self._listing(query.get("prefix", "")))
            return
        found = self.server.objects.get(path)
        if found is None:
            self._error(404, "NoSuchKey")
            return
        content, at = found
        self._answer(200, content, {"ETag": '"e"', "Last-Modified": format_datetime(at, usegmt=True)})

    do_HEAD = do_GET  # noqa: N815 - the base class's way

    def do_DELETE(self) -> None:
        path, _, body = self._request()
        if body is not None:
            self.server.objects.pop(path, None)
            self._answer(204)

    def _listing(self, prefix: str) -> bytes:
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{at:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f'<ETag>"e"</ETag><Size>{len(body)}</Size></Contents>'
            for key, (body, at) in sorted(self.server.objects.items())
            if key.startswith(prefix)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()

    def _request(self) -> tuple[str, dict[str, str], bytes | None]:
        """Path inside the bucket, query, body; body None if the request was refused already."""
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        bucket, _, path = unquote(parts.path).lstrip("/").partition("/")
        if bucket != "portal-files":
            self._error(404, "NoSuchBucket")
        elif not self._is_signed(parts.path, query):
            self._error(403, "SignatureDoesNotMatch")
        else:
            return path, query, body
        return path, query, None

    def _is_signed(self, path: str, query: dict[str, str]) -> bool:
        scheme, _, rest = self.headers.get("Authorization", "").partition(" ")
        fields = dict(item.strip().split("=", 1) for item in rest.split(",") if "=" in item)
        if scheme != "AWS4-HMAC-SHA256" or not fields:
            return False
        names = fields["SignedHeaders"].split(";")
        _, date, region, service, end = fields["Credential"].split("/")
        canonical = "\n".join([
            self.command, path,
            "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted(query.items())),
            *(f"{name}:{self.headers.get(name, '').strip()}" for name in names), "",
            fields["SignedHeaders"], self.headers["x-amz-content-sha256"],
        ])  # fmt: skip
        key = f"AWS4{SECRET}".encode()
        for word in (date, region, service, end):
            key = hmac.digest(key, word.encode(), "sha256")
        scope = f"{date}/{region}/{service}/{end}"
        text = f"{scheme}\n{self.headers['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), fields["Signature"])

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
