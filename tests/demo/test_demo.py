"""The demo data: what the README promises, true to the rules of tickets, the same for the same seed."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portal.core import bulk, canaries
from portal.core.storage import blobs_at
from portal.settings import read
from portal.tenants.showcase import PASSWORD, SHOWCASES
from portal.tickets import rules
from portal.tickets.demo.stories import stories
from tests import databases, every_model
from tests.databases import Database
from tests.pages import Visitor
from tests.shape import catalogue

DAY = "2026-11-20"
TICKET = re.compile(r'href="(?:/msp)?/tickets/\d+"')
MARKER = re.compile(r"CANARY-([a-z]+)-(\d+|-)-([a-z_]+)-([a-z_]+)-[0-9a-f]{12}$")


class Demo:
    """A database with the demo in it."""

    def __init__(self, database: Database, redis_url: str, folder: Path) -> None:
        from portal import create_app

        self.database = database
        self.app = create_app(read(databases.environment(database, redis_url, str(folder))))

    def load(self, *options: str) -> Any:
        return self.app.test_cli_runner().invoke(args=["demo", *options])

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database.owner_url) as connection:
            return connection.execute(statement, values).fetchall()

    def close(self) -> None:
        from portal.extensions import db

        with self.app.app_context():
            db.engine.dispose()
        databases.drop(self.database)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def made(admin_url: str, redis_url: str, name: str, folder: Path) -> Demo:
    return Demo(databases.copied(Database(admin_url, databases.EMPTY), name), redis_url, folder)


@pytest.fixture(scope="module")
def demo(admin_url: str, redis_url: str, worker_name: str, folder: Path) -> Iterator[Demo]:
    loaded = made(admin_url, redis_url, f"portal_demo_{worker_name}", folder)
    result = loaded.load()
    assert result.exit_code == 0, result.output
    yield loaded
    loaded.close()


def test_both_msps_are_there_with_the_people_of_the_readme(demo: Demo) -> None:
    found = {(slug, email) for slug, email in demo.ask(
        "SELECT t.slug, u.email FROM users u JOIN tenants t ON t.id = u.tenant_id"
    )}  # fmt: skip
    for showcase in SHOWCASES:
        people = [email for email, _ in showcase.staff]
        people += [email for _, staff in showcase.clients for email, _ in staff]
        assert {(showcase.slug, email) for email in people} <= found
        names = {name for (name,) in demo.ask(
            "SELECT c.name FROM clients c JOIN tenants t ON t.id = c.tenant_id WHERE t.slug = %s", showcase.slug
        )}  # fmt: skip
        assert names == {name for name, _ in showcase.clients}


@pytest.mark.parametrize(
    ("slug", "email", "role"),
    [
        (showcase.slug, email, role)
        for showcase in SHOWCASES
        for email, role in (*showcase.staff, *(each for _, people in showcase.clients for each in people))
    ],
)
def test_everybody_signs_in_and_finds_something(demo: Demo, slug: str, email: str, role: str) -> None:
    side = "msp" if email.endswith(f"@{slug}.example") else "client-portal"
    visitor = Visitor(demo.app, f"{slug}.localhost")
    page = visitor.submit(f"/auth/{side}/signin", f"/auth/{side}/signin", email=email, password=PASSWORD)
    assert page.status == 303, page.text
    tickets = visitor.get("/msp/tickets" if side == "msp" else "/tickets")
    assert tickets.status == 200
    assert TICKET.search(tickets.text), f"{email} ({role}) finds no ticket"


@pytest.mark.parametrize("slug", ["harbor", "summit"])
def test_there_are_tickets_in_every_state_over_eighteen_months(demo: Demo, slug: str) -> None:
    rows = demo.ask(
        "SELECT s.category, t.opened_at, t.touched_at, (SELECT count(*) FROM comments c WHERE c.ticket_id = t.id)"
        " FROM tickets t JOIN statuses s ON s.id = t.status_id JOIN tenants m ON m.id = t.tenant_id WHERE m.slug = %s",
        slug,
    )
    assert len(rows) >= 40
    assert {row[0] for row in rows} == {category.value for category in rules.Category}
    now = dt.datetime.now(dt.UTC)
    assert min(row[1] for row in rows) < now - dt.timedelta(days=500)
    assert now - dt.timedelta(days=5) < max(row[2] for row in rows) <= now
    assert min(row[3] for row in rows) == 1
    assert max(row[3] for row in rows) <= 30
    assert sum(row[3] for row in rows) > 150


@pytest.mark.parametrize("slug", ["harbor", "summit"])
def test_words_are_long_and_umlauted_and_run_from_right_to_left(demo: Demo, slug: str) -> None:
    words = " ".join(
        row[0]
        for row in demo.ask(
            "SELECT subject FROM tickets t JOIN tenants m ON m.id = t.tenant_id WHERE slug = %s UNION ALL"
            " SELECT body FROM comments c JOIN tenants m ON m.id = c.tenant_id WHERE slug = %s UNION ALL"
            " SELECT k.name FROM contacts k JOIN tenants m ON m.id = k.tenant_id WHERE slug = %s", slug, slug, slug,
        )
    )  # fmt: skip
    for some in ("[äöüÄÖÜß]", "[א-ת]{3}", "[\u0621-\u064a]{3}", r"\w{10}-\w{10}", r"\w{17}", "für|nicht|bitte"):
        assert re.search(some, words), some
    assert not re.search(r"[{}]", words), "a word was not filled in"


def test_photos_lie_in_the_storage_of_their_tenant(demo: Demo) -> None:
    files = demo.ask("SELECT tenant_id, blob_key, thumbnail_key, size, content_type, visibility FROM attachments")
    assert Counter(row[4] for row in files)["image/jpeg"] >= 10
    with demo.app.app_context():
        kept = blobs_at(demo.app.extensions["settings"].storage_url)
        for tenant_id, key, thumbnail, size, content_type, _ in files:
            stored = b"".join(kept.open(UUID(str(tenant_id)), key))
            assert len(stored) == size < 200_000
            if content_type == "image/jpeg":
                assert stored.startswith(b"\xff\xd8")
                assert b"".join(kept.open(UUID(str(tenant_id)), thumbnail))[8:12] == b"WEBP"


def test_there_are_notes_among_the_staff(demo: Demo) -> None:
    assert demo.ask("SELECT count(*) FROM comments WHERE visibility = 'internal'")[0][0] >= 20


def test_tickets_stand_as_the_rules_say(demo: Demo) -> None:
    """Version, times, turn and phase of each ticket follow from its entries, as the services would have left them."""
    wrong = demo.ask(
        """
        WITH entries AS (
            SELECT ticket_id, version, public_version, created_at FROM comments
             UNION ALL SELECT ticket_id, version, public_version, created_at FROM ticket_changes),
        sums AS (
            SELECT ticket_id, max(version) AS version, count(*) AS n, max(public_version) AS public_version,
                   count(public_version) AS public_n, max(created_at) AS touched_at,
                   max(created_at) FILTER (WHERE public_version IS NOT NULL) AS updated_at, min(created_at) AS opened_at
              FROM entries GROUP BY ticket_id)
        SELECT t.number FROM tickets t JOIN sums s ON s.ticket_id = t.id
         WHERE (t.version, t.version, t.public_version, t.public_version)
               IS DISTINCT FROM (s.version, s.n::int, s.public_version, s.public_n::int)
            OR (t.touched_at, t.updated_at, t.opened_at) IS DISTINCT FROM (s.touched_at, s.updated_at, s.opened_at)
        """
    )
    assert wrong == []
    for category, turn, phase, resolved, closed in demo.ask(
        "SELECT s.category, t.turn, t.phase, t.resolved_at, t.closed_at FROM tickets t"
        " JOIN statuses s ON s.id = t.status_id"
    ):
        state = rules.State(rules.Category(category), rules.Turn(turn) if turn else None)
        assert state.phase == phase
        assert (resolved is not None) == state.is_done
        assert (closed is not None) == (category == "closed")


def test_numbers_go_on_where_the_demo_ends(demo: Demo) -> None:
    for upcoming, highest in demo.ask(
        "SELECT c.upcoming, (SELECT max(number) FROM tickets t WHERE t.tenant_id = c.tenant_id) FROM counters c"
        " WHERE kind = 'ticket'"
    ):
        assert upcoming == highest + 1


ACCESS = {
    "boards x WHERE NOT is_default": (1, 0),
    "memberships x WHERE board_group_id IS NOT NULL": (1, 0),
    "membership_role_sites x WHERE true": (1, 1),
    "roles x WHERE key IS NULL AND EXISTS (SELECT FROM membership_roles m WHERE m.role_id = x.id)": (1, 0),
    "tickets x WHERE is_private": (1, 1),
    "access_reviews x WHERE finished_at IS NULL AND due_at > now()": (1, 0),
    "access_review_items x JOIN access_reviews r ON r.id = review_id WHERE finished_at IS NULL AND decision = 'kept'": (
        3, 0,
    ),
    "memberships x JOIN group_grants g ON g.id = x.group_grant_id AND g.user_id = x.user_id WHERE true": (2, 0),
    "denials x WHERE true": (1, 0),
    "mail_tokens x JOIN memberships m ON m.id = membership_id WHERE expires_at > now() AND NOT m.is_active": (1, 0),
    "mail_tokens x WHERE expires_at <= now() AND revoked_at IS NOT NULL": (1, 0),
    "access_requests x WHERE state = 'open'": (1, 0),
    "security_alerts x WHERE seen_at IS NULL": (1, 1),
    "security_alerts x WHERE seen_at IS NOT NULL": (1, 0),
    "staff_profiles x JOIN client_assignments a ON a.user_id = x.user_id WHERE sees_assigned_only": (1, 0),
    "sso_providers x WHERE NOT is_active": (1, 0),
    "email_domains x WHERE proven_at IS NOT NULL": (1, 0),
    "email_domains x WHERE proven_at IS NULL": (1, 0),
}  # fmt: skip
"""Examples of access, and how many of each Harbor and Summit have."""


@pytest.mark.parametrize("what", ACCESS)
def test_access_has_an_example_of_each_thing(demo: Demo, what: str) -> None:
    count = f"SELECT count(*) FROM {what} AND x.tenant_id = (SELECT t.id FROM tenants t WHERE t.slug = %s)"  # noqa: S608  # our own words
    assert tuple(demo.ask(count, slug)[0][0] for slug in ("harbor", "summit")) == ACCESS[what]


def test_nobody_of_the_readme_is_narrowed_or_asked_for_more(demo: Demo) -> None:
    named = [email for showcase in SHOWCASES for _, people in showcase.clients for email, _ in people]
    staff = [email for showcase in SHOWCASES for email, _ in showcase.staff]
    assert demo.ask(
        "SELECT u.email FROM users u JOIN memberships m ON m.user_id = u.id LEFT JOIN denials d"
        " ON d.membership_id = m.id OR d.client_id = m.client_id LEFT JOIN membership_roles r ON r.membership_id = m.id"
        " LEFT JOIN membership_role_sites s ON s.membership_role_id = r.id WHERE u.email = ANY (%s)"
        " AND (d.id IS NOT NULL OR s.id IS NOT NULL OR m.board_group_id IS NOT NULL OR NOT m.is_active)", named,
    ) == []  # fmt: skip
    assert demo.ask(
        "SELECT u.email FROM users u JOIN staff_profiles p ON p.user_id = u.id WHERE u.email = ANY (%s)"
        " AND (p.sees_assigned_only OR NOT p.is_active)", staff,
    ) == []  # fmt: skip
    assert (
        demo.ask("SELECT name FROM roles WHERE requires_mfa UNION ALL SELECT name FROM sso_providers WHERE is_required")
        == []
    )
    assert demo.ask(
        "SELECT u.email FROM users u JOIN audit_entries a ON a.user_id = u.id WHERE u.email = ANY (%s)"
        " AND a.action = 'sign_in.succeeded' AND a.at < date_trunc('day', now(), 'UTC')", named + staff,
    ) == [], "their first sign-in would be told to the administrators as one from an unknown browser"  # fmt: skip


def test_the_trail_tells_of_the_past_and_its_chain_holds(demo: Demo) -> None:
    told = demo.ask(
        "SELECT t.slug, count(*), count(DISTINCT a.action), count(*) FILTER (WHERE visibility = 'public')"
        " FROM audit_entries a JOIN tenants t ON t.id = a.tenant_id WHERE a.at < now() - interval '12 hours' GROUP BY 1"
    )
    assert [slug for slug, count, acts, shown in sorted(told) if count >= 15 and shown and acts >= 2] == [
        "harbor", "summit",
    ]  # fmt: skip
    assert {slug: acts for slug, _, acts, _ in told}["harbor"] >= 15
    result = demo.app.test_cli_runner().invoke(args=["audit", "verify"])
    assert result.exit_code == 0, result.output


def test_what_is_private_is_read_by_whom_it_names_alone(demo: Demo) -> None:
    ((number, asker),) = demo.ask(
        "SELECT t.number, c.email FROM tickets t JOIN contacts c ON c.id = t.requester_contact_id"
        " JOIN tenants m ON m.id = t.tenant_id WHERE m.slug = 'harbor' AND t.is_private"
    )
    for email, status in ((asker, 200), ("dana@brightdental.example", 404)):
        visitor = Visitor(demo.app, "harbor.localhost")
        visitor.submit("/auth/client-portal/signin", "/auth/client-portal/signin", email=email, password=PASSWORD)
        assert visitor.get(f"/tickets/{number}").status == status, email


def test_who_is_held_to_one_site_sees_its_tickets_only(demo: Demo) -> None:
    visitor = Visitor(demo.app, "harbor.localhost")
    lena = "lena@brightdental.example"
    visitor.submit("/auth/client-portal/signin", "/auth/client-portal/signin", email=lena, password=PASSWORD)
    seen = {int(number) for number in re.findall(r'href="/tickets/(\d+)"', visitor.get("/tickets").text)}
    there = {number for (number,) in demo.ask(
        "SELECT t.number FROM tickets t JOIN sites s ON s.id = t.site_id JOIN tenants m ON m.id = t.tenant_id"
        " WHERE m.slug = 'harbor' AND s.name = 'Laboratory' AND NOT t.is_private"
    )}  # fmt: skip
    assert seen
    assert seen <= there


def test_it_is_loaded_once(demo: Demo) -> None:
    before = demo.ask("SELECT count(*), max(id::text) FROM tickets")
    result = demo.load()
    assert result.exit_code == 0
    assert "Harbor IT is there already" in result.output
    assert demo.ask("SELECT count(*), max(id::text) FROM tickets") == before


def test_it_refuses_production(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    settings = dataclasses.replace(demo.app.extensions["settings"], env="production")
    monkeypatch.setitem(demo.app.extensions, "settings", settings)
    result = demo.load("--tenants", "3")
    assert result.exit_code == 1
    assert "not for production" in result.output
    assert demo.ask("SELECT count(*) FROM tenants") == [(2,)]


TOLD = """
    SELECT t.slug, a.id::text, a.at::text, a.action, a.object_id::text, a.visibility, a.facts -> 'facts'
      FROM audit_entries a JOIN tenants t ON t.id = a.tenant_id WHERE a.at < '2026-11-20 12:00' ORDER BY 1, 3, 2
"""
CONTENT = """
    SELECT t.slug, x.number::text, x.subject, x.opened_at::text, x.phase, c.body, c.created_at::text, c.id::text
      FROM comments c JOIN tickets x ON x.id = c.ticket_id JOIN tenants t ON t.id = x.tenant_id ORDER BY 1, 2, 7, 8
"""


def test_the_same_seed_makes_the_same_data(admin_url: str, redis_url: str, worker_name: str, folder: Path) -> None:
    found = []
    for place, seed in enumerate(("7", "7", "8")):
        again = made(admin_url, redis_url, f"portal_again{place}_{worker_name}", folder)
        result = again.load("--seed", seed, "--until", DAY, "--tenants", "3", "--tickets", "60", "--clients", "4")
        assert result.exit_code == 0, result.output
        found.append((again.ask(CONTENT), again.ask("SELECT count(*) FROM clients"), again.ask(TOLD)))
        again.close()
    assert found[0] == found[1]
    assert found[0] != found[2]
    assert {row[0] for row in found[0][2]} == {"harbor", "summit", "atlas-systems"}
    assert {row[0] for row in found[0][0]} == {"harbor", "summit", "atlas-systems"}
    assert len({row[:2] for row in found[0][0]}) == 180
    assert found[0][1] == [(12,)]


def test_canaries_name_tenant_client_table_and_column(
    admin_url: str, redis_url: str, worker_name: str, folder: Path
) -> None:
    marked = made(admin_url, redis_url, f"portal_marked_{worker_name}", folder)
    result = marked.load("--canaries", "--seed", "5")
    assert result.exit_code == 0, result.output
    numbers = dict(marked.ask("SELECT id, number::text FROM clients"))
    slugs = dict(marked.ask("SELECT id, slug FROM tenants"))
    seen: Counter[str] = Counter()
    for name, table in every_model.tables().items():
        for column in canaries.columns_of(name) if name not in canaries.UNTOUCHED else ():
            owner = table.tenant_key or "id"
            client = table.owner_key if table.table_class == "client" else "NULL::uuid"
            for tenant_id, client_id, words in marked.ask(
                f"SELECT {owner}, {client}, {column} FROM {name} WHERE {column} IS NOT NULL"  # noqa: S608  # our own names
            ):
                match = MARKER.search(words)
                assert match, f"{name}.{column}: {words}"
                assert match.groups() == (slugs[tenant_id], numbers.get(client_id, "-"), name, column)
                seen[name] += 1
    assert {"tickets", "comments", "contacts", "clients", "sites", "users", "statuses", "tenants"} <= set(seen)
    assert (
        len({row[0] for row in marked.ask("SELECT substring(body FROM 'CANARY-.*') FROM comments")}) == seen["comments"]
    )
    marked.close()


def test_many_rows_leave_keys_and_indexes_as_they_were(
    admin_url: str, redis_url: str, worker_name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MANY_ROWS", 50)
    monkeypatch.setattr(bulk, "CHUNK_ROWS", 200)
    many = made(admin_url, redis_url, f"portal_many_{worker_name}", folder)
    before = catalogue.of_database(many.database)
    result = many.load("--tickets", "120", "--clients", "5", "--tenants", "1")
    assert result.exit_code == 0, result.output
    assert catalogue.of_database(many.database) == before
    assert many.ask("SELECT count(*), count(DISTINCT client_id) FROM tickets") == [(120, 5)]
    many.close()


def test_a_load_that_fails_leaves_nothing_half_done_and_can_be_made_good(
    admin_url: str, redis_url: str, worker_name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = made(admin_url, redis_url, f"portal_broken_{worker_name}", folder)
    with monkeypatch.context() as patch:
        patch.setattr(bulk.Loader, "finish", lambda _self: 1 / 0)
        assert broken.load("--tenants", "1").exit_code != 0
    assert broken.ask("SELECT state, (SELECT count(*) FROM clients) FROM tenants") == [("suspended", 0)]
    assert broken.load("--tenants", "1").exit_code == 0
    assert broken.ask("SELECT state, (SELECT count(*) FROM tickets) FROM tenants") == [("active", 44)]
    broken.close()


def test_stories_begin_with_the_client_and_play_to_their_end() -> None:
    assert {story.language for story in stories()} == {"en", "de", "he", "ar"}
    for story in stories():
        assert story.turns[0].who == "c", story.subject
        assert sum(turn.who != "!" for turn in story.turns) <= 30, story.subject
