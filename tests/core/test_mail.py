"""Mail leaves whole, once a call, to one person; what goes wrong says whether to try again."""
# ruff: noqa: N802 - aiosmtpd finds its hooks by their names

import dataclasses
import datetime as dt
import email
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core import mail
from portal.core.letter import Letter, written
from portal.core.mail import MailPermanent, MailTemporary, Smtp, transport_at
from portal.core.text import line
from tests.payloads import XSS

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def letter(**changed: Any) -> Letter:
    """A letter with everything that could go wrong on the way."""
    made = Letter(
        message_id="<m1@harbor.example>",
        sender_name="Harbor IT",
        sender="support@harbor.example",
        recipient_name="Jürgen, Sam",
        recipient="sam@brightdental.example",
        subject="Re: Drucker läuft nicht",
        text="Grüße\n.\n..dots\nFrom here",
        html="<p>Grüße</p>",
    )
    return dataclasses.replace(made, **changed)


class Inbox:
    """What a server does at each step; an answer other than None is sent instead of the usual one."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.was_tls: list[bool] = []

    async def handle_MAIL(
        self, _server: object, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, _server: object, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, _server: object, session: Session, envelope: Envelope) -> str:
        if "DATA" not in self.answers:
            self.received.append(envelope)
            self.was_tls.append(session.ssl is not None)
        return self.answers.get("DATA", "250 OK")


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def serve(inbox: Inbox) -> Iterator[Callable[..., str]]:
    """Start a server with these options and return `host:port`."""
    running: list[Controller] = []

    def start(**options: Any) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return f"127.0.0.1:{port}"

    yield start
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(made - dt.timedelta(days=1))
        .not_valid_after(made + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


def at(address: str, tls: str = "none", **more: Any) -> Smtp:
    host, port = address.split(":")
    return Smtp(host, int(port), tls, **more)


def read(content: bytes | str | None) -> EmailMessage:
    assert isinstance(content, bytes)
    return email.message_from_bytes(content, policy=default)  # type: ignore[return-value]  # by that policy


def check(made: EmailMessage) -> None:
    assert made["Subject"] == "Re: Drucker läuft nicht"
    assert made["From"] == "Harbor IT <support@harbor.example>"
    assert made["To"].addresses[0].display_name == "Jürgen, Sam"
    assert made["Message-ID"] == "<m1@harbor.example>"
    text, page = made.get_body(["plain"]), made.get_body(["html"])
    assert text is not None
    assert page is not None
    assert text.get_content().splitlines() == ["Grüße", ".", "..dots", "From here"]
    assert "Grüße" in page.get_content()


def test_arrives_whole(serve: Callable[..., str], inbox: Inbox) -> None:
    at(serve()).send(letter())
    [envelope] = inbox.received
    assert envelope.mail_from == "support@harbor.example"
    assert envelope.rcpt_tos == ["sam@brightdental.example"]
    check(read(envelope.content))


def test_the_same_again_is_the_same_message(serve: Callable[..., str], inbox: Inbox) -> None:
    way = at(serve())
    way.send(letter())
    way.send(letter())
    assert [read(one.content)["Message-ID"] for one in inbox.received] == ["<m1@harbor.example>"] * 2


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("RCPT", "450 4.2.1 mailbox busy", MailTemporary),
        ("RCPT", "550 5.1.1 no such user", MailPermanent),
        ("RCPT", "552 5.2.2 mailbox full", MailPermanent),
        ("MAIL", "451 4.7.1 greylisted", MailTemporary),
        ("MAIL", "553 5.7.1 sender not allowed", MailPermanent),
        ("MAIL", "530 5.7.0 authentication required", MailTemporary),
        ("DATA", "452 4.3.1 no room", MailTemporary),
        ("DATA", "554 5.7.1 looks like spam", MailPermanent),
        ("DATA", "421 4.3.2 shutting down", MailTemporary),
    ],
)
def test_refusals_are_sorted(
    serve: Callable[..., str], inbox: Inbox, step: str, answer: str, kind: type[Exception]
) -> None:
    inbox.answers[step] = answer
    with pytest.raises(kind, match=answer[:3]) as caught:
        at(serve()).send(letter())
    assert type(caught.value) is kind
    assert inbox.received == []
    if isinstance(caught.value, MailPermanent):
        assert caught.value.recipient_refused is (step == "RCPT")


def test_nobody_there_is_temporary() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(MailTemporary, match="ConnectionRefused"):
        at(f"127.0.0.1:{port}").send(letter())


def test_a_name_that_does_not_exist_is_temporary() -> None:
    with pytest.raises(MailTemporary):
        Smtp("nowhere.invalid", 25, "none").send(letter())


def test_a_server_that_never_answers_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailTemporary):
        at(f"127.0.0.1:{silent.getsockname()[1]}").send(letter())


def test_a_server_that_speaks_nonsense_is_temporary(serve: Callable[..., str], inbox: Inbox) -> None:
    inbox.answers["DATA"] = "what?"
    with pytest.raises(MailTemporary):
        at(serve()).send(letter())


def test_starttls(serve: Callable[..., str], inbox: Inbox, tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    address = serve(tls_context=tls[0], require_starttls=True)
    at(address, "starttls", context=tls[1]).send(letter())
    assert inbox.was_tls == [True]


def test_tls_from_the_start(
    serve: Callable[..., str], inbox: Inbox, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    at(serve(ssl_context=tls[0]), "tls", context=tls[1]).send(letter())
    assert len(inbox.received) == 1


def test_nothing_is_sent_in_the_clear_where_tls_is_demanded(serve: Callable[..., str], inbox: Inbox) -> None:
    with pytest.raises(MailTemporary, match="TLS"):
        at(serve(), "starttls").send(letter())
    assert inbox.received == []


def test_a_stranger_certificate_is_refused(
    serve: Callable[..., str], inbox: Inbox, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    with pytest.raises(MailTemporary, match="Cert"):
        at(serve(tls_context=tls[0]), "starttls").send(letter())
    assert inbox.received == []


def test_signs_in(serve: Callable[..., str], inbox: Inbox, tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    def known(_server: object, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"portal", b"p@ss:w/rd"), handled=False)

    address = serve(tls_context=tls[0], authenticator=known, auth_required=True)
    at(address, "starttls", user="portal", password="p@ss:w/rd", context=tls[1]).send(letter())
    assert len(inbox.received) == 1
    with pytest.raises(MailTemporary, match="535") as caught:
        at(address, "starttls", user="portal", password="wrong-password", context=tls[1]).send(letter())
    assert "wrong-password" not in str(caught.value)
    with pytest.raises(MailTemporary, match="530"):
        at(address, "starttls", context=tls[1]).send(letter())


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "user", "password"),
    [
        ("smtp://mail.example", "mail.example", 587, "starttls", "", ""),
        ("smtp://mail.example?tls=none", "mail.example", 25, "none", "", ""),
        ("smtps://u:p%40s%2Fs@mail.example", "mail.example", 465, "tls", "u", "p@s/s"),
        ("smtp://u%40x:p@mail.example:2525?tls=starttls", "mail.example", 2525, "starttls", "u@x", "p"),
        ("smtp://[::1]:25?tls=none", "::1", 25, "none", "", ""),
    ],
)
def test_addresses_are_read(url: str, host: str, port: int, tls: str, user: str, password: str) -> None:
    way = Smtp.at(url)
    assert (way.host, way.port, way.tls, way.user, way.password) == (host, port, tls, user, password)
    assert "password" not in repr(way)


def test_a_folder_gets_whole_files_only(tmp_path: Path) -> None:
    way = transport_at(f"file://{tmp_path}/mail")
    way.send(letter())
    way.send(letter())
    files = sorted((tmp_path / "mail").iterdir())
    assert len(files) == 2
    for file in files:
        assert file.suffix == ".eml"
        check(read(file.read_bytes()))


def test_a_folder_that_cannot_be_written_is_temporary(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(MailTemporary):
        transport_at(f"file://{tmp_path}/mail").send(letter())


def test_what_programs_read_is_there() -> None:
    made = read(written(letter(reply_to="reply+1042@harbor.example", headers={"References": "<t1@harbor.example>"})))
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Reply-To"] == "Harbor IT <reply+1042@harbor.example>"
    assert made["References"] == "<t1@harbor.example>"
    assert abs(made["Date"].datetime - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert read(written(letter(written_at=NOW)))["Date"].datetime == NOW
    assert read(written(letter(html=None))).get_content_type() == "text/plain"


@pytest.mark.parametrize(
    "changed",
    [
        *({name: value} for name in ("sender", "recipient", "reply_to") for value in (
            "", "x", "@x.example", "x@", "a@x.example, b@x.example", "a@x.example;b@x.example", "a@b@x.example",
            "<a@x.example>", "A <a@x.example>", "a@x.example\r\nBcc: e@x.example", "a@x.example\nBcc: e@x.example",
            "a b@x.example", '"a"@x.example', "a@x.example\x00", "a:b@x.example",
        )),
        {"message_id": ""},
        {"message_id": "m1@harbor.example"},
        {"message_id": "<m1@harbor.example>\r\nBcc: evil@evil.example"},
        {"headers": {"Bcc": "evil@evil.example"}},
        {"headers": {"TO": "evil@evil.example"}},
        {"headers": {"X-Ticket": "1\r\nBcc: evil@evil.example"}},
        {"headers": {"X-Ticket": "1\nBcc: evil@evil.example"}},
        {"headers": {"X\r\nBcc": "evil@evil.example"}},
        {"headers": {"": "x"}},
    ],
)  # fmt: skip
def test_unusable_letters_never_leave(
    tmp_path: Path, inbox: Inbox, serve: Callable[..., str], changed: dict[str, Any]
) -> None:
    for way in (transport_at(f"file://{tmp_path}"), at(serve())):
        with pytest.raises(MailPermanent) as caught:
            way.send(letter(**changed))
        assert not caught.value.recipient_refused
    assert list(tmp_path.iterdir()) == []
    assert inbox.received == []


@pytest.mark.parametrize("name", ["subject", "sender_name", "recipient_name", "text", "html"])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_words_break_out_of_their_place(name: str, data: st.DataObject) -> None:
    hostile = data.draw(
        st.lists(
            st.sampled_from(
                [
                    *XSS[:60],
                    "\r\nBcc: evil@evil.example\r\n\r\n",
                    "\x00",
                    "\ud800",
                    "\u2028",
                    "\n.\n",
                    "=?utf-8?q?=0D=0ABcc:_x?=",
                    ",",
                    "<",
                    ">",
                    '"',
                    "é" * 90,
                ]
            ),
            max_size=5,
        )
    )
    content = written(letter(**{name: "".join(hostile)}))
    made = read(content)
    assert made.defects == []
    assert {one.lower() for one in made} == {
        "from", "to", "subject", "date", "message-id", "auto-submitted", "mime-version", "content-type",
    }  # fmt: skip
    assert [one.addr_spec for one in made["To"].addresses] == ["sam@brightdental.example"]
    assert [one.addr_spec for one in made["From"].addresses] == ["support@harbor.example"]
    if name == "subject":
        assert made["Subject"] == line("".join(hostile))
    if name == "recipient_name":
        raw = email.message_from_bytes(content, policy=compat32)["To"].rpartition(" <")[0]
        assert str(make_header(decode_header(raw))) == line("".join(hostile))


def test_an_address_with_foreign_letters_needs_a_server_that_takes_it(serve: Callable[..., str], inbox: Inbox) -> None:
    odd = letter(recipient="jürgen@brightdental.example")
    with pytest.raises(MailPermanent) as caught:
        at(serve(enable_SMTPUTF8=False)).send(odd)
    assert caught.value.recipient_refused
    at(serve(enable_SMTPUTF8=True)).send(odd)
    assert inbox.received[0].rcpt_tos == ["jürgen@brightdental.example"]
