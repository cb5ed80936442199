"""What this domain brings into the application."""

from flask import Flask
from flask_babel import lazy_gettext

from portal.core.web import nav
from portal.people.blueprint import bp


def register(app: Flask) -> None:
    """Add pages and places to an app."""
    from portal.people.views import (  # noqa: F401  # they register what they hold
        account,
        companies,
        looking_on,
        person,
        staff,
        users,
    )

    app.register_blueprint(bp)
    nav.add(
        nav.Item(
            "msp", lazy_gettext("Staff"), "people", "people.staff", order=80, permission="user:update", in_menu=True
        )
    )
    nav.add(nav.Item("client", lazy_gettext("Account"), "person", "people.profile", order=80, in_menu=True))
    nav.add(
        nav.Item("msp", lazy_gettext("Clients"), "building", "people.companies", order=20, permission="client:read")
    )
