"""An id that its person had replaced is of no use at once, also where another request had it replaced meanwhile."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.clients.models import Client
from portal.core import clock
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.identity.models import LoginSession, User
from portal.identity.services import sessions
from portal.people.services import seats
from tests import factories as make
from tests.identity.steps import System, Visit, is_in, token_of, with_token
from tests.identity.test_rotation import _add_app
from tests.pages import Page, Visitor
from tests.world import SAM


def _take_seat(who: Visitor, _side: str) -> Page:
    page = who.get("/account/membership")
    [other] = [form for form in page.dom.select("form[action$='/membership']") if form.select_one("[name=membership]")]
    return who.post("/account/membership", {each["name"]: each["value"] for each in other.select("input")})


def _at_another_company(session: Any) -> None:
    user = session.execute(select(User).where(User.id == SAM.id)).scalar_one()
    company = session.execute(select(Client.id).where(Client.id != SAM.client_id).limit(1)).scalar_one()
    make.a_member(user, make.a_contact(company, user.name))


@pytest.mark.parametrize("act", [_add_app, _take_seat], ids=["a second factor", "another company"])
def test_the_id_from_before_gets_no_grace_by_another_request(
    visit: Visit, system: System, monkeypatch: pytest.MonkeyPatch, act: Callable[[Visitor, str], Page]
) -> None:
    with system() as session:
        _at_another_company(session)
    who = visit(SAM)
    is_in(who, "client")
    before = token_of(who, "client") or ""
    replace = sessions.another_token

    def late(session: LoginSession) -> sessions.Started:
        """The row was read; now the edge of another request has the token replaced, because of changed rights."""
        of_before = {"former_hash": session.token_hash, "former_until": clock.now() + dt.timedelta(seconds=30)}
        with transaction(system_scope(SAM.tenant_id)) as other:
            mine = update(LoginSession).where(LoginSession.id == session.id)
            other.execute(mine.values(token_hash="f" * 64, **of_before))
        return replace(session)

    for module in (sessions, seats):
        monkeypatch.setattr(module, "another_token", late)
    assert act(who, "client").status in {200, 303}
    assert is_in(who, "client")
    assert token_of(who, "client") != before
    assert not is_in(with_token(visit(), "client", before), "client")
