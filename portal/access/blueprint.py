"""The pages of this domain, and the places among them."""

from flask import Blueprint, url_for
from flask_babel import gettext

from portal.core.tenancy.scope import viewer
from portal.core.web.nav import Entry

bp = Blueprint("access", __name__)


def places(current: str) -> list[Entry]:
    """The pages that stand side by side, as far as the viewer may enter them."""
    found = (
        ("roles", gettext("Roles"), "role:read"),
        ("board_groups", gettext("Groups of boards"), "role:read"),
        ("simulator", gettext("Why?"), "role:read"),
        ("settings", gettext("Ways in"), "access:update"),
    )
    return [Entry(label, url_for(f".{name}"), "", name == current) for name, label, need in found if viewer.may(need)]
