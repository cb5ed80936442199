"""The product's own effects: tickets from the web, mails to people, counted by Message-ID where they arrive."""

import email
import socketserver
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from portal.settings import ROOT
from tests.faults.campaign import Campaign
from tests.faults.rig import Rig, until
from tests.faults.size import Dice, scaled

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1800)]
Figures = Callable[[str, object], None]
TICKETS = "SELECT count(*) FROM tickets WHERE subject LIKE 'Dying %'"
MAILS = "SELECT count(*) FROM outgoing_mail"


def die(rig: Rig, count: int, when: str = "after", what: str = "ticket") -> None:
    """Web processes that die around their COMMIT."""
    command = [sys.executable, "-m", "tests.faults.dying_web", str(count), when, what]
    subprocess.run(command, cwd=ROOT, env=rig.environment, check=True, timeout=900)


def arrived(folder: Path) -> Counter[str]:
    """How often each Message-ID lies in the mail folder."""
    return Counter(email.message_from_bytes(path.read_bytes())["Message-ID"] for path in folder.glob("*.eml"))


def written(rig: Rig) -> list[str]:
    """The Message-IDs of all mails that were decided upon."""
    with rig.rows() as rows:
        return [row["message_id"] for row in rows.execute("SELECT message_id FROM outgoing_mail").fetchall()]


def test_every_ticket_of_a_killed_web_is_confirmed(rig: Rig, record_property: Figures) -> None:
    rig.more["PORTAL_TEST_SECONDS"] = "3"
    rig.started(rig.tree())
    kills = scaled(100)
    die(rig, kills)
    rig.settled(within=120)
    tickets, mails = rig.count(TICKETS), arrived(rig.folder / "var" / "mail")
    record_property("web processes killed after the COMMIT of a new ticket", kills)
    record_property("mails", len(mails))
    assert tickets == kills
    assert sorted(written(rig)) == sorted(mails)
    assert set(mails.values()) == {1}
    assert _confirmations(rig) == [1] * kills


def test_a_ticket_whose_commit_never_came_tells_nobody(rig: Rig) -> None:
    rig.more["PORTAL_TEST_SECONDS"] = "3"
    rig.started(rig.tree())
    die(rig, scaled(40), when="before")
    assert rig.count(TICKETS) == rig.count(MAILS) == 0
    assert not arrived(rig.folder / "var" / "mail")


def _confirmations(rig: Rig) -> list[int]:
    """For each new ticket: how many mails tell its requester that we have it."""
    with rig.rows() as rows:
        found = rows.execute(
            "SELECT count(m.id) AS n FROM tickets t JOIN outbox o ON o.payload ->> 'ticket_id' = t.id::text"
            "   AND o.kind = 'ticket.opened'"
            "  LEFT JOIN outgoing_mail m ON m.template = 'ticket_opened' AND m.state = 'sent'"
            "   AND m.key LIKE o.id || ':%%' WHERE t.subject LIKE 'Dying %%' GROUP BY t.id"
        ).fetchall()
    return [row["n"] for row in found]


def test_mails_survive_killed_workers(rig: Rig, dice: Dice, record_property: Figures) -> None:
    """No mail is lost or written twice. A kill between hand-over and mark sends the same Message-ID again: measured."""
    rig.more["PORTAL_TEST_SECONDS"] = "3"
    tickets, kills = scaled(60) // 2 + 1, scaled(80) // 2
    die(rig, tickets)
    rig.started(rig.tree(), rig.tree())
    campaign = Campaign(rig, dice, lambda *_events: None)
    while sum(campaign.kills.values()) < kills and rig.count(OPEN) > 0:
        campaign.kill_somebody()
    rig.settled(within=180)
    mails = arrived(rig.folder / "var" / "mail")
    copies = sum(mails.values()) - len(mails)
    record_property("kills", dict(campaign.kills))
    record_property("mails", len(mails))
    record_property("second copies with the same Message-ID", copies)
    assert sorted(written(rig)) == sorted(mails), f"seed {dice.seed}: lost or invented"
    assert _confirmations(rig) == [1] * tickets, f"seed {dice.seed}"
    assert copies <= sum(campaign.kills.values())


OPEN = "SELECT count(*) FROM deliveries WHERE state = 'open'"


@dataclass
class MailServer:
    """An SMTP server that can refuse for now; it keeps what it accepted."""

    refuses: threading.Event = field(default_factory=threading.Event)
    accepted: list[str] = field(default_factory=list)
    refused: int = 0
    port: int = 0

    def talk(self, request: socketserver.StreamRequestHandler) -> None:
        """One conversation."""

        def say(line: str) -> None:
            request.wfile.write(f"{line}\r\n".encode())

        say("220 here")
        for line in request.rfile:
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                say("354 go on")
                self.accepted.append(_message_id(request))
                say("250 accepted")
            elif word == b"QUIT":
                say("221 bye")
                return
            elif word == b"RCPT" and self.refuses.is_set():
                self.refused += 1
                say("451 try again later")
            else:
                say("250 ok")


def _message_id(request: socketserver.StreamRequestHandler) -> str:
    lines = []
    for line in request.rfile:
        if line == b".\r\n":
            break
        lines.append(line)
    return str(email.message_from_bytes(b"".join(lines))["Message-ID"])


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            server.talk(self)

    class Listener(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Listener(("127.0.0.1", 0), Handler) as listener:
        server.port = listener.server_address[1]
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield server
        listener.shutdown()


def test_an_outage_of_the_mail_server_is_outlived(rig: Rig, mail_server: MailServer, record_property: Figures) -> None:
    rig.more |= {"PORTAL_TEST_SECONDS": "3", "MAIL_URL": f"smtp://127.0.0.1:{mail_server.port}?tls=none"}
    rig.started(rig.tree())
    mail_server.refuses.set()
    tickets = scaled(20, least=2)
    die(rig, tickets)
    until(lambda: mail_server.refused > 3 * tickets, within=60, what="several tries refused")
    time.sleep(1)
    assert not mail_server.accepted
    mail_server.refuses.clear()
    took = rig.settled(within=120)
    record_property("tries refused", mail_server.refused)
    record_property("mails", len(mail_server.accepted))
    record_property("all sent after the server's return (s)", round(took, 1))
    assert sorted(mail_server.accepted) == sorted(written(rig))
    assert rig.count("SELECT count(*) FROM outgoing_mail WHERE state <> 'sent'") == 0
