"""A code that was typed with a wrong address, or with somebody else's, doesn't shut its contact out for good."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.clients.models import Contact
from portal.identity.models import MailToken, Membership, User
from portal.identity.services import access_codes
from portal.identity.services.access_codes import HasLogin
from tests import jobs
from tests.accounts.steps import NEW, LinkTo, System, Visit, as_person, opened
from tests.accounts.test_linking import BEA, code, link
from tests.identity.steps import is_in, sign_in
from tests.world import ADMIN, NOAH

__all__ = ["code"]
TYPO = "bae@brightdental.example"


def _another_code(app: Flask) -> str:
    with as_person(app, ADMIN) as session:
        contact = session.execute(select(Contact).where(Contact.name == BEA.name)).scalar_one()
        return access_codes.issue_access_code(contact, by=session.info["viewer"])


@pytest.mark.parametrize("typed", [TYPO, NOAH.email])
@pytest.mark.parametrize("state", ["active", "suspended"])
def test_the_staff_hands_out_another(
    app: Flask, visit: Visit, link_to: LinkTo, system: System, code: str, typed: str, state: str
) -> None:
    with system() as session:
        session.execute(update(User).where(User.id == NOAH.id).values(state=state))
    assert link(visit(), code, email=typed).status == 303
    jobs.work_off(app)
    admin = visit(ADMIN)
    with system() as session:
        contact_id = session.execute(select(Contact.id).where(Contact.name == BEA.name)).scalar_one()
    answer = admin.submit(f"/msp/clients/10001/people/{contact_id}", "/access-code")
    newer = answer.dom.select_one("code.code").get_text()
    with system() as session:
        live = select(MailToken.id).where(MailToken.used_at.is_(None), MailToken.revoked_at.is_(None))
        assert session.execute(live).first() is None, "no link of the wrong address works any more"
    stranger = visit()
    assert link(stranger, newer).status == 303
    opened(stranger, link_to(BEA.email))
    assert stranger.submit("/auth/verify-email", "/verify-email", password=NEW).status == 303
    assert sign_in(stranger, BEA, NEW).status == 303
    assert is_in(stranger, "client")
    with system() as session:
        whose = select(User.email_key).join(Membership, Membership.user_id == User.id)
        assert session.execute(whose.where(Membership.contact_id == contact_id)).scalars().all() == [BEA.email]


def test_whoever_came_in_keeps_the_seat(app: Flask, visit: Visit, link_to: LinkTo, code: str) -> None:
    stranger = visit()
    link(stranger, code)
    opened(stranger, link_to(BEA.email))
    stranger.submit("/auth/verify-email", "/verify-email", password=NEW)
    with pytest.raises(HasLogin):
        _another_code(app)


def test_a_seat_that_somebody_took_from_the_mail_stays(app: Flask, visit: Visit, link_to: LinkTo, code: str) -> None:
    link(visit(), code, email=NOAH.email)
    owner = visit()
    opened(owner, link_to(NOAH.email))
    assert owner.submit("/auth/invitation", "/invitation").status == 303
    with pytest.raises(HasLogin):
        _another_code(app)
