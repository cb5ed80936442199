"""A mail as RFC 5322 has it, made of fields that can't break out of their lines.

The headers are written here, by hand: the standard library reads each value as a header before it
writes it, and some of the Python versions we run on then let an encoded word in a subject become a
header of its own (CVE-2024-6923) or fold a quoted name in two. What people typed is data, so it is
encoded whenever it is more than plain words.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from portal.core.clock import now
from portal.core.text import line, tidy

_OURS = frozenset({
    "from", "to", "cc", "bcc", "sender", "reply-to", "subject", "date", "message-id", "mime-version", "auto-submitted",
    "content-type", "content-transfer-encoding",
})  # fmt: skip
_ADDRESS = re.compile(r"[^\s\x00-\x20\x7f,;:<>()\[\]\\\"'@]+@[^\s\x00-\x20\x7f,;:<>()\[\]\\\"'@]+")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f\x41-\x7e]+@[\x21-\x3b\x3d\x3f\x41-\x7e]+>", re.ASCII)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)
_VALUE = re.compile(r"[\x20-\x7e]{1,900}", re.ASCII)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 _&!'+-]{1,50}", re.ASCII)
_PLAIN_SUBJECT = re.compile(r"[\x20-\x7e]{1,60}", re.ASCII)
_LINE = 72


class UnusableLetter(ValueError):
    """A field of the letter can't be part of a mail; the text names the field, never its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail from one sender to one person.

    `message_id` is made once, with its angle brackets, and stays the same over all tries. `headers`
    holds further ones (References, Precedence, List-Unsubscribe …), none that have a field here.
    """

    message_id: str
    sender_name: str
    sender: str
    recipient_name: str = ""
    recipient: str
    reply_to: str | None = None
    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    written_at: dt.datetime | None = None


def written(letter: Letter) -> bytes:
    """The letter as it travels. Raises UnusableLetter for an address or header that can't be one."""
    lines = [
        ("From", _mailbox("From", letter.sender_name, letter.sender)),
        ("To", _mailbox("To", letter.recipient_name, letter.recipient)),
        ("Subject", _words("Subject", line(letter.subject), _PLAIN_SUBJECT)),
        ("Date", format_datetime(letter.written_at or now())),
        ("Message-ID", _matched("Message-ID", letter.message_id, _MESSAGE_ID)),
        ("Auto-Submitted", "auto-generated"),
    ]
    if letter.reply_to is not None:
        lines.append(("Reply-To", _mailbox("Reply-To", letter.sender_name, letter.reply_to)))
    for name, value in letter.headers.items():
        if name.lower() in _OURS:
            raise UnusableLetter(name)
        lines.append((_matched("a header's name", name, _NAME), _matched(name, value, _VALUE)))
    return "".join(f"{name}: {value}\r\n" for name, value in lines).encode() + _body(letter)


def _body(letter: Letter) -> bytes:
    """The parts, with the headers that describe them."""
    parts = EmailMessage(policy=SMTP)
    parts.set_content(tidy(letter.text) + "\n", cte="quoted-printable")
    if letter.html is not None:
        parts.add_alternative(tidy(letter.html) + "\n", subtype="html", cte="quoted-printable")
    return parts.as_bytes()


def _mailbox(header: str, name: str, address: str) -> str:
    """Name and address; letters beyond ASCII stay in the address, whose server must take them."""
    _matched(header, address, _ADDRESS)
    shown = line(name)
    return f"{_words(header, shown, _PLAIN_NAME)} <{address}>" if shown else address


def _words(header: str, text: str, plain: re.Pattern[str]) -> str:
    """What somebody typed: as it is where that's plain words, else as encoded words, folded."""
    if not text or (plain.fullmatch(text) and "=?" not in text):
        return text
    folded = Header(text, "utf-8", maxlinelen=_LINE, header_name=header).encode(linesep="\r\n")
    return _matched(header, folded, _ENCODED)


_ENCODED = re.compile(r"=\?utf-8\?[bq]\?[\x21-\x3e\x40-\x7e]*\?=(?:\r\n =\?utf-8\?[bq]\?[\x21-\x3e\x40-\x7e]*\?=)*")


def _matched(header: str, value: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(value):
        raise UnusableLetter(header)
    return value
