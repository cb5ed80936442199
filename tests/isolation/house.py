"""The house that is attacked: the furnished world with something of every kind for everybody, and real files."""

import io
import re
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import psycopg
from flask import Flask

from portal.core.storage import blobs_at
from portal.core.tenancy import census
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from tests import every_model, world
from tests import factories as make
from tests.core.tenancy import filling
from tests.databases import Database
from tests.pages import Page, Visitor
from tests.world import Person

DANAS_NUMBER = 1900
"""A ticket of the own company in which Sam takes no part."""
TOKEN_PAGE = {"client": "/settings/security", "msp": "/msp/settings/security"}
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')
_TOKEN = re.compile(r'(name="csrf_token" value=|csrf_token&#34;: &#34;|X-CSRF-Token[^A-Za-z0-9]{1,12})"?[\w=+/-]{60,}')
_ASIDE = frozenset({"date", "x-request-id", "server-timing"})


class Answer(NamedTuple):
    """What an answer tells, request id, date and the mask of the CSRF token aside."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


@dataclass
class House:
    """An app on a database of its own; sessions are made as they are needed."""

    app: Flask
    database: Database
    visitors: dict[Person, Visitor] = field(default_factory=dict)
    tokens: dict[Person, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Add what the furnished world lacks: rows in every table, a colleague's ticket, bytes behind the files."""
        with self.app.app_context(), transaction(system_scope(world.tenant_id("harbor"))) as session:
            dana = session.get(make.Contact, (world.tenant_id("harbor"), world.DANA.contact_id))
            ticket = make.a_ticket(dana, "The key to the safe", number=DANAS_NUMBER, at=world.OPENED)
            letter = make.a_comment(ticket, "Only for Dana", author=dana, at=world.OPENED)
            make.an_attachment(letter, "safe.png")
        filling.fill(self.database)
        self._store_files()
        self.ask(
            "INSERT INTO passkeys (tenant_id, id, user_id, name, credential_id, public_key, sign_count, transports,"
            " created_at) SELECT tenant_id, gen_random_uuid(), id, 'CANARY key', 'of ' || id, 'AA', 0, '{}', created_at"
            " FROM users"
        )
        self.ask("UPDATE deliveries SET state = 'dead', last_error = 'x', attempts = 10")

    def _store_files(self) -> None:
        with self.app.app_context():
            kept = blobs_at(self.app.extensions["settings"].storage_url)
        for slug in world.TENANTS:
            blob = kept.put(world.tenant_id(slug), io.BytesIO(f"bytes of {slug} CANARY".encode()))
            for table, more in (("attachments", f", thumbnail_key = '{blob.key}'"), ("staged_files", "")):
                self.ask(
                    f"UPDATE {table} SET blob_key = '{blob.key}', size = {blob.size}{more} WHERE tenant_id = %s",  # noqa: S608  # our own
                    world.tenant_id(slug),
                )

    @cached_property
    def owner(self) -> psycopg.Connection[Any]:
        """The owner's line to the database, kept open: signing in costs more than any of the questions."""
        return psycopg.connect(self.database.owner_url, autocommit=True)

    def ask(self, statement: Any, *values: Any) -> list[Any]:
        """A statement as the owner, who sees every tenant."""
        cursor = self.owner.execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    def tally(self) -> dict[tuple[str, str], tuple[int, str]]:
        """Rows and checksum of every table and tenant; that somebody asked for what isn't there is no change."""
        self.ask("DELETE FROM audit_entries WHERE action = 'misses.counted'")
        statement = census.tally_statement(every_model.tables().values()).text
        rows = self.ask("SET TimeZone = 'UTC'") or self.ask(statement)
        return {(name, str(tenant or "*")): (count, checksum) for name, tenant, count, checksum in rows}

    def visitor(self, person: Person) -> Visitor:
        """The person's browser, signed in."""
        if person not in self.visitors:
            self.visitors[person] = Visitor(self.app, f"{person.tenant}.localhost")
            self.visitors[person].sign_in(person)
        return self.visitors[person]

    def token(self, person: Person) -> str:
        """A CSRF token of the person's session."""
        if person not in self.tokens:
            # Not parsed and looked over: a token is asked for hundreds of times.
            page = self.visitor(person).http.get(TOKEN_PAGE[person.side], base_url=f"http://{person.tenant}.localhost")
            found = _FIELD.search(page.get_data(as_text=True))
            assert found, f"{person.email} has no form on {TOKEN_PAGE[person.side]}: it answers {page.status_code}"
            self.tokens[person] = found.group(1)
        return self.tokens[person]

    def send(
        self, person: Person, method: str, path: str, data: dict[str, Any] | None = None, *, part: bool = False
    ) -> Page:
        """One request as the person's browser sends it, CSRF token included."""
        if method in UNSAFE:
            data = {"csrf_token": self.token(person), "submission_key": str(uuid.uuid4()), **(data or {})}
        return self.visitor(person).open(method, path, part=part, data=data)


def told(page: Page, path: str) -> Answer:
    """What may be compared of an answer. The address itself is what the asker knew before."""
    request_id = page.headers.get("X-Request-ID", "no request id")
    headers = tuple(sorted((name.lower(), value) for name, value in page.headers.items() if name.lower() not in _ASIDE))
    body = _TOKEN.sub(r"\1MASKED", page.text.replace(request_id, "REQUEST-ID")).replace(path, "PATH")
    return Answer(page.status, headers, body)
