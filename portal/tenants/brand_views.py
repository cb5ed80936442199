"""The tenant's colours and logo, as its pages link them: public, small, cached by the brand's version.

The version stands in the address and rises with every change of the brand, so a
browser may keep what it got for good. An address of another version answers with
today's brand and is asked for again each time.
"""

from flask import Blueprint, Response, make_response, request
from werkzeug.exceptions import NotFound

from portal.core.policy import public
from portal.core.storage import BlobMissing, blobs
from portal.core.tenancy.scope import viewer
from portal.core.web import brand
from portal.core.web.cookies import Side
from portal.core.web.headers import FILE_POLICY
from portal.core.web.place import here
from portal.extensions import db
from portal.tenants import queries
from portal.tenants.branding import content_type

bp = Blueprint("brand", __name__, url_prefix="/brand")

YEAR = 365 * 24 * 3600
SHOWN = "every page shows it, the sign-in included; it is the tenant's own and names nobody"


@bp.get("/<any(client, msp):side>/<int:version>.css")
@public("public", because=SHOWN)
def stylesheet(side: Side, version: int) -> Response:
    """The colours of one side as custom properties. The console keeps its own, whatever the tenant's are."""
    colour = None
    if side == "client":
        colour = db.session.execute(queries.brand_color(viewer.tenant_id)).scalar_one()
    return _cached(brand.stylesheet(colour, side).encode(), "text/css; charset=utf-8", version)


@bp.get("/<int:version>/logo")
@public("public", because=SHOWN)
def logo(version: int) -> Response:
    """The logo, as it was re-encoded when it was set; opened directly it can run nothing."""
    key = here().logo_key
    if key is None:
        raise NotFound
    try:
        body = b"".join(blobs().open(viewer.tenant_id, key))
    except BlobMissing:
        raise NotFound from None
    response = _cached(body, content_type(body), version)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def _cached(body: bytes, kind: str, version: int) -> Response:
    response = make_response(body)
    response.headers["Content-Type"] = kind
    response.cache_control.public = True
    if version == here().brand_version:
        response.cache_control.max_age = YEAR
        response.cache_control.immutable = True
    else:
        response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response
