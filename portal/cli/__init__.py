"""The commands of `flask`: one file a noun."""

from flask import Flask


def register(app: Flask) -> None:
    """Add every command to an app."""
    from portal.cli.audit import audit_group
    from portal.cli.census import census_command
    from portal.cli.database import database_group
    from portal.cli.demo import demo_command
    from portal.cli.doctor import doctor_command
    from portal.cli.events import events_command
    from portal.cli.keys import keys_group
    from portal.cli.outbox import outbox_group
    from portal.cli.permissions import permissions_command
    from portal.cli.routes import routes_command
    from portal.cli.tenant import tenant_group
    from portal.cli.user import user_group

    app.cli.add_command(audit_group)
    app.cli.add_command(census_command)
    app.cli.add_command(database_group)
    app.cli.add_command(demo_command)
    app.cli.add_command(doctor_command)
    app.cli.add_command(events_command)
    app.cli.add_command(keys_group)
    app.cli.add_command(outbox_group)
    app.cli.add_command(permissions_command)
    app.cli.add_command(routes_command)
    app.cli.add_command(tenant_group)
    app.cli.add_command(user_group)
