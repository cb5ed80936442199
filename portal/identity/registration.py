"""What this domain brings into the application."""

from flask import Flask
from flask_babel import lazy_gettext

from portal.core.policy import STEP_UP
from portal.core.web import nav
from portal.identity import login, roles, settings_of_access  # noqa: F401  # what a new tenant is given
from portal.identity.blueprint import bp


def register(app: Flask) -> None:
    """Add pages, the person of the request and periodic work to an app."""
    from portal.identity import (  # noqa: F401  # they register what they hold
        confirm_views,
        gate_views,
        handlers,
        link_views,
        own_account_views,
        second_factor_views,
        security_views,
        settings_views,
    )
    from portal.identity.doorstep import forgotten, inviting, joining, links, verifying  # noqa: F401  # likewise
    from portal.identity.sso import admin_views as sso_admin_views  # noqa: F401
    from portal.identity.sso import gate_views as sso_gate_views  # noqa: F401

    login.install(app)
    app.extensions[STEP_UP] = confirm_views.ask
    app.register_blueprint(bp)
    nav.add(
        nav.Item(
            "msp", lazy_gettext("Single sign-on"), "building", "identity.sso_list", order=88, permission="sso:update"
        )
    )
    words = lazy_gettext("Settings")
    for side in ("client", "msp"):
        nav.add(nav.Item(side, words, "settings", f"identity.{side}_settings", order=90, in_menu=True))
