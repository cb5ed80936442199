"""`/msp/clients`: the companies that the MSP serves, and one of them with its sites and people."""

from typing import Any

from flask import Response, request, url_for
from flask_babel import gettext

from portal.clients.models import Client
from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import viewer
from portal.core.web import answer
from portal.core.web.paging_by_name import named_page_of
from portal.extensions import db
from portal.people import pages, queries
from portal.people.blueprint import bp

LONGEST_WISH = 100


@bp.get("/msp/clients")
@allow("staff", "client:read")
def companies() -> Response:
    """All clients, A to Z, or those whose name or number begins as asked."""
    wanted = request.args.get("q", "").strip()[:LONGEST_WISH].replace("\x00", "")
    page = named_page_of(
        queries.companies(viewer, wanted),
        Client.name,
        Client.id,
        key=lambda row: (row.name, row.id),
        cursor=request.args.get("page"),
    )
    return answer.page(
        "people/companies.html",
        "people/_companies.html",
        title=gettext("Clients"),
        rows=page.rows,
        wanted=wanted,
        may_view=viewer.may("portal:view_as"),
        newer_url=url_for(".companies", q=wanted or None, page=page.newer) if page.newer else None,
        older_url=url_for(".companies", q=wanted or None, page=page.older) if page.older else None,
    )


@bp.get("/msp/clients/<int(max=999999999):number>")
@allow("staff", "client:read", of="company")
def company(number: int) -> Response:
    """One client: facts, sites, people and what stands with them."""
    client = one_or_404(queries.company(viewer, number))
    return answer.page("people/company.html", **_company(client))


def _company(client: Client) -> dict[str, Any]:
    return {
        "title": client.name,
        "client": client,
        "sites": db.session.scalars(queries.sites(client.id)).all(),
        "people": pages.people_for_staff(client.id),
        "may_view": viewer.may("portal:view_as"),
        "may_change": viewer.may("client:update"),
        "may_invite": viewer.may("user:invite"),
        "may_read": viewer.may("user:read"),
    }
