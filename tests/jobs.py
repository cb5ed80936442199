"""What relay and worker do, in this process: every delivery that is due, from no scope, until none is left."""

import datetime as dt
import email
import uuid
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from flask import Flask

from portal.core.events import relay
from portal.core.events.declare import QUEUES
from portal.core.events.delivery import run_delivery
from portal.core.tenancy.scope import scope_or_none
from portal.settings import current

ENOUGH = 200


def work_off(app: Flask) -> list[tuple[str, str]]:
    """Run what is due, urgent first; (handler, outcome) of each run in order. What a run publishes is run as well."""
    outcomes: list[tuple[str, str]] = []
    with app.app_context():
        for _ in range(ENOUGH):
            due = _due()
            if not due:
                return outcomes
            for row in due:
                outcome = run_delivery(str(row.tenant_id), str(row.delivery_id), row.attempts)
                assert scope_or_none() is None, "a job left its scope behind"
                outcomes.append((row.handler, outcome))
    message = f"there is no end of it: {outcomes[-5:]}"
    raise AssertionError(message)


def _due() -> list[Any]:
    for queue in QUEUES:
        found = list(relay.pick(queue, most=20, after=uuid.UUID(int=0), requeue_after=dt.timedelta(seconds=30)))
        if found:
            return found
    return []


def folder(app: Flask) -> Path:
    """Where development's mails lie."""
    with app.app_context():
        return Path(current().mail_url.removeprefix("file://"))


def sent(app: Flask) -> list[EmailMessage]:
    """The mails in the folder, oldest first, as a mail program reads them."""
    return [read(path.read_bytes()) for path in sorted(folder(app).glob("*.eml"))]


def read(content: bytes) -> EmailMessage:
    """One mail, parsed."""
    return email.message_from_bytes(content, policy=default)  # type: ignore[return-value]  # the policy makes it so


def words(mail: EmailMessage) -> str:
    """Everything that a mail says: headers, text and HTML."""
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *parts])
