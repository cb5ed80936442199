"""A written mail leaves once: what a server says decides whether it is tried again, and staff see all of it."""
# ruff: noqa: N802 - aiosmtpd finds its hooks by their names

import dataclasses
import datetime as dt
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from flask import Flask

from portal.core.events import times
from portal.core.events.models import Delivery
from portal.core.events.times import Times
from portal.extensions import db
from portal.notifications import readers, sending
from portal.notifications.models import OutgoingMail
from portal.notifications.services import MailStillWaiting, notify, resend_mail
from tests import jobs, world
from tests.notifications.test_rendering import FACTS, the_comment
from tests.world import SAM

System = Callable[..., Any]


class Mailbox:
    """A server that takes everything unless it was told what to answer, one answer a mail."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.taken: list[jobs.EmailMessage] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        if self.answers and self.answers[0][0] == "r":
            return self.answers.pop(0)[1:]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        assert len(envelope.rcpt_tos) == 1
        self.taken.append(jobs.read(envelope.original_content or b""))
        return "250 OK"


@pytest.fixture
def mailbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A real SMTP server on this machine, which the app sends through; waits are no waits."""
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings = dataclasses.replace(app.extensions["settings"], mail_url=f"smtp://127.0.0.1:{port}?tls=none")
    monkeypatch.setitem(app.extensions, "settings", settings)
    quick = Times(tries=3, first_delay=dt.timedelta(0), jitter=0)
    monkeypatch.setitem(app.extensions, times._KEY, quick)
    yield box
    controller.stop()


@pytest.fixture
def written(system: System) -> Callable[[], Any]:
    """`written()`: a mail to Sam that waits; gives its id."""

    def one(key: str = "test") -> Any:
        with system("harbor"):
            [reader] = readers.contacts([SAM.contact_id])
            mail = notify(reader, "ticket_commented", key=key, comment_id=the_comment("public").id, **FACTS)
            assert mail is not None
            return mail.id

    return one


@pytest.fixture
def row(system: System) -> Callable[[Any], OutgoingMail]:
    """`row(id)`: the mail as the database has it."""

    def found(mail_id: Any) -> OutgoingMail:
        with system("harbor"):
            mail = db.session.get(OutgoingMail, (world.tenant_id("harbor"), mail_id))
            db.session.expunge(mail)
            return mail

    return found


def deliveries(system: System) -> list[tuple[str, str, int]]:
    with system("harbor"):
        return [(each.handler, each.state, each.attempts) for each in db.session.query(Delivery).order_by(Delivery.id)]


SEND = "notifications.handlers.send"


def test_a_mail_leaves_and_is_marked(app: Flask, mailbox: Mailbox, written: Any, row: Any) -> None:
    mail = row(written())
    assert (mail.state, mail.attempts, mail.sent_at) == ("waiting", 0, None)
    assert jobs.work_off(app) == [(SEND, "done")]
    sent = row(mail.id)
    assert (sent.state, sent.attempts, sent.last_error) == ("sent", 1, "")
    assert sent.sent_at is not None
    [taken] = mailbox.taken
    assert taken["Message-ID"] == mail.message_id
    assert taken["To"].addresses[0].addr_spec == SAM.email
    assert {part.get_content_type() for part in taken.iter_parts()} == {"text/plain", "text/html"}


def test_what_may_pass_is_tried_again_with_the_same_id(app: Flask, mailbox: Mailbox, written: Any, row: Any) -> None:
    mailbox.answers = ["451 later", "421 later still"]
    mail = row(written())
    assert jobs.work_off(app) == [(SEND, "failed"), (SEND, "failed"), (SEND, "done")]
    sent = row(mail.id)
    assert (sent.state, sent.attempts) == ("sent", 3)
    assert [taken["Message-ID"] for taken in mailbox.taken] == [mail.message_id]


def test_a_waiting_mail_says_why(app: Flask, mailbox: Mailbox, written: Any, row: Any, monkeypatch: Any) -> None:
    mailbox.answers = ["451 later"]
    monkeypatch.setitem(app.extensions, times._KEY, Times())
    mail_id = written()
    assert jobs.work_off(app) == [(SEND, "failed")]
    mail = row(mail_id)
    assert (mail.state, mail.attempts, mail.last_error) == ("waiting", 1, "the server refused for now (451)")


def test_what_never_will_is_not_tried_again(app: Flask, mailbox: Mailbox, written: Any, row: Any) -> None:
    mailbox.answers = ["r550 no such person"]
    mail_id = written()
    assert jobs.work_off(app) == [(SEND, "done")]
    mail = row(mail_id)
    assert (mail.state, mail.attempts) == ("failed", 1)
    assert mail.last_error == "the server refused the recipient (550)"
    assert jobs.work_off(app) == []
    assert not mailbox.taken


def test_an_address_that_is_none_fails_without_a_server(
    app: Flask, mailbox: Mailbox, written: Any, row: Any, system: System
) -> None:
    mail_id = written()
    with system("harbor"):
        mail = db.session.get(OutgoingMail, (world.tenant_id("harbor"), mail_id))
        mail.recipient = "sam@brightdental.example\r\nRCPT TO:<thief@evil.example>"
    assert jobs.work_off(app) == [(SEND, "done")]
    assert row(mail_id).state == "failed"
    assert not mailbox.taken


def test_after_the_last_try_it_is_a_dead_letter_and_a_failed_mail_and_a_replay_sends_it_once(
    app: Flask, mailbox: Mailbox, written: Any, row: Any, system: System
) -> None:
    from portal.core.events import deadletters

    mailbox.answers = ["451 later"] * 3
    mail_id = written()
    assert [outcome for _handler, outcome in jobs.work_off(app)] == ["failed"] * 3
    assert row(mail_id).state == "failed"
    assert deliveries(system) == [(SEND, "dead", 3)]
    with system("harbor"):
        [dead] = db.session.query(Delivery).where(Delivery.state == "dead")
        deadletters.replay(dead.id)
    assert jobs.work_off(app) == [(SEND, "done")]
    assert row(mail_id).state == "sent"
    assert len(mailbox.taken) == 1


def test_a_server_that_is_away_is_waited_for(app: Flask, written: Any, row: Any, monkeypatch: Any) -> None:
    settings = dataclasses.replace(app.extensions["settings"], mail_url="smtp://127.0.0.1:9?tls=none")
    monkeypatch.setitem(app.extensions, "settings", settings)
    mail_id = written()
    assert jobs.work_off(app) == [(SEND, "failed")]
    assert row(mail_id).state == "waiting"
    assert "can't be reached" in row(mail_id).last_error


def test_a_second_run_sends_no_second_copy(
    app: Flask, mailbox: Mailbox, written: Any, row: Any, system: System
) -> None:
    mail_id = written()
    jobs.work_off(app)
    with system("harbor"):
        sending.send_mail(mail_id)
    assert len(mailbox.taken) == 1
    assert row(mail_id).attempts == 1


def test_a_run_that_dies_has_counted_and_the_next_one_sends(
    app: Flask, mailbox: Mailbox, written: Any, row: Any, system: System, monkeypatch: Any
) -> None:
    mail_id = written()

    class Killed(BaseException):
        """The process ends here."""

    def die(_letter: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sending.post, "transport", lambda: type("T", (), {"send": staticmethod(die)}))
        with pytest.raises(Killed), system("harbor"):
            sending.send_mail(mail_id)
    assert (row(mail_id).state, row(mail_id).attempts) == ("waiting", 1)
    jobs.work_off(app)
    assert (row(mail_id).state, row(mail_id).attempts) == ("sent", 2)
    assert len(mailbox.taken) == 1


def test_resending_a_failed_mail_keeps_its_id_and_a_sent_one_gets_a_new_one(
    app: Flask, mailbox: Mailbox, written: Any, row: Any, system: System
) -> None:
    mailbox.answers = ["r550 no"]
    failed = row(written("one"))
    jobs.work_off(app)
    resend(system, failed.id)
    jobs.work_off(app)
    [taken] = mailbox.taken
    assert taken["Message-ID"] == failed.message_id
    resend(system, failed.id)
    jobs.work_off(app)
    assert len(mailbox.taken) == 2
    assert mailbox.taken[1]["Message-ID"] != failed.message_id
    assert mailbox.taken[1]["Message-ID"].endswith("@harbor.localhost>")
    assert (row(failed.id).state, row(failed.id).attempts) == ("sent", 1)


def resend(system: System, mail_id: Any) -> None:
    with system("harbor"):
        resend_mail(db.session.get(OutgoingMail, (world.tenant_id("harbor"), mail_id)))


def test_a_waiting_mail_is_not_resent(system: System, written: Any) -> None:
    mail_id = written()
    with pytest.raises(MailStillWaiting):
        resend(system, mail_id)


def test_urgent_letters_go_on_their_own_queue(
    app: Flask, mailbox: Mailbox, written: Any, system: System, monkeypatch: Any
) -> None:
    from portal.notifications import letters

    known = letters.letter_named("ticket_commented")
    monkeypatch.setitem(letters._letters, "ticket_commented", dataclasses.replace(known, is_urgent=True))
    written("urgent")
    with system("harbor"):
        assert [(each.handler, each.queue) for each in db.session.query(Delivery)] == [
            ("notifications.handlers.send_urgently", "urgent")
        ]
    assert jobs.work_off(app) == [("notifications.handlers.send_urgently", "done")]
    assert len(mailbox.taken) == 1
