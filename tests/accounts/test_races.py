"""Twenty at once with one link or one code: one wins. And ways that would not hold, as controls.

All twenty have read the link or the code as good, each in a transaction of its own, before any of them uses it.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.clients.models import Contact
from portal.core.tenancy import doors
from portal.identity.models import MailToken, Membership, User
from portal.identity.services import access_codes, invitations, mail_tokens
from portal.identity.services.invitations import Invitee
from tests import factories as make
from tests.accounts.steps import RESET, LinkTo, System, Visit, as_person, ask, client_role, opened
from tests.databases import Database
from tests.identity.races import MANY, Line, at_once, connections
from tests.identity.steps import trail
from tests.pages import Visitor
from tests.world import ADMIN, NOAH, SAM

__all__ = ["connections"]

pytestmark = pytest.mark.usefixtures("connections")
FEW = 4
"""As many as a control needs: two winners prove the point."""
DOORS = Path(__file__).parents[2] / "migrations" / "doors" / "0002"
INVITED = pytest.mark.parametrize("email", ["ana@brightdental.example", NOAH.email], ids=["new", "has a login"])


def posts(visit: Visit, path: str, action: str, count: int = MANY, **fields: Any) -> list[tuple[Visitor, Any]]:
    """Browsers with the link opened and the form filled in."""
    ready = []
    for number in range(count):
        who = visit()
        shown = opened(who, path)
        ready.append((who, shown.form(action) | {k: v.format(number) for k, v in fields.items()}))
    return ready


def sent(ready: list[tuple[Visitor, Any]], path: str) -> list[int]:
    """What each is answered when all send at once."""
    return sorted(at_once(lambda number: ready[number][0].post(path, ready[number][1]).status, len(ready)))


def looks_first(line: Line) -> Callable[[Any, str], MailToken]:
    """How a link must not be used: look, and when everybody has looked, write down that it is used."""

    def redeem(purpose: Any, token: str) -> MailToken:
        _user, row = mail_tokens.read(purpose, token)
        line.wait()
        row.used_at = mail_tokens.at_of(purpose)
        return row

    return redeem


class TestAResetLink:
    """One person asked for it; whoever has it may choose the password once."""

    def ready(self, visit: Visit, link_to: LinkTo, count: int) -> list[tuple[Visitor, Any]]:
        ask(visit(), SAM.email)
        return posts(visit, link_to(SAM.email), "/set-new-password", count, password="a-long-password-number-{}")

    def test_is_used_once(self, visit: Visit, link_to: LinkTo, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
        ready = self.ready(visit, link_to, MANY)
        monkeypatch.setattr(mail_tokens, "redeem", Line(MANY).before(mail_tokens.redeem))
        assert sent(ready, RESET) == [303] + [410] * (MANY - 1)
        with system() as session:
            assert len(trail(session, "password.reset")) - len(trail(session, "password.reset_asked")) == 1

    def test_that_is_looked_at_first_is_used_by_several(
        self, visit: Visit, link_to: LinkTo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Negative control."""
        ready = self.ready(visit, link_to, FEW)
        monkeypatch.setattr(mail_tokens, "redeem", looks_first(Line(FEW)))
        assert sent(ready, RESET).count(303) > 1


class TestAnInvitation:
    """The seat is taken once, by somebody new and by somebody who has a login elsewhere."""

    def ready(self, app: Flask, visit: Visit, link_to: LinkTo, email: str, count: int) -> list[tuple[Visitor, Any]]:
        with as_person(app, ADMIN) as session:
            who = Invitee(client_id=SAM.client_id, name="Ana", email=email)
            invitations.invite_client_person(session.info["viewer"], who, roles=[client_role(session)])
        return posts(visit, link_to(email), "/invitation", count, password="a-long-password-number-{}")

    @INVITED
    def test_is_used_once(
        self,
        app: Flask,
        visit: Visit,
        link_to: LinkTo,
        system: System,
        monkeypatch: pytest.MonkeyPatch,
        email: str,
    ) -> None:
        ready = self.ready(app, visit, link_to, email, MANY)
        monkeypatch.setattr(mail_tokens, "redeem", Line(MANY).before(mail_tokens.redeem))
        assert sent(ready, "/auth/invitation") == [303] + [410] * (MANY - 1)
        with system() as session:
            told = [each.client_id for each in trail(session, "invitation.accepted")]  # each of the person's clients
            assert told
            assert len(told) == len(set(told))

    def test_that_is_looked_at_first_is_used_by_several(
        self, app: Flask, visit: Visit, link_to: LinkTo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Negative control."""
        ready = self.ready(app, visit, link_to, NOAH.email, FEW)
        monkeypatch.setattr(mail_tokens, "redeem", looks_first(Line(FEW)))
        assert sent(ready, "/auth/invitation").count(303) > 1


class TestAnAccessCode:
    """The contact's seat is taken once, whatever else would prevent a second one."""

    @pytest.fixture
    def contact_id(self, system: System, database: Database, monkeypatch: pytest.MonkeyPatch) -> Any:
        """A contact without a login. The tries aren't limited, and a contact may have several seats."""
        monkeypatch.setattr(access_codes, "PER_CLIENT", ((1000, timedelta(hours=1)),))
        changed(database, "ALTER TABLE memberships DROP CONSTRAINT uq_memberships_tenant_id_contact_id")
        with system():
            return make.a_contact(SAM.client_id, "Bea").id

    def ready(self, app: Flask, visit: Visit, contact_id: Any, count: int) -> list[tuple[Visitor, Any]]:
        with as_person(app, ADMIN) as session:
            contact = session.execute(select(Contact).where(Contact.id == contact_id)).scalar_one()
            code = access_codes.issue_access_code(contact, by=session.info["viewer"])
        found = []
        for number in range(count):
            who = visit()
            data = who.get("/auth/link-account").form("/link-account") | {
                "number": "10001", "code": code, "name": "Bea", "email": f"bea{number}@brightdental.example",
                "password": "a-long-password-of-beas-friend",
            }  # fmt: skip
            found.append((who, data))
        return found

    def seats(self, system: System, contact_id: Any) -> tuple[int, int]:
        """How many seats the contact has, and how many logins were made."""
        with system() as session:
            seats = select(func.count()).select_from(Membership).where(Membership.contact_id == contact_id)
            made = select(func.count()).select_from(User).where(User.email_key.startswith("bea"))
            return session.execute(seats).scalar_one(), session.execute(made).scalar_one()

    def linked(self, ready: list[tuple[Visitor, Any]]) -> list[int]:
        def link(number: int) -> int:
            who, data = ready[number]
            more = {"REMOTE_ADDR": f"192.0.2.{number}"}
            return who.post("/auth/link-account", data, environ_overrides=more).status

        return sorted(at_once(link, len(ready)))

    def test_is_used_once(
        self, app: Flask, visit: Visit, system: System, contact_id: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ready = self.ready(app, visit, contact_id, MANY)
        monkeypatch.setattr(doors, "redeem_access_code", Line(MANY).before(doors.redeem_access_code))
        assert self.linked(ready) == [303] + [422] * (MANY - 1)
        assert self.seats(system, contact_id) == (1, 1)

    def test_that_is_looked_at_first_is_used_by_several(
        self,
        app: Flask,
        visit: Visit,
        system: System,
        database: Database,
        contact_id: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Negative control: a door that doesn't ask whether the code is used, since somebody looked before."""
        ready, line, real = self.ready(app, visit, contact_id, FEW), Line(FEW), doors.redeem_access_code
        door = (DOORS / "redeem_access_code.sql").read_text().replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        for claim in (
            "AND a.used_at IS NULL ",
            "AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.tenant_id = tenant AND m.contact_id = k.id)",
        ):
            assert claim in door
            door = door.replace(claim, "")
        changed(database, door)

        def looked_first(**arguments: Any) -> Any:
            with psycopg.connect(database.superuser_url) as connection:
                used = connection.execute("SELECT used_at FROM access_codes").fetchall()
            line.wait()
            return real(**arguments) if used == [(None,)] else None

        monkeypatch.setattr(doors, "redeem_access_code", looked_first)
        assert self.linked(ready).count(303) > 1
        assert self.seats(system, contact_id)[0] > 1


def changed(database: Database, statement: str) -> None:
    """Change this test's own database."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute(statement.encode())
