"""A load of a few keep-alive connections against one address of this machine.

Plain sockets and one thread a connection: on two shared cores a heavier client
would measure itself. Latency is from the first byte sent to the last received.
"""

import socket
import statistics
import threading
import time
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Result:
    """What came of a run; times in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    bytes_each: int

    @property
    def per_second(self) -> float:
        """Requests a second over all connections."""
        return self.requests / self.seconds


def measure(port: int, path: str, host: str, cookie: str, *, seconds: float, connections: int = 8) -> Result:
    """Load the address for so long. Raises RuntimeError for any answer but 200."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nAccept-Encoding: br\r\n"
        "Accept: text/html\r\nConnection: keep-alive\r\n\r\n"
    ).encode()
    ends = time.perf_counter() + seconds
    latencies: list[float] = []
    sizes: list[int] = []
    faults: list[str] = []
    threads = [
        threading.Thread(target=_drive, args=(port, request, ends, latencies, sizes, faults))
        for _ in range(connections)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if faults or len(latencies) < 2:  # noqa: PLR2004  # quantiles need two
        message = f"{path}: {faults[0] if faults else 'no answers'}"
        raise RuntimeError(message)
    cuts = statistics.quantiles(latencies, n=100)
    return Result(len(latencies), took, cuts[49] * 1000, cuts[98] * 1000, round(statistics.mean(sizes)))


def _drive(  # one thread's share of the run
    port: int, request: bytes, ends: float, latencies: list[float], sizes: list[int], faults: list[str]
) -> None:
    with socket.create_connection((LOOPBACK, port), timeout=30) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.perf_counter() < ends and not faults:
            began = time.perf_counter()
            line.sendall(request)
            status, size, keeps = _answer(line)
            latencies.append(time.perf_counter() - began)
            sizes.append(size)
            if status != b"200":
                faults.append(f"answered {status.decode(errors='replace')}")
            if not keeps:
                return _drive(port, request, ends, latencies, sizes, faults)
    return None


def _answer(line: socket.socket) -> tuple[bytes, int, bool]:
    """Status, body size and whether the line stays open, of one answer with Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        got = line.recv(65536)
        if not got:
            return b"closed", 0, False
        data += got
    head, _, body = data.partition(b"\r\n\r\n")
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (row.partition(b":") for row in head.split(b"\r\n")[1:])
    }
    length = int(fields.get(b"content-length", b"0"))
    missing = length - len(body)
    while missing > 0:
        got = line.recv(min(65536, missing))
        if not got:
            return b"cut", 0, False
        missing -= len(got)
    return head.split(b" ", 2)[1], length, fields.get(b"connection", b"").lower() != b"close"
