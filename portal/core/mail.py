"""Mail on its way out: one letter to one person, through SMTP or into a folder.

Who is told what, and in which words, is decided above. Here a letter becomes a message and is handed
over; what goes wrong is sorted into *later may help* and *never will*, since only that decides about
trying again.
"""

import os
import smtplib
import ssl
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import parse_qs, unquote, urlsplit

from portal.core.clock import now
from portal.core.ids import new_id
from portal.core.letter import Letter, UnusableLetter, written
from portal.settings import current

__all__ = ["Letter", "MailError", "MailPermanent", "MailTemporary", "Transport", "transport", "transport_at"]

SECONDS = 20
"""Per step of the conversation; a job has more than that."""
_OUR_FAULT = frozenset({530, 534, 535, 538})
"""Answers about our account, not about the person: an operator mends them, so later may help."""


class MailError(Exception):
    """The letter wasn't handed over. The text names the reason, never the letter's content."""


class MailTemporary(MailError):
    """Trying again later may help: the server is away, busy, or refuses us for now."""


class MailPermanent(MailError):
    """Trying again is useless. `recipient_refused`: it is this address that takes no mail."""

    def __init__(self, reason: str, *, recipient_refused: bool = False) -> None:
        super().__init__(reason)
        self.recipient_refused = recipient_refused


class Transport(Protocol):
    """A way out."""

    def send(self, letter: Letter) -> None:
        """Hand a letter over. Raises MailTemporary or MailPermanent."""


def _written(letter: Letter) -> bytes:
    """The letter as it travels. Raises MailPermanent."""
    try:
        return written(letter)
    except UnusableLetter as error:
        reason = f"the letter can't be written: its {error}"
        raise MailPermanent(reason) from error


class Folder:
    """Development's way out: each hand-over becomes a new `.eml` file, so that a second one is seen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, letter: Letter) -> None:
        """Write the message beside, then give it its name: whoever watches the folder sees whole files only."""
        content = _written(letter)
        name = f"{now():%Y%m%dT%H%M%S.%f}-{new_id().hex[-12:]}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            half = self.folder / f".{name}.part"
            with half.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            half.rename(self.folder / f"{name}.eml")
        except OSError as error:
            reason = f"the mail folder: {error.strerror}"
            raise MailTemporary(reason) from error


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. `tls` is `starttls` (demanded, not merely tried), `tls` (from the start) or `none`."""

    host: str
    port: int
    tls: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    @classmethod
    def at(cls, url: str) -> Self:
        """The server of `smtp://user:password@host:port?tls=starttls` or `smtps://…`."""
        parts = urlsplit(url)
        tls = "tls" if parts.scheme == "smtps" else parse_qs(parts.query).get("tls", ["starttls"])[-1]
        usual = {"tls": 465, "starttls": 587, "none": 25}[tls]
        return cls(
            parts.hostname or "",
            parts.port or usual,
            tls,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    def send(self, letter: Letter) -> None:
        """See `Transport.send`. Accepted means: the server has taken responsibility."""
        content = _written(letter)
        addresses = letter.sender + letter.recipient + (letter.reply_to or "")
        try:
            with closing(self._connected()) as server:
                options = [] if addresses.isascii() else _with_letters(server)
                server.sendmail(letter.sender, [letter.recipient], content, options)
                _say_goodbye(server)
        except smtplib.SMTPNotSupportedError as error:
            reason = "the server can't take an address with such letters"
            raise MailPermanent(reason, recipient_refused=True) from error
        except smtplib.SMTPException as error:
            raise _sorted(error) from error
        except (OSError, ssl.SSLError) as error:
            reason = f"the mail server can't be reached: {type(error).__name__}"
            raise MailTemporary(reason) from error

    def _connected(self) -> smtplib.SMTP:
        if self.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=self.context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        try:
            if self.tls == "starttls":
                server.starttls(context=self.context)
            if self.user:
                server.login(self.user, self.password)
        except smtplib.SMTPNotSupportedError as error:
            server.close()
            reason = "the server lacks what we demand: TLS, or a way to sign in"
            raise MailTemporary(reason) from error
        except BaseException:
            server.close()
            raise
        return server


def _with_letters(server: smtplib.SMTP) -> list[str]:
    """The options for addresses beyond ASCII. Raises SMTPNotSupportedError."""
    server.ehlo_or_helo_if_needed()
    if not server.has_extn("smtputf8"):
        raise smtplib.SMTPNotSupportedError
    return ["SMTPUTF8", "BODY=8BITMIME"]


def _say_goodbye(server: smtplib.SMTP) -> None:
    """End politely; a server that hangs up first has the letter all the same."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def _sorted(error: smtplib.SMTPException) -> MailError:
    """Whether to try again: 5xx about letter or person is final, everything else may pass."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        [(code, _)] = error.recipients.values()
        if _is_final(code):
            return MailPermanent(f"the server refused the recipient ({code})", recipient_refused=True)
        return MailTemporary(f"the server doesn't take the recipient now ({code})")
    if isinstance(error, smtplib.SMTPResponseException):
        about_us = isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPHeloError | smtplib.SMTPConnectError)
        if _is_final(error.smtp_code) and not about_us:
            return MailPermanent(f"the server refused the letter ({error.smtp_code})")
        return MailTemporary(f"the server refused for now ({error.smtp_code})")
    return MailTemporary(f"the conversation broke off: {type(error).__name__}")


def _is_final(code: int) -> bool:
    return 500 <= code < 600 and code not in _OUR_FAULT  # noqa: PLR2004  # SMTP's class of final refusals


@lru_cache(maxsize=4)
def transport_at(url: str) -> Transport:
    """The way out that a MAIL_URL names."""
    if url.startswith("file://"):
        return Folder(Path(url.removeprefix("file://")))
    return Smtp.at(url)


def transport() -> Transport:
    """The running application's way out."""
    return transport_at(current().mail_url)
