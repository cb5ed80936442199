"""A forgotten password asked for by requests that name two hosts, as bytes, of the real web server.

Either the request is refused and nobody gets a mail, or the mail's links stand at the tenant's own host.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup

from tests import jobs
from tests.accounts.steps import FORGOT
from tests.databases import Database
from tests.faults.web_server import said, web_server
from tests.world import DANA, SAM, Person

pytestmark = [pytest.mark.faults, pytest.mark.timeout(120)]

OURS, EVIL = "harbor.localhost", "evil.example"
PATH = FORGOT["client"]
Lines = list[tuple[str, str]]
REFUSED: dict[str, tuple[str, Lines]] = {
    "two Host lines, ours first": (PATH, [("Host", OURS), ("Host", EVIL)]),
    "two Host lines, ours last": (PATH, [("Host", EVIL), ("Host", OURS)]),
    "two in one line": (PATH, [("Host", f"{OURS}, {EVIL}")]),
    "ours as a name before the host": (PATH, [("Host", f"{OURS}@{EVIL}")]),
    "ours with a port that is none": (PATH, [("Host", f"{OURS}:80@{EVIL}")]),
    "ours with a path": (PATH, [("Host", f"{OURS}/{EVIL}")]),
    "ours in front of theirs": (PATH, [("Host", f"{OURS}.{EVIL}")]),
    "theirs in front of ours": (PATH, [("Host", f"{EVIL}.{OURS}")]),
    "theirs alone, ours in the request line": (f"http://{OURS}{PATH}", [("Host", EVIL)]),
    "theirs alone, ours by a proxy that nobody trusts": (PATH, [("Host", EVIL), ("X-Forwarded-Host", OURS)]),
    "none": (PATH, []),
    "an empty one": (PATH, [("Host", "")]),
}
TAKEN: dict[str, tuple[str, Lines, Person]] = {
    "ours": (PATH, [("Host", OURS)], SAM),
    "theirs in the request line": (f"http://{EVIL}{PATH}", [("Host", OURS)], SAM),
    "ours in both": (f"http://{OURS}{PATH}", [("Host", OURS)], SAM),
    "X-Forwarded-Host": (PATH, [("Host", OURS), ("X-Forwarded-Host", EVIL)], SAM),
    "Forwarded": (PATH, [("Host", OURS), ("Forwarded", f"host={EVIL};proto=https")], DANA),
    "X-Original-URL": (PATH, [("Host", OURS), ("X-Original-URL", f"http://{EVIL}/"), ("X-Rewrite-URL", "/")], DANA),
    "another port": (PATH, [("Host", f"{OURS}:4711")], DANA),
}


class Browser:
    """Somebody who has opened the page; its form goes out with whatever request line and host lines are wanted."""

    def __init__(self, port: int) -> None:
        self.port = port
        head, page = self._said("GET", PATH, [("Host", OURS)])
        found = re.findall(r"(?im)^set-cookie: ([^;\r\n]+)", head)
        self.cookies = "; ".join(found)
        self.token = BeautifulSoup(page, "lxml").select_one("input[name=csrf_token]")["value"]

    def _said(self, method: str, target: str, lines: Lines, body: str = "") -> tuple[str, str]:
        fields = [*lines, ("Connection", "close"), ("Content-Length", str(len(body)))]
        text = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields)
        head, _, answer = said(self.port, f"{text}\r\n{body}".encode()).decode().partition("\r\n\r\n")
        return head, answer

    def ask(self, target: str, lines: Lines, person: Person) -> int:
        """Send the form; the status of the answer."""
        more = [
            ("Cookie", self.cookies),
            ("Sec-Fetch-Site", "same-origin"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ]
        body = urlencode({"csrf_token": self.token, "email": person.email})
        head, _answer = self._said("POST", target, [*lines, *more], body)
        return int(head.split()[1])


@pytest.fixture
def browser(database: Database, redis_url: str, tmp_path: Path) -> Iterator[Browser]:
    with web_server(database, redis_url, tmp_path) as port:
        yield Browser(port)


def test_the_link_stands_at_the_tenant_s_own_host_or_nowhere(browser: Browser, work: Any) -> None:
    for name, (target, lines) in REFUSED.items():
        assert browser.ask(target, lines, SAM) in {400, 404}, name
        assert work() == {}, name
    for name, (target, lines, person) in TAKEN.items():
        assert browser.ask(target, lines, person) == 303, name
        [(address, [mail])] = work().items()
        assert address == person.email
        assert EVIL not in jobs.words(mail) + str(mail), name
        [host] = set(re.findall(r"http://([^/\s]+)/auth/t/password_reset/", jobs.words(mail)))
        assert host.partition(":")[0] == OURS, name
