"""Access reviews: when they begin, who decides what, when they are over or overdue."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.identity.models import AccessReview, AccessReviewItem, AccessSettings, Membership
from portal.people.services import reviewing
from tests import jobs, world

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _interval(change: Any) -> None:
    change(AccessSettings, AccessSettings.tenant_id == world.tenant_id("harbor"), review_days=90)


@pytest.fixture
def review(system: Any) -> Any:
    """A review at Bright Dental, begun now."""
    with system():
        return reviewing.start_review(world.DANA.client_id, clock.business_now()).id


def item(session: Any, person: Any) -> AccessReviewItem:
    found = select(AccessReviewItem).where(AccessReviewItem.membership_id == person.membership_id)
    return session.scalars(found).one()


def begun(system: Any, at: dt.datetime) -> int:
    with system():
        return reviewing.start_due_reviews(at)


def test_reviews_begin_once_an_interval(system: Any) -> None:
    now = clock.business_now()
    assert begun(system, now) == 2, "both clients of Harbor"
    assert begun(system, now + 200 * DAY) == 0, "as long as one is open, no other begins"
    with system() as session:
        for each in session.scalars(select(AccessReview)):
            each.finished_at = now + DAY
    assert begun(system, now + 89 * DAY) == 0
    assert begun(system, now + 91 * DAY) == 2


def test_without_an_interval_nothing_begins(system: Any, change: Any) -> None:
    change(AccessSettings, AccessSettings.tenant_id == world.tenant_id("harbor"), review_days=None)
    assert begun(system, clock.business_now()) == 0


def test_the_admins_are_mailed_and_nobody_else(app: Any, review: Any) -> None:
    jobs.work_off(app)
    mails = [mail for mail in jobs.sent(app) if "look over who has access" in str(mail["Subject"])]
    assert [world.DANA.email in str(mail["To"]) for mail in mails] == [True]
    assert "/account/review" in jobs.words(mails[0])


def test_an_admin_confirms_and_removes_until_nobody_is_left(visit: Any, system: Any, review: Any) -> None:
    dana, sam = visit(world.DANA), visit(world.SAM)
    with system() as session:
        ids = {person: item(session, person).id for person in (world.DANA, world.SAM, world.FIN)}
    for person, decision in ((world.DANA, "kept"), (world.SAM, "removed"), (world.FIN, "kept")):
        page = dana.submit("/account/review", f"/review/{ids[person]}", decision=decision)
        assert page.status == 303
    assert sam.get("/").status == 303, "removed is out at once"
    assert "Nothing to decide" in dana.get("/account/review")
    with system() as session:
        assert session.scalars(select(AccessReview.finished_at).where(AccessReview.id == review)).one() is not None
        decided = item(session, world.SAM)
        assert (decided.decision, decided.by_contact_id, decided.by_user_id) == ("removed", world.DANA.contact_id, None)
        assert not session.scalars(select(Membership.is_active).where(Membership.id == world.SAM.membership_id)).one()


def test_nobody_removes_themselves_and_the_last_admin_stays(visit: Any, system: Any, review: Any) -> None:
    with system() as session:
        danas = item(session, world.DANA).id
    for who, path in ((world.DANA, "/account/review"), (world.ADMIN, "/msp/clients/10001/review")):
        browser = visit(who)
        page = browser.submit(path, f"/review/{danas}", decision="removed")
        shown = browser.follow(page)
        assert ("Nobody changes their own" if who is world.DANA else "last Admin") in shown
    with system() as session:
        assert item(session, world.DANA).decision is None
        assert session.scalars(select(Membership.is_active).where(Membership.id == world.DANA.membership_id)).one()


def test_a_decision_stands(visit: Any, system: Any, review: Any) -> None:
    with system() as session:
        sams = item(session, world.SAM).id
    admin = visit(world.ADMIN)
    assert admin.submit("/msp/clients/10001/review", f"/review/{sams}", decision="kept").status == 303
    token = admin.get("/msp/settings").dom.select_one("input[name=csrf_token]")["value"]
    admin.post(f"/msp/clients/10001/review/{sams}", {"csrf_token": token, "decision": "removed"})
    with system() as session:
        decided = item(session, world.SAM)
        assert (decided.decision, decided.by_user_id, decided.by_contact_id) == ("kept", world.ADMIN.id, None)


def test_an_overdue_review_shows_on_both_first_pages_and_lists(visit: Any, change: Any, review: Any) -> None:
    dana, admin = visit(world.DANA), visit(world.ADMIN)
    assert "overdue" not in dana.get("/")
    assert "Access review" in dana.get("/")
    assert "overdue" not in admin.get("/msp/tickets")
    change(AccessReview, AccessReview.id == review, due_at=clock.business_now() - DAY)
    assert "overdue" in dana.get("/")
    assert "The access review is overdue" in dana.get("/account/users")
    assert "One access review is overdue" in admin.get("/msp/tickets")
    assert "overdue" in admin.get("/admin/reviews")
    assert "overdue" not in visit(world.TECH).get("/msp/tickets")
    assert "Access review" not in visit(world.SAM).get("/")


def test_a_neighbours_review_is_none(visit: Any, system: Any) -> None:
    with system() as session:
        reviewing.start_review(world.NOAH.client_id, clock.business_now())
        foreign = item(session, world.NOAH).id
    dana = visit(world.DANA)
    assert "CANARY" not in dana.get("/account/review")
    token = dana.get("/account").form("/account")["csrf_token"]
    for path in (f"/account/review/{foreign}", f"/account/review/{world.fixed('nothing')}"):
        assert dana.post(path, {"csrf_token": token, "decision": "removed"}).status == 404
    assert visit(world.SAM).get("/account/review").status == 404
    with system() as session:
        assert item(session, world.NOAH).decision is None


def test_who_lost_access_meanwhile_needs_no_decision(system: Any, change: Any, review: Any) -> None:
    from portal.core.tenancy.scope import system_scope

    change(Membership, Membership.id == world.FIN.membership_id, is_active=False)
    for person in (world.DANA, world.SAM):
        with system() as session:
            reviewing.decide(
                item(session, person).id, world.DANA.client_id, "kept", by=system_scope(world.tenant_id("harbor"))
            )
    with system() as session:
        assert session.scalars(select(AccessReview.finished_at).where(AccessReview.id == review)).one() is not None
