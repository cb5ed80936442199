"""A real DNS server on loopback, which answers as a test tells it to; built with dnspython's own messages."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from flask import Flask

Texts = list[tuple[str, ...]]
"""TXT records, each of one or several strings."""


class NameServer:
    """One server. `zone`: name (without the final dot) → records; what isn't in it doesn't exist.

    `rcode` answers all questions with this code, and `is_silent` with nothing.
    """

    def __init__(self) -> None:
        self.zone: dict[str, Texts] = {}
        self.rcode = dns.rcode.NOERROR
        self.is_silent = False
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread: an empty datagram says so."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", self.address)
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(4096)
            if not question:
                return
            answer = self._answer(dns.message.from_wire(question))
            if not self.is_silent:
                self._socket.sendto(answer.to_wire(), sender)

    def _answer(self, question: dns.message.Message) -> dns.message.Message:
        name = question.question[0].name
        self.asked.append(name.to_text(omit_final_dot=True))
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        answer.set_rcode(self.rcode)
        found = self.zone.get(self.asked[-1])
        if self.rcode == dns.rcode.NOERROR and found is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif self.rcode == dns.rcode.NOERROR and found:
            records = [" ".join(f'"{part}"' for part in parts) for parts in found]
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *records))
        return answer


@contextmanager
def name_servers(app: Flask, count: int = 1) -> Iterator[list[NameServer]]:
    """So many servers, which the app asks and no others."""
    servers = [NameServer() for _ in range(count)]
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, dns_resolvers=tuple(each.address for each in servers))
    try:
        yield servers
    finally:
        app.extensions["settings"] = settings
        for each in servers:
            each.stop()
