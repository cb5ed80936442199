"""What this domain brings into the application."""

from flask import Flask
from flask_babel import lazy_gettext

from portal.access.blueprint import bp
from portal.core.web import nav, slots


def register(app: Flask) -> None:
    """Add the pages, one place among the staff's, and the way there from a client's and a person's page."""
    from portal.access import narrowing_views, role_views, settings_views, simulator_views  # noqa: F401  # they register
    from portal.access.panels import access_of_client, access_of_person

    app.register_blueprint(bp)
    nav.add(
        nav.Item(
            "msp", lazy_gettext("Access"), "lock", "access.roles", order=80,
            also=("/admin/board-groups", "/admin/access"), instead=("access.settings",),
        )
    )  # fmt: skip
    slots.fill(slots.Panel("company.panels", 80, "user:update", "access/_of_client.html", access_of_client))
    slots.fill(slots.Panel("person.rights", 80, "user:update", "access/_of_person.html", access_of_person))
