"""The domains, in the order of the floors: what each brings into the application."""

from flask import Flask

from portal.settings import Settings


def register(app: Flask, settings: Settings) -> None:
    """Register models, pages, handlers and commands of every domain."""
    from portal import cli  # noqa: PLC0415  # commands import the domains, which import this package
    from portal.core.events import models as event_models  # noqa: F401, PLC0415
    from portal.core.events import tidy  # noqa: F401  # declares its duty
    from portal.core.tenancy import numbers  # noqa: F401, PLC0415
    from portal.identity import registration as identity
    from portal.notifications import models as notification_models  # noqa: F401, PLC0415
    from portal.tickets import models as ticket_models  # noqa: F401, PLC0415
    from portal.tickets import provisioning as ticket_provisioning  # noqa: F401, PLC0415

    identity.register(app)
    cli.register(app)
    if not settings.is_production:
        from portal.core.web import style_page

        app.register_blueprint(style_page.bp)
