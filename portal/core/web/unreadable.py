"""What the server answers to bytes that are no request: too long, malformed. The application never sees them.

Gunicorn's own answer is a page that quotes what was sent and carries no policy; ours is one plain line under the
headers that everything else has.
"""

from portal.core.web import headers


def answer(status: int, reason: str, *, is_production: bool) -> bytes:
    """The whole answer as it travels; the connection ends with it."""
    body = f"{status} {reason}\n"
    fields = {
        "Connection": "close",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(body)),
        **headers.of_the_server(is_production=is_production),
    }
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in fields.items()), "", body]
    return "\r\n".join(lines).encode("latin-1")
