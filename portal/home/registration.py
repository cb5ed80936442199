"""What this domain brings into the application."""

from flask import Flask
from flask_babel import lazy_gettext

from portal.core.web import nav
from portal.home.client_views import bp


def register(app: Flask) -> None:
    """Add the pages and their places."""
    app.register_blueprint(bp)
    nav.add(nav.Item(side="client", label=lazy_gettext("Home"), icon="home", endpoint="home.dashboard", order=0))
    nav.add(
        nav.Item(
            side="client", label=lazy_gettext("Get help"), icon="plus", endpoint="tickets.new",
            order=10, permission="ticket:create", is_act=True,
        )
    )  # fmt: skip
    nav.add(nav.Item(side="client", label=lazy_gettext("Contact"), icon="phone", endpoint="home.contact", order=90))
