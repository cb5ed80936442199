"""What a migration calls right after it made a table: grants, forced row-level security, policies.

Each helper writes the same three things. A policy for the owner, because FORCE
holds the owner too and a data migration would otherwise change nothing in
silence. A policy for the application that compares the tenant. Restrictive
policies for client, visibility and person, so that a permissive one added later
can't widen them. Settings are read in a sub-select, which the planner evaluates
once and can use in an index condition.
"""

from pathlib import Path

from alembic import op

TENANT = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::uuid)"
REACH = "(SELECT current_setting('app.reach', true))"
ANYBODY = f"{REACH} IN ('client', 'staff', 'system')"
STAFF = f"{REACH} IN ('staff', 'system')"
OWN_CLIENT = "(SELECT nullif(current_setting('app.client', true), '')::uuid)"
OWN_USER = "(SELECT nullif(current_setting('app.user', true), '')::uuid)"
DOORS = Path(__file__).parent / "doors"


def _usual(condition: str) -> str:
    """The condition, which the planner is to expect to hold.

    It knows nothing of settings and would take one comparison in two hundred to be
    true. Such guesses multiply over the tables of a join: for the queue of a tenant
    with a million tickets it chose to read them all, which took minutes. An
    expression that is not null it expects nearly always, and the rows decide anyway.
    """
    return f"(CASE WHEN {condition} THEN true END) IS NOT NULL"


def _force(table: str, grants: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY owner ON {table} TO portal_owner USING (true) WITH CHECK (true)")
    op.execute(f"GRANT {grants} ON {table} TO portal_app")


def _for_app(name: str, table: str, verb: str, condition: str, *, restrictive: bool = False) -> None:
    kind = "AS RESTRICTIVE" if restrictive else ""
    clauses = {
        "SELECT": f"USING ({condition})",
        "DELETE": f"USING ({condition})",
        "INSERT": f"WITH CHECK ({condition})",
    }.get(verb, f"USING ({condition}) WITH CHECK ({condition})")
    op.execute(f"CREATE POLICY {name} ON {table} {kind} FOR {verb} TO portal_app {clauses}")


def secure_global(table: str, grants: str = "SELECT") -> None:
    """Global: readable by all; written by the owner, or by what `grants` adds."""
    op.execute(f"GRANT {grants} ON {table} TO portal_app")


def secure_shared(table: str) -> None:
    """Shared: the signed-in read, staff and system write."""
    _force(table, "SELECT, INSERT, UPDATE, DELETE")
    _for_app("tenant_read", table, "SELECT", f"{TENANT} AND {_usual(ANYBODY)}")
    for verb in ("INSERT", "UPDATE", "DELETE"):
        _for_app(f"tenant_{verb.lower()}", table, verb, f"{TENANT} AND {_usual(STAFF)}")


def secure_staff(table: str, grants: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Staff: staff and system read and write; every reach may insert into its own tenant."""
    _force(table, grants)
    _for_app("tenant_insert", table, "INSERT", f"{TENANT} AND {REACH} <> ''")
    for verb in ("SELECT", "UPDATE", "DELETE"):
        _for_app(f"tenant_{verb.lower()}", table, verb, f"{TENANT} AND {_usual(STAFF)}")


def secure_client(table: str, key: str = "client_id", *, visibility: bool = False) -> None:
    """Client: staff and system, or the own client and, where there is a visibility, only public rows."""
    _force(table, "SELECT, INSERT, UPDATE, DELETE")
    _for_app("tenant", table, "ALL", TENANT)
    own = f"{REACH} = 'client' AND {key} = {OWN_CLIENT}"
    own += " AND visibility = 'public'" if visibility else ""
    _for_app("client", table, "ALL", _usual(f"{STAFF} OR ({own})"), restrictive=True)


def secure_person(table: str, key: str = "user_id") -> None:
    """Person: staff and system, or the person itself; the gate sees whom its door recognised."""
    _force(table, "SELECT, INSERT, UPDATE, DELETE")
    _for_app("tenant", table, "ALL", TENANT)
    _for_app("person", table, "ALL", _usual(f"{STAFF} OR {key} = {OWN_USER}"), restrictive=True)


def open_to_door(table: str, *, select: str, insert: str = "", update: str = "") -> None:
    """Let the doors, and nothing else, work on these columns of every tenant."""
    verbs = {"SELECT": select, "INSERT": insert, "UPDATE": update}
    grants = ", ".join(f"{verb} ({columns})" for verb, columns in verbs.items() if columns).replace(" (*)", "")
    op.execute(f"GRANT {grants} ON {table} TO portal_door")
    if op.get_bind().exec_driver_sql("SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", (table,)).scalar():
        for verb, columns in verbs.items():
            if columns:
                clause = "WITH CHECK (true)" if verb == "INSERT" else "USING (true)"
                op.execute(f"CREATE POLICY door_{verb.lower()} ON {table} FOR {verb} TO portal_door {clause}")


def door(name: str, arguments: str) -> None:
    """Make the door of this file: owned by portal_door, callable by the application alone."""
    signature = f"door.{name}({arguments})"
    op.execute((DOORS / f"{name}.sql").read_text(encoding="utf-8"))
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO portal_app")
    op.execute(f"ALTER FUNCTION {signature} OWNER TO portal_door")
