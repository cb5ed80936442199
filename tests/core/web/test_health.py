"""What machines ask: alive, ready, and whether a host is ours."""

from collections.abc import Callable

import psycopg
import pytest

from tests.databases import Database
from tests.pages import Visitor


@pytest.mark.parametrize(
    ("domain", "status"),
    [
        ("localhost", 200),
        ("harbor.localhost", 200),
        ("HARBOR.localhost", 200),
        ("nobody.localhost", 404),
        ("a.harbor.localhost", 404),
        ("help.example.com", 404),
        ("", 404),
        ("harbor.localhost/..", 404),
    ],
)
def test_a_certificate_is_fetched_for_our_hosts_only(visit: Callable[..., Visitor], domain: str, status: int) -> None:
    assert visit(None, host="nobody").get("/hostz", query_string={"domain": domain}).status == status


@pytest.mark.parametrize(("verified", "status"), [(True, 200), (False, 404)])
def test_an_own_domain_counts_once_it_is_verified(
    visit: Callable[..., Visitor], database: Database, verified: bool, status: int
) -> None:
    with psycopg.connect(database.owner_url) as connection:
        connection.execute(
            "INSERT INTO tenant_hosts (host, tenant_id, is_primary, verified_at) "
            "SELECT 'help.example.com', id, false, CASE WHEN %s THEN clock_timestamp() END FROM tenants "
            "WHERE slug = 'harbor'",
            [verified],
        )
    assert visit(None).get("/hostz", query_string={"domain": "help.example.com"}).status == status


def test_a_database_that_restarted_is_ready_at_the_first_question(
    visit: Callable[..., Visitor], database: Database
) -> None:
    visitor = visit(None)
    assert visitor.get("/readyz").status == 200
    with psycopg.connect(database.superuser_url) as connection:
        ended = connection.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = %s AND pid <> %s",
            [database.name, connection.info.backend_pid],
        ).fetchone()
    assert ended is not None
    assert ended[0] >= 1, "a connection that the pool kept"

    assert visitor.get("/readyz").status == 200
