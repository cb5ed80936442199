"""The front page of an installation, at its bare base domain; registered outside production only.

In production the bare domain answers as any host that is nobody's: 404.
"""

from flask import Blueprint, Response

from portal.core.policy import public
from portal.core.tenancy import doors
from portal.core.web import answer
from portal.core.web.edge import FRONT
from portal.settings import current
from portal.tenants.showcase import PASSWORD, SHOWCASES

bp = Blueprint("base", __name__)


@bp.get(FRONT)
@public("base", because="it names what the README names, the demo's sign-ins, and doesn't exist in production")
def front() -> Response:
    """Where the demo's tenants are and who signs in there."""
    settings = current()
    tenants = [
        {
            "name": each.name,
            "origin": settings.origin(f"{each.slug}.{settings.base_domain}"),
            "staff": each.staff,
            "clients": each.clients,
        }
        for each in SHOWCASES
        if doors.tenant_of_host(slug=each.slug, host="") is not None
    ]
    return answer.page("base/front.html", tenants=tenants, password=PASSWORD)
