"""`flask outbox`: deliveries that failed for good, and what to do about them."""

import json
import uuid
from typing import Any

import click
from flask.cli import AppGroup
from tqdm import tqdm

from portal.cli.scopes import scope_of
from portal.core.events import deadletters
from portal.core.tenancy.session import transaction

outbox_group = AppGroup("outbox", help="Deliveries of events: list them, replay or discard dead letters.")

STATES = ("open", "done", "dead", "discarded")
PORTION = 200

tenant_option = click.option("--tenant", "slug", required=True, metavar="SLUG", help="The MSP, by its slug.")
ids_argument = click.argument("ids", nargs=-1, type=click.UUID, metavar="[ID]...")
all_option = click.option("--all", "everything", is_flag=True, help="Every dead letter of the tenant.")


@outbox_group.command("list")
@tenant_option
@click.option("--state", type=click.Choice(STATES), default="dead", show_default=True)
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for programs.")
def list_command(*, slug: str, state: str, limit: int, as_json: bool) -> None:
    """List deliveries, newest first: id, event, handler, tries and the last error."""
    scope = scope_of(slug)
    with transaction(scope) as session:
        rows = session.execute(deadletters.deliveries(scope, state=state).limit(limit)).all()
        lines = [_line(delivery, event) for delivery, event in rows]
    if as_json:
        click.echo(json.dumps(lines, indent=2))
        return
    for line in lines:
        click.echo(
            f"{line['id']}  {line['event']}  {line['handler']}  {line['attempts']} tries  {line['last_error'] or ''}"
        )
    if not lines:
        click.echo(f"No delivery of {slug} is {state}.", err=True)


def _line(delivery: Any, event: Any) -> dict[str, Any]:
    return {
        "id": str(delivery.id),
        "event": event.kind,
        "event_id": str(event.id),
        "handler": delivery.handler,
        "queue": delivery.queue,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "due_at": delivery.due_at.isoformat(),
        "finished_at": delivery.finished_at.isoformat() if delivery.finished_at else None,
        "last_error": delivery.last_error,
    }


@outbox_group.command("replay")
@tenant_option
@ids_argument
@all_option
def replay_command(*, slug: str, ids: tuple[uuid.UUID, ...], everything: bool) -> None:
    """Try dead letters again, by id or all of them. Exit code 1 where one isn't dead (any more)."""
    _each(slug, ids, deadletters.replay, "replayed", everything=everything)


@outbox_group.command("discard")
@tenant_option
@ids_argument
@all_option
@click.confirmation_option("--yes", prompt="What a discarded delivery was meant to do will never happen. Go on?")
def discard_command(*, slug: str, ids: tuple[uuid.UUID, ...], everything: bool) -> None:
    """Give dead letters up for good, by id or all of them. Exit code 1 where one isn't dead (any more)."""
    _each(slug, ids, deadletters.discard, "discarded", everything=everything)


def _each(slug: str, ids: tuple[uuid.UUID, ...], act: Any, done: str, *, everything: bool) -> None:
    if bool(ids) == everything:
        message = "name the deliveries, or --all of them"
        raise click.UsageError(message)
    scope = scope_of(slug)
    if everything:
        with transaction(scope) as session:
            ids = tuple(delivery.id for delivery, _ in session.execute(deadletters.deliveries(scope)).all())
    missed = []
    with tqdm(total=len(ids), unit="", disable=None, leave=False) as progress:
        for start in range(0, len(ids), PORTION):
            with transaction(scope):
                for delivery_id in ids[start : start + PORTION]:
                    try:
                        act(delivery_id)
                    except deadletters.NotDead:
                        missed.append(delivery_id)
                    progress.update()
    click.echo(f"{len(ids) - len(missed)} {done}.")
    if missed:
        message = f"not dead letters of {slug}: {', '.join(map(str, missed))}"
        raise click.ClickException(message)
