"""`flask audit`: the trail and its proof."""

import re

import click
from flask.cli import AppGroup

from portal.cli.scopes import tenants
from portal.core import audit_chain
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction

audit_group = AppGroup("audit", help="The audit trail.")
ANCHOR = re.compile(r"([a-z0-9-]+):(\d+):([0-9a-f]{64})")


def _anchors(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    for value in values:
        match = ANCHOR.fullmatch(value)
        if match is None:
            message = "write it as verify printed it: slug:position:digest"
            raise click.BadParameter(message)
        found[match[1]] = (int(match[2]), match[3])
    return found


@audit_group.command("verify")
@click.option("--tenant", "slug", help="Only this tenant's chain.")
@click.option("--anchor", "anchors", multiple=True, callback=_anchors, help="slug:position:digest of an earlier run.")
def verify(*, slug: str | None, anchors: dict[str, tuple[int, str]]) -> None:
    """Compute every tenant's chain of audit entries again; exit code 1 where a link doesn't hold.

    Each line ends with slug:position:digest. Kept outside the database and given
    back with --anchor, it also proves that nobody rewrote the chain as a whole.
    """
    found = tenants(slug)
    if not slug and (missing := set(anchors) - {name for _, name in found}):
        message = f"there is no tenant {', '.join(sorted(missing))}"
        raise click.ClickException(message)
    broken = 0
    for tenant_id, name in found:
        with transaction(system_scope(tenant_id)) as session:
            verdict = audit_chain.verify(session, anchor=anchors.get(name))
        broken += bool(verdict.faults)
        word = "BROKEN" if verdict.faults else "holds"
        click.echo(f"{name}: {verdict.entries} entries, {word} {name}:{verdict.position}:{verdict.digest}")
        for fault in verdict.faults:
            click.echo(f"  entry {fault.position}: {fault.reason}")
    if broken:
        raise SystemExit(1)
