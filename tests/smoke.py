"""The main job through real HTTP against a running portal: `python tests/smoke.py [PORT] [VAR_DIR]`.

A client signs in and opens a ticket with a photo, as a browser without JavaScript
does; staff answers; the answer is seen and its mail lies in VAR_DIR/mail; neighbours
find nothing. Every host is reached at 127.0.0.1 with a Host header. It can be run
again and again against the same data.
"""

import email
import email.policy
import http.client
import io
import sys
import time
import urllib.parse
import uuid
from email.message import EmailMessage
from http.cookies import SimpleCookie
from pathlib import Path

from bs4 import BeautifulSoup
from bs4.element import Tag
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "portal-demo-2026"
SIGN_IN = {"client": "/auth/client-portal/signin", "staff": "/auth/msp/signin"}
MAIL_PATIENCE = 120.0
"""Seconds: a lost poke is found by the sweep, a killed job by its lease."""
MOST_REDIRECTS = 5
SKIPPED = {"submit", "button", "image", "reset"}

Files = dict[str, tuple[str, bytes, str]]


class Browser:
    """A browser without JavaScript at one host."""

    def __init__(self, port: int, host: str) -> None:
        self.port, self.host = port, host
        self.cookies: dict[str, str] = {}
        self.address, self.status, self.page = "", 0, BeautifulSoup("", "lxml")

    def open(self, address: str, body: bytes | None = None, kind: str = "") -> None:
        """Go there, redirects followed."""
        for _ in range(MOST_REDIRECTS):
            answer, text = self._ask(address, body, kind)
            if answer.status not in {301, 302, 303, 307, 308}:
                break
            address = urllib.parse.urljoin(address, answer.headers["Location"])
            body = None
        self.address, self.status, self.page = address, answer.status, BeautifulSoup(text, "lxml")

    def _ask(self, address: str, body: bytes | None, kind: str) -> tuple[http.client.HTTPResponse, str]:
        headers = {"Host": f"{self.host}:{self.port}", "Accept": "text/html"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            headers |= {
                "Content-Type": kind,
                "Origin": f"http://{self.host}:{self.port}",
                "Sec-Fetch-Site": "same-origin",
            }
        parts = urllib.parse.urlsplit(address)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET" if body is None else "POST", target, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer, text

    def fetch(self, address: str) -> int:
        """The status at an address, without going there."""
        return self._ask(address, None, "")[0].status

    def send(self, ends_with: str, values: dict[str, str], files: Files | None = None) -> None:
        """Fill in the form that posts to such an address, and send it as it says."""
        form = next(
            form for form in self.page.select("form") if str(form.get("action", "")).split("?")[0].endswith(ends_with)
        )
        fields = filled(form) | values
        target = urllib.parse.urljoin(self.address, str(form.get("action") or self.address))
        if form.get("enctype") == "multipart/form-data":
            body, kind = multipart(fields, files or {})
        else:
            body, kind = urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded"
        self.open(target, body, kind)

    def sign_in(self, address: str, side: str = "client") -> None:
        """Through the sign-in page, with the demo's password."""
        self.open(SIGN_IN[side])
        expect(self.status == 200, f"{self.host} has no sign-in page for {side}: {self.status}")
        self.send(SIGN_IN[side], {"email": address, "password": PASSWORD})
        expect(self.status == 200 and "signin" not in self.address, f"{address} can't sign in at {self.host}")

    def says(self, words: str) -> bool:
        """Whether the page shows these words."""
        return words in self.page.get_text(" ")


def filled(form: Tag) -> dict[str, str]:
    """What a browser would send if nobody touched the form."""
    values: dict[str, str] = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        name, kind = str(field["name"]), str(field.get("type", ""))
        if kind in SKIPPED or kind == "file" or (kind in {"checkbox", "radio"} and not field.has_attr("checked")):
            continue
        if field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            values[name] = str(chosen.get("value", "")) if chosen else ""
        else:
            values[name] = field.get_text() if field.name == "textarea" else str(field.get("value", ""))
    return values


def multipart(fields: dict[str, str], files: Files) -> tuple[bytes, str]:
    """The body and its type, as browsers write them."""
    line = uuid.uuid4().hex
    parts = [
        f'--{line}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, (file, content, kind) in files.items():
        head = f'--{line}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        parts.append(head.encode() + f"Content-Type: {kind}\r\n\r\n".encode() + content + b"\r\n")
    return b"".join([*parts, f"--{line}--\r\n".encode()]), f"multipart/form-data; boundary={line}"


def expect(holds: bool, otherwise: str) -> None:
    """End with the sentence where it doesn't hold."""
    if not holds:
        sys.exit(f"smoke: {otherwise}")


def say(what: str) -> None:
    """One line for each step done."""
    sys.stdout.write(f"smoke: {what}\n")


def photo() -> bytes:
    """A small JPEG."""
    content = io.BytesIO()
    Image.new("RGB", (640, 480), (30, 90, 120)).save(content, "JPEG")
    return content.getvalue()


def mail_with(folder: Path, words: str, to: str) -> EmailMessage:
    """The mail to this address that holds the words, waited for."""
    give_up_at = time.monotonic() + MAIL_PATIENCE
    while time.monotonic() < give_up_at:
        for file in folder.rglob("*.eml"):
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            body = message.get_body(("plain",))
            if to in str(message["To"]) and body is not None and words in body.get_content():
                return message
        time.sleep(0.5)
    sys.exit(f"smoke: no mail with {words!r} to {to} within {MAIL_PATIENCE:.0f} seconds in {folder}")


def picture_on(person: Browser, ticket: str) -> str:
    """The address of the ticket's photo; it is shown once the worker has looked at it."""
    give_up_at = time.monotonic() + MAIL_PATIENCE
    while time.monotonic() < give_up_at:
        person.open(ticket)
        link = person.page.select_one(f"a[href*='{ticket}/files/']")
        if link is not None:
            return str(link["href"])
        time.sleep(0.5)
    sys.exit("smoke: the ticket doesn't show its photo")


def main(port: int, var_dir: Path) -> None:
    """Do it all, saying each step."""
    mark = uuid.uuid4().hex[:8]
    subject, reply = f"Scanner jams {mark}", f"A roller is on its way {mark}"
    sam = Browser(port, "harbor.localhost")
    sam.sign_in("sam@brightdental.example")
    sam.open("/tickets/new")
    field = sam.page.select_one("form input[type=file]")
    expect(field is not None, "the form for a new ticket takes no files")
    assert field is not None
    files = {str(field["name"]): ("jam.jpg", photo(), "image/jpeg")}
    sam.send("/tickets/new", {"subject": subject, "description": "It jams at every second page."}, files)
    expect(sam.status == 200 and sam.says(subject), f"the ticket was not opened: {sam.status} at {sam.address}")
    ticket = urllib.parse.urlsplit(sam.address).path
    number = ticket.rpartition("/")[2]
    say(f"Sam opened ticket {number} with a photo.")

    photo_address = picture_on(sam, ticket)
    expect(sam.fetch(photo_address) == 200, "the photo can't be opened")

    tech = Browser(port, "harbor.localhost")
    tech.sign_in("tech@harbor.example", "staff")
    tech.open(f"/msp/tickets/{number}")
    expect(tech.status == 200 and tech.says(subject), f"staff doesn't see ticket {number}: {tech.status}")
    tech.send("/replies", {"body": reply})
    expect(tech.status == 200 and tech.says(reply), f"the reply was not taken: {tech.status}")
    say("The technician answered.")

    sam.open(ticket)
    expect(sam.says(reply), "Sam doesn't see the answer")
    message = mail_with(var_dir / "mail", reply, "sam@brightdental.example")
    expect("Harbor" in str(message["From"]), f"the mail comes from {message['From']}")
    say(f"Sam sees it, and has mail from {message['From']}: {message['Subject']}")

    for host, who in (("harbor.localhost", "noah@cedarlaw.example"), ("summit.localhost", "dana@deltafoods.example")):
        neighbour = Browser(port, host)
        neighbour.sign_in(who)
        for address in (ticket, photo_address):
            expect(neighbour.fetch(address) == 404, f"{who} gets something at {address}")
        neighbour.open("/tickets")
        expect(neighbour.status == 200 and not neighbour.says(mark), f"{who} finds the ticket")
    say("The neighbours find nothing of it.")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 8000,
        Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else ROOT / "var",
    )
