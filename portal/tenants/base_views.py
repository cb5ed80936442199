"""The front page of an installation, at its bare base domain; registered outside production only.

In production the bare domain answers as any host that is nobody's: 404.
"""

from flask import Blueprint, Response

from portal.core.policy import public
from portal.core.web import answer
from portal.core.web.edge import FRONT
from portal.extensions import db
from portal.settings import current
from portal.tenants import queries
from portal.tenants.showcase import PASSWORD, SHOWCASES

bp = Blueprint("base", __name__)


@bp.get(FRONT)
@public("base", because="it names what the README names, the demo's sign-ins, and doesn't exist in production")
def front() -> Response:
    """Where the demo's tenants are and who signs in there."""
    settings = current()
    names = {
        tenant.slug: tenant.display_name
        for tenant in db.session.scalars(queries.tenants_named(tuple(each.slug for each in SHOWCASES)))
    }
    tenants = [
        {
            "name": names[each.slug],
            "origin": settings.origin(f"{each.slug}.{settings.base_domain}"),
            "staff": each.staff,
            "clients": each.clients,
        }
        for each in SHOWCASES
        if each.slug in names
    ]
    return answer.page("base/front.html", tenants=tenants, password=PASSWORD)
