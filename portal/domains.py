"""The domains, in the order of the floors: what each brings into the application."""

from flask import Flask

from portal.settings import Settings


def register(app: Flask, settings: Settings) -> None:
    """Register models, pages, handlers and commands of every domain."""
    from portal import cli  # commands import the domains, which import this package
    from portal.access import registration as access
    from portal.accounts import registration as accounts
    from portal.core.events import models as event_models  # noqa: F401
    from portal.core.events import tidy  # noqa: F401  # declares its duty
    from portal.core.tenancy import numbers  # noqa: F401
    from portal.files import registration as files  # noqa: F401  # declares table and duties
    from portal.home import registration as home
    from portal.identity import registration as identity
    from portal.notifications import registration as notifications  # noqa: F401  # declares table and handlers
    from portal.operations import registration as operations
    from portal.people import registration as people
    from portal.tenants import registration as tenants
    from portal.tickets import handlers as ticket_handlers  # noqa: F401  # declares who hears of what
    from portal.tickets import registration as tickets
    from portal.trail import registration as trail

    tenants.register(app, settings)
    identity.register(app)
    people.register(app)
    accounts.register(app)
    tickets.register(app)
    access.register(app)
    home.register(app)
    operations.register(app)
    trail.register(app)
    cli.register(app)
    if not settings.is_production:
        from portal.core.web import style_page

        app.register_blueprint(style_page.bp)
