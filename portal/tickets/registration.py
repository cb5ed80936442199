"""What tickets bring into the application."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from portal.core.web import nav, slots
from portal.tickets import (
    attachments,
    client_views,
    events,
    handlers,
    models,
    pages,
    people_views,
    provisioning,
    shipped,
    staff_views,
)

__all__ = ["attachments", "events", "handlers", "models", "people_views", "provisioning", "register"]


def register(app: Flask) -> None:
    """Register pages and places; models, events and provisioning by being imported."""
    app.register_blueprint(client_views.bp)
    app.register_blueprint(staff_views.bp)
    app.jinja_env.filters.update(named=shipped.named)
    slots.fill(slots.Panel("company.panels", 20, "ticket:read", "tickets/_of_client.html", pages.tickets_of_client))
    nav.add(nav.Item("client", _l("Tickets"), "ticket", "tickets.index", order=20, permission="ticket:read"))
    nav.add(nav.Item("msp", _l("Queue"), "queue", "desk.queue", order=10, permission="ticket:read"))
