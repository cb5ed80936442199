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
