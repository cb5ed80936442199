"""What every table owes: held against the catalogue by the census test, and against bad tables to prove it."""

from collections.abc import Iterator

from portal.core.tenancy.census import Declared, Found, Policy, is_composite

TENANT = "app.tenant"
GLOBAL = {"alembic_version", "schedules", "tenant_hosts", "tenants"}
"""The written list of tables that belong to no tenant. A new one needs a reason in docs/adr."""

VERBS = {"SELECT", "INSERT", "UPDATE", "DELETE"}
READERS = {
    "common": "'gate'::text, 'client'::text, 'staff'::text, 'system'::text",
    "shared": "'client'::text, 'staff'::text, 'system'::text",
    "staff": "'staff'::text, 'system'::text",
}


def faults(declared: dict[str, Declared], found: dict[str, Found]) -> list[str]:
    """One line for each rule that a table breaks; empty where all is well."""
    lines = [f"{name}: in the database, but no model declares it" for name in found.keys() - declared.keys()]
    lines += [f"{name}: declared, but not in the database" for name in declared.keys() - found.keys()]
    for name in declared.keys() & found.keys():
        lines += [f"{name}: {fault}" for fault in _of_table(declared[name], found[name], declared)]
    return sorted(lines)


def _of_table(table: Declared, fact: Found, declared: dict[str, Declared]) -> Iterator[str]:
    if fact.owner != "portal_owner":
        yield f"belongs to {fact.owner}"
    if fact.defaults:
        yield f"the server fills {', '.join(fact.defaults)}"
    if extra := set(fact.grants) - VERBS:
        yield f"the application may {', '.join(sorted(extra))}"
    if table.is_global != (table.name in GLOBAL):
        yield "global tables stand on a short written list"
    if table.tenant_key is None:
        return
    yield from _of_tenants(table, fact, declared)


def _of_tenants(table: Declared, fact: Found, declared: dict[str, Declared]) -> Iterator[str]:
    """The rules of a table whose rows are seen by a tenant: of its own, or of the tenants themselves."""
    if not (fact.is_secured and fact.is_forced):
        yield "row-level security is not enabled and forced"
    if not table.is_global:
        if not is_composite(fact):
            yield "a key does not begin with tenant_id"
        yield from _foreign_keys(table, fact, declared)
    yield from _policies(table, fact)


def _foreign_keys(table: Declared, fact: Found, declared: dict[str, Declared]) -> Iterator[str]:
    for key in fact.keys:
        if key.kind != "foreign":
            continue
        other = declared[key.references or ""]
        if other.is_global or key.referenced[0] != "tenant_id":
            yield f"{key.name} does not compare the tenant"
        pairs = set(zip(key.columns, key.referenced, strict=True))
        if table.table_class == other.table_class == "client" and ("client_id", other.owner_key) not in pairs:
            yield f"{key.name} does not compare the client"
        if table.has_visibility and other.has_visibility and ("visibility", "visibility") not in pairs:
            yield f"{key.name} does not compare the visibility"


def _policies(table: Declared, fact: Found) -> Iterator[str]:
    by_role: dict[str, list[Policy]] = {"portal_owner": [], "portal_app": [], "portal_door": []}
    for policy in fact.policies:
        for role in policy.roles:
            by_role.setdefault(role, []).append(policy)
    if set(by_role) != {"portal_owner", "portal_app", "portal_door"}:
        yield f"has policies for {', '.join(sorted(by_role))}"
    if not any(p.verb == "ALL" and p.is_permissive and p.using == p.check == "true" for p in by_role["portal_owner"]):
        yield "the owner's own policy is missing: its data migrations would change nothing in silence"
    app = by_role["portal_app"]
    for verb in VERBS & set(fact.grants):
        yield from _verb(table, verb, [p for p in app if p.verb in {verb, "ALL"}])


def _verb(table: Declared, verb: str, policies: list[Policy]) -> Iterator[str]:
    permissive = [policy for policy in policies if policy.is_permissive]
    restrictive = [policy for policy in policies if not policy.is_permissive]
    if not permissive:
        yield f"{verb} has no policy, so the grant is a promise not kept"
    for policy in permissive:
        compared = (f"({table.tenant_key} = ", TENANT)
        yield from (
            f"{policy.name}: {side} does not compare the tenant"
            for side in dict.fromkeys(side for words in compared for side in _sides(policy, verb, words))
        )
    if table.table_class == "client":
        wanted = [
            "app.client'",
            "app.clients",
            f"{table.owner_key} =",
            *(["visibility = 'public'"] if table.has_visibility else []),
        ]
        yield from _someone(restrictive, verb, wanted)
    elif table.table_class == "member":
        wanted = ["app.client'", "app.clients", "app.user", "client_id =", "user_id ="]
        yield from _someone(restrictive, verb, wanted)
    elif table.table_class == "person":
        yield from _someone(restrictive, verb, ["app.user", f"{table.owner_key} ="])
    elif table.is_global:
        changes = [policy for policy in permissive if verb != "SELECT"]
        for policy in changes:
            yield from (f"{policy.name}: {side} lets others in" for side in _sides(policy, verb, "'system'::text"))
    elif verb != "INSERT" or table.table_class in {"common", "shared"}:
        readers = READERS[table.table_class if verb == "SELECT" else "staff"]
        for policy in permissive:
            yield from (f"{policy.name}: {side} lets others in" for side in _sides(policy, verb, readers))


def _sides(policy: Policy, verb: str, words: str) -> Iterator[str]:
    """The sides of a policy that matter for the verb and do not hold the words."""
    if verb != "INSERT" and words not in (policy.using or ""):
        yield "USING"
    if verb in {"INSERT", "UPDATE"} and words not in (policy.check or ""):
        yield "WITH CHECK"


def _someone(restrictive: list[Policy], verb: str, wanted: list[str]) -> Iterator[str]:
    for words in wanted:
        if not any(not list(_sides(policy, verb, words)) for policy in restrictive):
            yield f"{verb}: no restrictive policy asks for {words}"
