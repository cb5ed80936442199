"""*Open portal as…*: what the staff sees of a client's portal, how long, and what they can't do there."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from portal.cli.routes import routes
from portal.clients.models import Client, Contact
from portal.core import clock, policy
from portal.core.audit import AuditEntry
from portal.core.tenancy.scope import Reach, Scope
from portal.core.tenancy.session import transaction
from portal.identity.models import AccessSettings, ClientAssignment, LoginSession, StaffProfile, StaffRole, User
from portal.tickets.models import Comment, Ticket
from tests import world
from tests.isolation import kinds, sweep
from tests.isolation.rig import face_of
from tests.people.conftest import COMPANY, opened


@pytest.fixture
def looking(visit: Any) -> Any:
    """The administrator, looking on as Sam."""
    admin = visit(world.ADMIN)
    page = opened(admin)
    assert (page.status, page.headers["Location"]) == (303, "/")
    return admin


def is_over(browser: Any) -> bool:
    return browser.get("/").status != 200


def views(session: Any) -> list[LoginSession]:
    return list(session.scalars(select(LoginSession).where(LoginSession.as_contact_id.is_not(None))))


def test_the_staff_sees_what_the_person_sees_and_every_page_says_so(looking: Any) -> None:
    for path in ("/", "/tickets", f"/tickets/{world.OUR_NUMBER}", "/contact", "/tickets/424242"):
        page = looking.get(path)
        assert "You see the portal as Sam Bright of Bright Dental \u2013 read only." in page, path
        assert page.dom.select_one(".looking form button").get_text(strip=True) == "Leave"
    ticket = looking.get(f"/tickets/{world.OUR_NUMBER}")
    assert "SECRETNOTE" not in ticket
    assert "SECRETFILE" not in ticket
    assert not ticket.dom.select("main form"), "nothing to write with"


def test_the_console_stays_open_beside_it(looking: Any) -> None:
    assert looking.get(COMPANY).status == 200


def test_beside_each_client_it_opens_as_the_main_contact(visit: Any, change: Any) -> None:
    change(Contact, Contact.id == world.DANA.contact_id, is_primary=True)
    admin = visit(world.ADMIN)
    opened(admin, world.DANA, "/msp/clients")
    assert "as Dana Bright of Bright Dental" in admin.get("/")


def test_leaving_ends_it_and_leads_back(looking: Any, system: Any) -> None:
    token = looking.http.get_cookie("session", domain=looking.host).value
    page = looking.submit("/", "/looking-on/ending")
    assert (page.status, page.headers["Location"]) == (303, COMPANY)
    assert looking.http.get_cookie("session", domain=looking.host) is None
    looking.http.set_cookie("session", token, domain=looking.host)
    assert is_over(looking), "the token is worth nothing any more"
    with system() as session:
        assert views(session) == []


def test_both_ends_stand_in_the_trail_that_the_client_reads(looking: Any, app: Any, system: Any) -> None:
    looking.submit("/", "/looking-on/ending")
    dana = Scope(
        tenant_id=world.tenant_id("harbor"), reach=Reach.CLIENT, client_id=world.DANA.client_id, user_id=world.DANA.id
    )
    with app.app_context(), transaction(dana) as session:
        told = session.scalars(
            select(AuditEntry).where(AuditEntry.action.startswith("portal.")).order_by(AuditEntry.position)
        ).all()
        assert [entry.action for entry in told] == ["portal.opened", "portal.left"]
        assert all(entry.facts["facts"]["staff"] == "Ada Quay" for entry in told)
        assert all(entry.user_id == world.ADMIN.id for entry in told)
        assert told[1].facts["facts"]["as_contact"] == str(world.SAM.contact_id)


def test_what_it_does_is_never_the_persons_own_doing(looking: Any, system: Any) -> None:
    looking.get("/")
    with system() as session:
        (view,) = views(session)
        assert view.user_id == world.ADMIN.id
        assert view.expires_at - view.created_at == dt.timedelta(minutes=30)


OPEN = {"/", "/account/company", "/looking-on/ending"}


def test_of_all_client_pages_only_the_marked_and_the_readable_are_open(looking: Any, app: Any) -> None:
    """Settings, credentials and every act are shut, whoever adds one."""
    leaks = []
    for row in routes(app):
        if row["face"] != "client" or row["rule"] in OPEN:
            continue
        values = dict.fromkeys(row["arguments"], world.OUR_NUMBER)
        values |= {name: world.SAM.contact_id for name in row["arguments"] if name.endswith("_id")}
        path = sweep.address(app, row, values, world.SAM)
        for method in row["methods"]:
            data = (
                {"csrf_token": looking.get("/").form("/looking-on/ending")["csrf_token"]} if method == "POST" else None
            )
            page = looking.open(method, path, data=data)
            reads = (row["permission"] or "").endswith(":read") and method == "GET"
            if not reads and page.status not in {403, 404}:
                leaks.append(f"{method} {row['rule']} answers {page.status}")
    assert leaks == []


def test_without_the_rule_for_lookers_the_walk_fails(looking: Any, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "is_open_to_lookers", lambda *_: True)
    with pytest.raises(AssertionError):
        test_of_all_client_pages_only_the_marked_and_the_readable_are_open(looking, app)


def test_the_menu_offers_nothing_that_is_shut(looking: Any) -> None:
    page = looking.get("/")
    assert not page.dom.select("a[href^='/settings']")
    assert not page.dom.select("form[action='/auth/signout']")


ENDINGS: dict[str, Any] = {
    "console session": lambda s: s.execute(delete(LoginSession).where(LoginSession.side == "msp")),
    "suspension": lambda s: s.execute(update(User).where(User.id == world.ADMIN.id).values(state="suspended")),
    "off the staff": lambda s: s.execute(
        update(StaffProfile).where(StaffProfile.user_id == world.ADMIN.id).values(is_active=False)
    ),
    "role taken": lambda s: s.execute(delete(StaffRole).where(StaffRole.user_id == world.ADMIN.id)),
    "contact gone": lambda s: s.execute(
        update(Contact).where(Contact.id == world.SAM.contact_id).values(is_active=False)
    ),
    "client gone": lambda s: s.execute(update(Client).where(Client.number == 10001).values(is_active=False)),
    "time": lambda s: s.execute(
        update(LoginSession).where(LoginSession.as_contact_id.is_not(None)).values(expires_at=clock.now())
    ),
    "not their client": lambda s: s.execute(
        update(StaffProfile).where(StaffProfile.user_id == world.ADMIN.id).values(sees_assigned_only=True)
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_it_is_over_at_the_next_request(looking: Any, system: Any, ending: str) -> None:
    assert not is_over(looking)
    with system() as session:
        ENDINGS[ending](session)
    assert is_over(looking)


def test_signing_out_of_the_console_ends_it_and_tells_the_client(looking: Any, system: Any) -> None:
    looking.submit(COMPANY, "/auth/msp/signout")
    assert is_over(looking)
    with system() as session:
        assert views(session) == []
        left = session.scalars(select(AuditEntry).where(AuditEntry.action == "portal.left")).all()
        assert [(entry.visibility, entry.client_id) for entry in left] == [("public", world.SAM.client_id)]


def test_what_time_ended_is_told_when_it_is_cleaned_up(looking: Any, system: Any) -> None:
    from portal.identity.services.sessions import remove_ended_sessions

    with system() as session:
        remove_ended_sessions(clock.now() + dt.timedelta(minutes=31))
    with system() as session:
        (left,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "portal.left")).all()
        assert left.facts["facts"]["reason"] == "over"


def test_one_console_session_looks_on_once(looking: Any, system: Any) -> None:
    opened(looking, world.DANA)
    assert "as Dana Bright" in looking.get("/")
    with system() as session:
        assert len(views(session)) == 1


def test_the_browsers_own_portal_session_is_out_of_the_way_and_it_is_said(visit: Any, system: Any) -> None:
    admin = visit(world.ADMIN)
    admin.sign_in(world.DANA)
    own = admin.http.get_cookie("session", domain=admin.host).value
    opened(admin)
    assert "This browser was signed in to the portal." in admin.get("/")
    assert admin.http.get_cookie("session", domain=admin.host).value != own


@pytest.mark.parametrize("person", [world.TECH, world.BILLING, world.READER], ids=lambda each: each.role)
def test_only_who_may_opens_a_portal(visit: Any, person: Any) -> None:
    staff = visit(person)
    assert not staff.get(COMPANY).dom.select("form[action$='/portal']")
    token = staff.get("/msp/settings").dom.select_one("input[name=csrf_token]")["value"]
    page = staff.post(f"{COMPANY}/contacts/{world.SAM.contact_id}/portal", {"csrf_token": token})
    assert page.status == 403
    assert staff.http.get_cookie("session", domain=staff.host) is None


@pytest.mark.parametrize(
    "path",
    [
        f"/msp/clients/10001/contacts/{world.NOAH.contact_id}/portal",
        f"/msp/clients/900101/contacts/{world.SAM.contact_id}/portal",
        f"/msp/clients/10001/contacts/{world.DELTA_SAM.contact_id}/portal",
        f"/msp/clients/900001/contacts/{world.DELTA_SAM.contact_id}/portal",
    ],
)
def test_a_contact_of_another_client_or_tenant_is_nobody(visit: Any, system: Any, path: str) -> None:
    admin = visit(world.ADMIN)
    token = admin.get("/msp/settings").dom.select_one("input[name=csrf_token]")["value"]
    got = admin.post(path, {"csrf_token": token})
    nobody = admin.post(f"/msp/clients/10001/contacts/{world.fixed('nobody')}/portal", {"csrf_token": token})
    assert got.status == 404
    assert face_of(got)[0] == face_of(nobody)[0]
    with system() as session:
        assert views(session) == []


def test_who_looks_after_some_clients_opens_only_their_portals(visit: Any, system: Any, change: Any) -> None:
    from tests import factories as make

    with system():
        make.put(ClientAssignment(user_id=world.ADMIN.id, client_id=world.client_id("Bright Dental")))
    change(StaffProfile, StaffProfile.user_id == world.ADMIN.id, sees_assigned_only=True)
    admin = visit(world.ADMIN)
    assert opened(admin).status == 303
    assert admin.get("/").status == 200


def test_a_contact_without_account_sees_what_it_takes_part_in(visit: Any, system: Any) -> None:
    from tests import factories as make

    with system() as session:
        contact = make.a_contact(world.SAM.client_id, "Nobody Yet")
        ticket = session.scalars(select(Ticket).where(Ticket.number == world.OUR_NUMBER)).one()
        make.a_person_on(ticket, contact, "affected")
        contact_id = contact.id
    admin = visit(world.ADMIN)
    page = admin.submit(COMPANY, f"/contacts/{contact_id}/portal")
    assert page.status == 303
    assert "The VPN is slow" in admin.get("/tickets")


def test_a_private_ticket_is_not_opened_by_looking_on(looking: Any, change: Any) -> None:
    change(Ticket, Ticket.number == world.OUR_NUMBER, is_private=True)
    assert looking.get(f"/tickets/{world.OUR_NUMBER}").status == 404
    assert "The VPN is slow" not in looking.get("/tickets")


class TestWriting:
    """Where the tenant lets the staff write."""

    @pytest.fixture(autouse=True)
    def _allowed(self, change: Any) -> None:
        change(AccessSettings, AccessSettings.tenant_id == world.tenant_id("harbor"), view_as_may_write=True)

    def test_a_comment_is_the_staffs_and_not_the_contacts(self, looking: Any, system: Any) -> None:
        page = looking.submit(f"/tickets/{world.OUR_NUMBER}", "/comments", body="Written while looking on")
        assert page.status == 303, page.text
        with system() as session:
            written = session.scalars(select(Comment).where(Comment.body == "Written while looking on")).one()
            assert (written.author_user_id, written.author_contact_id) == (world.ADMIN.id, None)
        assert "signed with your own name" in looking.get("/")

    def test_a_ticket_opened_for_the_person_says_who_opened_it(self, looking: Any, system: Any) -> None:
        page = looking.submit("/tickets/new", "/tickets/new", subject="Opened for Sam", description="On the phone.")
        assert page.status == 303, page.text
        with system() as session:
            ticket = session.scalars(select(Ticket).where(Ticket.subject == "Opened for Sam")).one()
            assert (ticket.opened_by_user_id, ticket.opened_by_contact_id) == (world.ADMIN.id, None)
            assert ticket.requester_contact_id == world.SAM.contact_id

    def test_a_refused_form_with_a_file_is_no_fault(self, looking: Any) -> None:
        import io

        form = looking.get("/tickets/new").form("/tickets/new") | {"files": (io.BytesIO(b"words"), "a.txt")}
        page = looking.open("POST", "/tickets/new", data=form, content_type="multipart/form-data")
        assert page.status == 422

    def test_settings_stay_shut(self, looking: Any) -> None:
        assert looking.get("/settings").status == 404


def test_an_ordinary_person_has_nothing_to_leave(visit: Any) -> None:
    sam = visit(world.SAM)
    token = sam.get("/settings").dom.select_one("input[name=csrf_token]")["value"]
    assert sam.post("/looking-on/ending", {"csrf_token": token}).headers["Location"] == "/"
    assert sam.get("/settings").status == 200


def test_the_kinds_of_the_sweep_know_contacts() -> None:
    assert {"company", "contact"} <= set(kinds.FINDS)
