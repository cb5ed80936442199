"""`flask events`: the catalogue, made from the code."""

import json

import click

from portal.core.events import catalogue


@click.command("events")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The page kept as docs/events.md.")
def events_command(*, as_json: bool, as_markdown: bool) -> None:
    """List the events with their facts and handlers, and the periodic duties."""
    if as_json:
        click.echo(json.dumps({"events": catalogue.entries(), "duties": catalogue.duties()}, indent=2))
        return
    if as_markdown:
        click.echo(catalogue.markdown(), nl=False)
        return
    for entry in catalogue.entries():
        click.echo(f"{entry['kind']} v{entry['version']}: {entry['about']}")
        for handler in entry["handlers"]:
            click.echo(f"    {handler['name']} ({handler['queue']}, {handler['seconds']} s)")
    for duty in catalogue.duties():
        click.echo(f"every {duty['every_seconds']} s: {duty['name']}: {duty['about']}")
