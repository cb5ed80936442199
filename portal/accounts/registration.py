"""What this domain brings into the application: mails about accounts, and the staff's page of requests for access."""

from flask import Flask
from flask_babel import lazy_gettext

from portal.accounts import handlers, letters
from portal.accounts.staff_views import bp
from portal.core.web import nav

__all__ = ["handlers", "letters", "register"]


def register(app: Flask) -> None:
    """Add the pages, and a place in the menu of those who decide."""
    app.register_blueprint(bp)
    nav.add(
        nav.Item(
            side="msp", label=lazy_gettext("Requests for access"), icon="people", endpoint="accounts.access_requests",
            order=60, permission="access:update", in_menu=True,
        )
    )  # fmt: skip
