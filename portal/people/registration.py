"""What this domain brings into the application."""

from flask import Flask
from flask_babel import lazy_gettext

from portal.core.web import nav, slots
from portal.core.web.slots import Panel
from portal.people import wording
from portal.people.blueprint import bp


def register(app: Flask) -> None:
    """Add pages and places to an app."""
    from portal.people import handlers  # noqa: F401  # declares duties and who hears of what
    from portal.people.views import (  # noqa: F401  # they register what they hold
        account,
        companies,
        groups,
        looking_on,
        person,
        reviews,
        staff,
        users,
    )

    app.register_blueprint(bp)
    app.jinja_env.filters.update(role_name=wording.name_of_role)
    slots.fill(Panel("home.tiles", 90, "review:decide", "people/_review_tile.html", reviews.client_tile))
    slots.fill(Panel("users.notice", 10, "review:decide", "people/_review_notice.html", reviews.client_tile))
    slots.fill(Panel("queue.notice", 10, "review:decide", "people/_reviews_late.html", reviews.staff_notice))
    nav.add(
        nav.Item("msp", lazy_gettext("Staff"), "people", "people.staff", order=80, permission="user:read", in_menu=True)
    )
    for words, endpoint, permission in (
        (lazy_gettext("Access reviews"), "people.reviews", "review:decide"),
        (lazy_gettext("Client groups"), "people.groups", "client:update"),
    ):
        nav.add(nav.Item("msp", words, "shield", endpoint, order=82, permission=permission, in_menu=True))
    # Nobody who looks on opens the person's own profile.
    words, beside = lazy_gettext("Account"), ("people.own_company",)
    nav.add(nav.Item("client", words, "person", "people.profile", order=80, in_menu=True, instead=beside))
    nav.add(
        nav.Item("msp", lazy_gettext("Clients"), "building", "people.companies", order=20, permission="client:read")
    )
