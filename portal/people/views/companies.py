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
from portal.identity.sso import domains, proofs
from portal.people import pages, queries
from portal.people.blueprint import bp
from portal.people.forms import DomainForm
from portal.people.refusals import refusal_of
from portal.people.services import companies as companies_service

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
    return _page(client, DomainForm(formdata=None, obj=client))


@bp.post("/msp/clients/<int(max=999999999):number>/domain")
@allow("staff", "access:update", of="company", hidden=False, fresh=True)
def change_domain(number: int) -> Response:
    """Say whose people a company sign-in with these addresses brings in."""
    client, form = one_or_404(queries.company(viewer, number)), DomainForm()
    if not form.validate():
        return _page(client, form, status=422)
    refused = refusal_of(lambda: companies_service.set_email_domain(client, form.email_domain.data or ""))
    if refused:
        form.reject("email_domain", refused)
        return _page(one_or_404(queries.company(viewer, number)), form, status=422)
    answer.say(gettext("The email domain is saved."))
    return answer.moved(url_for(".company", number=number))


@bp.get("/msp/clients/<int(max=999999999):number>/domain")
@allow("staff", "access:update", of="company")
def company_domain(number: int) -> Response:
    """The client's page, or for htmx the part that tells how the proof of the email domain stands."""
    client = one_or_404(queries.company(viewer, number))
    return _page(client, DomainForm(formdata=None, obj=client), part="people/_domain.html")


@bp.post("/msp/clients/<int(max=999999999):number>/domain/check")
@allow("staff", "access:update", of="company", hidden=False, fresh=True)
def check_domain(number: int) -> Response:
    """Have a job look whether the client has published the record that proves the email domain."""
    client = one_or_404(queries.company(viewer, number))
    if client.email_domain:
        domains.order_check(client.email_domain)
    return answer.moved(url_for(".company_domain", number=number))


def _page(client: Client, form: DomainForm, part: str | None = None, *, status: int = 200) -> Response:
    facts = _company(client) | {"domain_form": form, "is_about_domain": part is not None}
    return answer.page("people/company.html", part, status=status, **facts)


def _company(client: Client) -> dict[str, Any]:
    return {
        "title": client.name,
        "client": client,
        "proof": next(iter(proofs.proofs([client.email_domain])), None),
        "sites": db.session.scalars(queries.sites(client.id)).all(),
        "people": pages.people_for_staff(client.id),
        "may_view": viewer.may("portal:view_as"),
        "may_change": viewer.may("client:update"),
        "may_admit": viewer.may("access:update"),
        "may_invite": viewer.may("user:invite"),
        "may_read": viewer.may("user:read"),
    }
