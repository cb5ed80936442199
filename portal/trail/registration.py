"""What this domain brings into the application."""

from flask import Flask
from flask_babel import lazy_gettext

from portal.core.web import nav
from portal.trail.blueprint import account, admin


def register(app: Flask) -> None:
    """Add the pages of both sides, the duties, and the client's place among its own."""
    from portal.trail import alert_views, client_views, handlers, letters, staff_views  # noqa: F401  # they register

    app.register_blueprint(admin)
    app.register_blueprint(account)
    nav.add(
        nav.Item(
            side="msp", label=lazy_gettext("Audit"), icon="shield", endpoint="trail.audit",
            order=85, permission="audit:read", under="/admin/audit", also=("/admin/alerts",),
        )
    )  # fmt: skip
    nav.add(
        nav.Item(
            side="client", label=lazy_gettext("Activity"), icon="shield", endpoint="activity.activity",
            order=80, permission="activity:read", in_menu=True,
        )
    )  # fmt: skip
