"""The three roles: made twice without harm, by any administrator, on every version; and the boot check."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from portal.core.tenancy import boot_check, roles
from portal.core.tenancy.boot_check import UnsafeRole, check_database
from portal.launcher import place, postgres
from tests import servers

OWNER, APP = "owner-s-own", "app-s-own"
TABLE = "CREATE TABLE t (tenant_id int)"
FUNCTION = "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"


@pytest.fixture(scope="module", params=["newest", "oldest"])
def admin(request: pytest.FixtureRequest) -> Iterator[str]:
    """The superuser of a server of its own: roles belong to a whole server, and other tests use theirs."""
    bin_dir = servers.older_postgres() if request.param == "oldest" else None
    if request.param == "oldest" and bin_dir is None:
        pytest.skip("this machine has no PostgreSQL of its own beside the embedded one")
    folder = Path(tempfile.mkdtemp(prefix="portal-roles-"))
    folder.chmod(0o755)
    server = postgres.start(folder / "postgres", bin_dir=bin_dir, durable=False)
    yield server.url_admin
    server.kill()
    place.discard(folder / "postgres")
    shutil.rmtree(folder)


@pytest.fixture(params=["superuser", "createrole"])
def administrator(request: pytest.FixtureRequest, admin: str) -> Iterator[str]:
    """A superuser, and one as managed servers give: it may create roles and databases and nothing else."""
    clean(admin)
    if request.param == "superuser":
        yield admin
    else:
        run(admin, "CREATE ROLE boss LOGIN CREATEROLE CREATEDB PASSWORD 'boss'")
        yield roles.address(admin, user="boss", password="boss")
    clean(admin)


def clean(admin: str) -> None:
    run(admin, "DROP DATABASE IF EXISTS portal WITH (FORCE)", "DROP DATABASE IF EXISTS other WITH (FORCE)")
    for role in (roles.APP, roles.OWNER, roles.DOOR, "boss"):
        run(admin, f"DROP ROLE IF EXISTS {role}")


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def prepared(administrator: str) -> roles.Prepared:
    return roles.prepare(administrator, owner_password=OWNER, app_password=APP)


def faults(url: str) -> str:
    with pytest.raises(UnsafeRole) as caught:
        check_database(url)
    assert caught.value.faults[-1] == boot_check.REMEDY
    return "\n".join(caught.value.faults[:-1])


def test_twice_is_as_good_as_once_and_keeps_what_is_there(administrator: str) -> None:
    first = prepared(administrator)
    run(first.owner_url, "CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (7)")
    assert prepared(administrator) == first
    assert first.database == roles.DATABASE
    assert first.missing_extensions == ()
    assert ask(first.owner_url, "SELECT id FROM kept") == [(7,)]
    check_database(first.app_url)


def test_a_password_of_none_leaves_the_old_one(administrator: str) -> None:
    first = prepared(administrator)
    again = roles.prepare(administrator)
    assert again.app_url == roles.address(first.app_url, user=roles.APP)
    assert ask(first.app_url, "SELECT 1") == [(1,)]


def test_a_new_password_replaces_the_old_one(administrator: str) -> None:
    old = prepared(administrator)
    new = roles.prepare(administrator, owner_password=OWNER, app_password="another")
    assert ask(new.app_url, "SELECT 1") == [(1,)]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(old.app_url, "SELECT 1")


def test_who_may_do_what(administrator: str) -> None:
    made = prepared(administrator)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(made.app_url, "CREATE TABLE mine (id int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(made.app_url, "CREATE TEMPORARY TABLE mine (id int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(made.app_url, f"SET ROLE {roles.OWNER}")
    with pytest.raises(psycopg.OperationalError, match=r"not permitted to log in|password authentication failed"):
        run(roles.address(made.app_url, user=roles.DOOR, password="x"))
    function = "FUNCTION door.answer() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog"
    run(
        made.owner_url,
        f"CREATE {function} AS 'SELECT 1'",
        f"ALTER FUNCTION door.answer() OWNER TO {roles.DOOR}",
        f"CREATE OR REPLACE {function} AS 'SELECT 42'",
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(made.app_url, "SELECT door.answer()")
    run(made.owner_url, f"GRANT EXECUTE ON FUNCTION door.answer() TO {roles.APP}")
    assert ask(made.app_url, "SELECT door.answer()") == [(42,)]


def test_limits_of_the_app_s_statements(administrator: str) -> None:
    made = prepared(administrator)
    for setting, value in {**roles.APP_LIMITS, "idle_in_transaction_session_timeout": "1min"}.items():
        assert ask(made.app_url, f"SHOW {setting}") == [(value,)]


def test_strangers_of_the_server_may_not_enter_the_database(administrator: str, admin: str) -> None:
    made = prepared(administrator)
    run(admin, "DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN PASSWORD 'stranger'")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        run(roles.address(made.app_url, user="stranger", password="stranger"))
    run(admin, "DROP ROLE stranger")


def test_the_database_is_the_one_the_address_names(administrator: str) -> None:
    made = roles.prepare(roles.address(administrator, database="other"), owner_password=OWNER, app_password=APP)
    assert made.database == "other"
    check_database(made.app_url)


def test_a_database_with_somebody_else_s_tables_is_refused(administrator: str, admin: str) -> None:
    run(admin, "CREATE DATABASE other")
    run(roles.address(admin, database="other"), "CREATE TABLE theirs (id int)")
    with pytest.raises(roles.PrepareError, match="holds 1 tables"):
        roles.prepare(roles.address(administrator, database="other"), owner_password=OWNER, app_password=APP)


def test_an_administrator_who_is_none_is_told_so(administrator: str) -> None:
    made = prepared(administrator)
    assert roles.is_admin(administrator)
    assert not roles.is_admin(made.app_url)
    assert not roles.is_admin(made.owner_url)
    with pytest.raises(roles.PrepareError, match=r"permission denied|must be|Only roles"):
        roles.prepare(made.app_url, owner_password=OWNER, app_password=APP)


def test_two_at_once_do_not_trip_over_each_other(administrator: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: prepared(administrator), range(4)))
    assert len(set(made)) == 1
    check_database(made[0].app_url)


def test_passwords_outside_production_follow_from_the_administrator_s() -> None:
    url = "postgresql://boss:s3cret%21@db/postgres"
    assert roles.derived_password(url, roles.APP) == roles.derived_password(url + "x", roles.APP)
    assert roles.derived_password(url, roles.APP) != roles.derived_password(url, roles.OWNER)
    assert roles.derived_password(url.replace("s3cret", "other"), roles.APP) != roles.derived_password(url, roles.APP)
    assert roles.derived_password("postgresql://boss@db/postgres", roles.APP) is None


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ("SUPERUSER", "is a superuser"),
        ("BYPASSRLS", "may bypass row-level security"),
        ("CREATEROLE", "may create roles"),
        ("CREATEDB", "may create databases"),
        ("REPLICATION", "may replicate"),
    ],
)
def test_the_boot_check_refuses_an_attribute(admin: str, attribute: str, words: str) -> None:
    made = prepared(admin)
    run(admin, f"ALTER ROLE {roles.APP} {attribute}")
    try:
        assert f"the role portal_app {words}" in faults(made.app_url)
    finally:
        run(admin, f"ALTER ROLE {roles.APP} NO{attribute}")
    check_database(made.app_url)


def test_the_boot_check_refuses_administrator_and_owner(administrator: str) -> None:
    made = prepared(administrator)
    run(made.owner_url, "CREATE TABLE plain (id int)")
    told = faults(roles.address(administrator, database=made.database))
    assert "superuser" in told or "CREATEROLE" in told
    told = faults(made.owner_url)
    assert "owns 1 tables, views or sequences: plain" in told
    assert "owns 1 databases: portal" in told
    assert "is a member of portal_door" in told
    assert "may create things in schema public" in told


@pytest.mark.parametrize(
    ("unsafe", "safe", "words"),
    [
        (f"GRANT {roles.DOOR} TO {roles.APP}", f"REVOKE {roles.DOOR} FROM {roles.APP}", "is a member of portal_door"),
        (TABLE, "DROP TABLE t", "table t has row-level security switched off"),
        (
            f"{TABLE}; CREATE POLICY p ON t USING (true); ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            "DROP TABLE t",
            "table t does not force row-level security",
        ),
        (
            f"{TABLE}; ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            "DROP TABLE t",
            "table t has no policy",
        ),
        ("CREATE VIEW v AS SELECT 1", "DROP VIEW v", "view v reads with its owner's rights"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", "DROP MATERIALIZED VIEW v", "view v reads with its owner's rights"),
        (
            f"{FUNCTION}; GRANT EXECUTE ON FUNCTION f() TO {roles.APP}",
            "DROP FUNCTION f()",
            "function f() runs with its owner's rights outside schema door",
        ),
        (
            "GRANT CREATE ON SCHEMA public TO portal_app",
            "REVOKE CREATE ON SCHEMA public FROM portal_app",
            "schema public",
        ),
    ],
)
def test_the_boot_check_refuses_a_way_around(admin: str, unsafe: str, safe: str, words: str) -> None:
    made = prepared(admin)
    inside = roles.address(admin, database=made.database)
    run(inside, unsafe)
    try:
        assert words in faults(made.app_url)
    finally:
        run(inside, safe)
    check_database(made.app_url)


def test_the_boot_check_passes_what_is_guarded(admin: str) -> None:
    made = prepared(admin)
    inside = roles.address(admin, database=made.database)
    run(
        inside,
        "CREATE TABLE t (tenant_id int)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        "CREATE POLICY p ON t USING (true)",
        "CREATE VIEW v WITH (security_invoker) AS SELECT * FROM t",
        "CREATE TABLE tenant_hosts (tenant_id int)",
    )
    try:
        check_database(made.app_url)
    finally:
        run(inside, "DROP VIEW v", "DROP TABLE t, tenant_hosts")
