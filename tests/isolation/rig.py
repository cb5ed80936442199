"""What the isolation tests aim with: the ids of everybody's things, and the proof that nothing of them moved."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import select

from portal.core import clock
from portal.core.events.models import Delivery, OutboxEvent
from portal.core.tenancy import census
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.extensions import db
from portal.identity.models import LoginSession, Role
from portal.notifications.models import OutgoingMail
from portal.tickets.models import Attachment, Comment
from tests import factories as make
from tests import world
from tests.databases import Database
from tests.pages import Page, Visitor
from tests.world import Person

CANARIES = ("CANARY", "summit.example", "cedarlaw", "deltafoods")
HIDDEN = ("SECRETNOTE", "SECRETFILE")
OWN_WAYS = {"audit_entries", "audit_heads", "throttles", "sessions"}
"""What asking leaves behind in the asker's own tenant; it is no effect on what was asked for."""


@dataclass(frozen=True)
class Owner:
    """A company and its tenant, from whose things an attacker may choose."""

    name: str
    tenant: str
    number: int
    person: Person


OURS = Owner("ours", "harbor", world.OUR_NUMBER, world.SAM)
SIBLING = Owner("the other client", "harbor", world.CEDAR_NUMBER, world.NOAH)
NEIGHBOUR = Owner("the other tenant", "summit", world.DELTA_NUMBER, world.DELTA_SAM)


OFTEN = (
    "comment_id", "file_id", "session_id", "mail_id", "delivery_id", "contact_id", "user_id", "role_id",
)  # fmt: skip
SELDOM = ("alert_id", "grant_id", "group_id", "item_id", "passkey_id", "provider_id", "request_id")
"""What a world has no rows of; the sweep, whose house has them, tries these."""


def things_of(app: Flask, owner: Owner) -> dict[str, Any]:
    """Parameter name → a value that exists and is this owner's."""
    with app.app_context(), transaction(system_scope(world.tenant_id(owner.tenant))):
        ticket = world.ticket_id(owner.number)
        return {
            "number": owner.number,
            "comment_id": _one(select(Comment.id).where(Comment.ticket_id == ticket, Comment.visibility == "public")),
            "file_id": _one(
                select(Attachment.id).where(Attachment.ticket_id == ticket, Attachment.visibility == "public")
            ),
            "session_id": _session(owner),
            "mail_id": _mail(owner),
            "delivery_id": _delivery(),
            "contact_id": owner.person.contact_id,
            "user_id": owner.person.id,
            "role_id": _one(select(Role.id).where(Role.key == "finance")),
            **{name: uuid.uuid4() for name in SELDOM},
        }


def secrets_of(app: Flask, owner: Owner) -> dict[str, Any]:
    """The internal note and its file on this owner's ticket."""
    with app.app_context(), transaction(system_scope(world.tenant_id(owner.tenant))):
        ticket = world.ticket_id(owner.number)
        return {
            "number": owner.number,
            "comment_id": _one(select(Comment.id).where(Comment.ticket_id == ticket, Comment.visibility == "internal")),
            "file_id": _one(
                select(Attachment.id).where(Attachment.ticket_id == ticket, Attachment.visibility == "internal")
            ),
        }


def random_things() -> dict[str, Any]:
    """Values that nobody has."""
    return {
        "number": 555_555,
        **{name: uuid.uuid4() for name in (*OFTEN, *SELDOM)},
    }


def _one(statement: Any) -> Any:
    return db.session.execute(statement.limit(1)).scalar_one()


def _session(owner: Owner) -> uuid.UUID:
    now, person = clock.now(), owner.person
    row = LoginSession(
        user_id=person.id, side="client", token_hash=uuid.uuid4().hex, membership_id=person.membership_id,
        created_at=now, last_used_at=now, expires_at=now.replace(year=now.year + 1), agent="CANARY agent",
    )  # fmt: skip
    return make.put(row).id


def _mail(owner: Owner) -> uuid.UUID:
    row = OutgoingMail(
        key=uuid.uuid4().hex, template="x", recipient=owner.person.email, sender="a@b.example", sender_name="x",
        subject="CANARY mail", text="CANARY", html="<p>CANARY</p>", message_id=f"<{uuid.uuid4()}@x>",
        created_at=clock.now(),
    )  # fmt: skip
    return make.put(row).id


def _delivery() -> uuid.UUID:
    now = clock.now()
    event = make.put(OutboxEvent(kind="ticket.opened", version=1, payload={"word": "CANARY"}, created_at=now))
    row = Delivery(
        event_id=event.id, handler="CANARY.handler", queue="default", state="dead", due_at=now, attempts=10,
        last_error="CANARY", created_at=now,
    )  # fmt: skip
    return make.put(row).id


def state_of(app: Flask, tenant: str, *, but: frozenset[str] | set[str] = frozenset()) -> dict[str, str]:
    """Table → checksum of everything the tenant has."""
    with app.app_context():
        tables = [each for each in census.declared().values() if not each.is_global and each.name not in but]
        with transaction(system_scope(world.tenant_id(tenant))) as session:
            return {name: tally.checksum for name, tally in census.tallies(session, tables).items()}


def state_of_client(database: Database, owner: Owner) -> dict[str, tuple[int, str]]:
    """Table → rows and checksum of everything that belongs to this one client."""
    found = {}
    with psycopg.connect(database.owner_url) as connection:
        for table in census.declared().values():
            if table.table_class == "client":
                row = connection.execute(
                    f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t.id)) FROM {table.name} t"  # noqa: S608  # our own names
                    f" WHERE t.{table.owner_key} = %s",
                    [owner.person.client_id],
                ).fetchone()
                found[table.name] = row
    assert any(count for count, _ in found.values()), "the client has nothing that could move"
    return found


VARYING = re.compile(
    r'[0-9a-f]{32}|value="[0-9a-f-]{36}"|name="csrf_token" value="[^"]*"|"csrf_token" value="[^"]*"|[\w-]{88}(?:==)?'
)
PASSING = {"date", "x-request-id", "content-length", "set-cookie"}


def face_of(page: Page) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of an answer without what differs from request to request."""
    headers = {name.lower(): value for name, value in page.headers.items() if name.lower() not in PASSING}
    return page.status, headers, VARYING.sub("·", page.text)


def fill(rule: Any, values: dict[str, Any]) -> str:
    """The address of a route with these values."""
    return re.sub(r"<(?:[^<>:]+(?:\([^)]*\))?:)?(\w+)>", lambda found: str(values[found.group(1)]), rule.rule)


def routes(app: Flask, face: str, kinds: Callable[[Any], bool] = lambda _rule: True) -> list[Any]:
    """The routes of a face whose address carries something that belongs to somebody."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if app.view_functions[rule.endpoint].__allows__.face == face and rule.arguments and kinds(rule)
    ]


class Asker:
    """A signed-in visitor who knows a valid CSRF token and sends a plausible body with everything."""

    def __init__(self, visitor: Visitor, home: str) -> None:
        self.visitor = visitor
        shown = visitor.get(home)
        self.token = shown.dom.select_one("input[name=csrf_token]")["value"]

    def ask(self, method: str, path: str, *, part: bool = False, **fields: Any) -> Page:
        if method == "GET":
            return self.visitor.get(path, part=part)
        body = {
            "csrf_token": self.token, "body": "hello", "subject": "hello", "locale": "en", "time_zone": "Europe/Berlin",
            "submission_key": str(uuid.uuid4()), "form_key": str(uuid.uuid4()), **fields,
        }  # fmt: skip
        return self.visitor.open(method, path, part=part, data=body)
