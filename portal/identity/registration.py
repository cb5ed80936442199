"""What this domain brings into the application."""

from flask import Flask
from flask_babel import lazy_gettext

from portal.core.web import nav
from portal.identity import login, roles, settings_of_access  # noqa: F401  # what a new tenant is given
from portal.identity.blueprint import bp


def register(app: Flask) -> None:
    """Add pages, the person of the request and periodic work to an app."""
    from portal.identity import gate_views, handlers, settings_views  # noqa: F401  # they register what they hold

    login.install(app)
    app.register_blueprint(bp)
    words = lazy_gettext("Settings")
    for side in ("client", "msp"):
        nav.add(nav.Item(side, words, "settings", f"identity.{side}_settings", order=90, in_menu=True))
