"""What this domain brings into the application."""

from flask import Flask
from flask_babel import lazy_gettext

from portal.core.web import nav
from portal.operations.staff_views import bp


def register(app: Flask) -> None:
    """Add the pages, and one place among the staff's that leads to them."""
    app.register_blueprint(bp)
    nav.add(
        nav.Item(
            side="msp", label=lazy_gettext("System"), icon="settings", endpoint="operations.outbox",
            order=90, under="/admin", instead=("operations.jobs",),
        )
    )  # fmt: skip
