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
EVERYBODY = f"{REACH} IN ('gate', 'client', 'staff', 'system')"
STAFF = f"{REACH} IN ('staff', 'system')"
CLIENTS = "(SELECT nullif(current_setting('app.clients', true), ''))::uuid[]"
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


def secure_tenants(table: str) -> None:
    """The tenants themselves, from 0002 on: every scope reads its own tenant's row, the staff change it.

    Only the system makes one, in the scope of the tenant that is to be.
    """
    itself = "id = (SELECT nullif(current_setting('app.tenant', true), '')::uuid)"
    _force(table, "SELECT, INSERT, UPDATE")
    _for_app("tenant_read", table, "SELECT", itself)
    _for_app("tenant_insert", table, "INSERT", f"{itself} AND {REACH} = 'system'")
    _for_app("tenant_update", table, "UPDATE", f"{itself} AND {STAFF}")


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


def hold_to_assigned(table: str, key: str = "client_id", *, visibility: bool = False) -> None:
    """Client, from 0002 on: of the staff, somebody who looks after some clients sees no other (`app.clients`)."""
    op.execute(f"DROP POLICY client ON {table}")
    own = f"{REACH} = 'client' AND {key} = {OWN_CLIENT}"
    own += " AND visibility = 'public'" if visibility else ""
    _for_app("client", table, "ALL", _usual(f"({STAFF} AND {_assigned(key)}) OR ({own})"), restrictive=True)


def _assigned(key: str) -> str:
    return f"({CLIENTS} IS NULL OR {key} = ANY ({CLIENTS}))"


def secure_common(table: str) -> None:
    """Common: everybody in the tenant reads, the gate too; staff and system write."""
    _force(table, "SELECT, INSERT, UPDATE, DELETE")
    _for_app("tenant_read", table, "SELECT", f"{TENANT} AND {_usual(EVERYBODY)}")
    for verb in ("INSERT", "UPDATE", "DELETE"):
        _for_app(f"tenant_{verb.lower()}", table, verb, f"{TENANT} AND {_usual(STAFF)}")


def secure_member(table: str) -> None:
    """Member: staff and system, the own client, the person itself; the person makes no rows of a client."""
    _force(table, "SELECT, INSERT, UPDATE, DELETE")
    _member_policies(table)


def person_to_member(table: str) -> None:
    """A table of class Person becomes one of class Member."""
    op.execute(f"DROP POLICY tenant ON {table}")
    op.execute(f"DROP POLICY person ON {table}")
    _member_policies(table)


def _member_policies(table: str) -> None:
    _for_app("tenant", table, "ALL", TENANT)
    of_client = f"({STAFF} AND {_assigned('client_id')}) OR ({REACH} = 'client' AND client_id = {OWN_CLIENT})"
    _for_app("member", table, "ALL", _usual(f"{of_client} OR user_id = {OWN_USER}"), restrictive=True)
    of_nobody = f"(user_id = {OWN_USER} AND client_id IS NULL) OR ({STAFF} AND client_id IS NULL)"
    _for_app("member_insert", table, "INSERT", _usual(f"{of_client} OR {of_nobody}"), restrictive=True)


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


def shut(name: str, arguments: str) -> None:
    """Take out a door that is about to be made anew."""
    op.execute(f"DROP FUNCTION door.{name}({arguments})")


def door(name: str, arguments: str, since: str = "") -> None:
    """Make the door of this file: owned by portal_door, callable by the application alone.

    A door that changes gets a file in the folder of the migration that changes it
    (`since`), and `shut` takes the former one out; what has landed stays as it is.
    """
    signature = f"door.{name}({arguments})"
    op.execute((DOORS / since / f"{name}.sql").read_text(encoding="utf-8"))
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO portal_app")
    op.execute(f"ALTER FUNCTION {signature} OWNER TO portal_door")
