"""`/admin/sso`: the tenant's providers, each with its domains, groups and a button that tries it."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from portal.core.outbound import Unreachable
from portal.core.policy import allow, one_or_404
from portal.core.tenancy.scope import current_scope
from portal.core.web import answer
from portal.extensions import db
from portal.identity.blueprint import bp
from portal.identity.models import Role, SsoProvider
from portal.identity.sso import coming_in, domains, oidc, proofs, providers, queries
from portal.identity.sso.forms import KINDS, SIDES, ProviderForm
from portal.identity.sso.providers import TOLD, NoWayBack, ProviderData

LIST, PAGE = "identity/sso/list.html", "identity/sso/provider.html"


@bp.get("/admin/sso")
@allow("staff", "sso:update", fresh=True)
def sso_list() -> Response:
    """All providers."""
    rows = db.session.execute(queries.providers(current_scope())).scalars().all()
    return answer.page(LIST, title=gettext("Single sign-on"), providers=rows, kinds=KINDS, sides=SIDES)


@bp.get("/admin/sso/new")
@allow("staff", "sso:update", fresh=True)
def sso_new() -> Response:
    """The form for a new one."""
    return _page(_form(None), None)


@bp.post("/admin/sso/new")
@allow("staff", "sso:update", fresh=True)
def sso_add() -> Response:
    """Add one."""
    return _save(None)


@bp.get("/admin/sso/<uuid:provider_id>")
@allow("staff", "sso:update", of="sso_provider", fresh=True)
def sso_provider(provider_id: UUID) -> Response:
    """One provider and its form."""
    provider = one_or_404(queries.provider(current_scope(), provider_id))
    return _page(_form(provider), provider)


@bp.post("/admin/sso/<uuid:provider_id>")
@allow("staff", "sso:update", of="sso_provider", fresh=True)
def sso_change(provider_id: UUID) -> Response:
    """Change one."""
    return _save(one_or_404(queries.provider(current_scope(), provider_id).with_for_update()))


@bp.post("/admin/sso/<uuid:provider_id>/test")
@allow("staff", "sso:update", of="sso_provider", fresh=True)
def sso_test(provider_id: UUID) -> Response:
    """Ask the issuer what it says of itself."""
    provider = one_or_404(queries.provider(current_scope(), provider_id))
    try:
        oidc.discover(provider.issuer, anew=True)
    except Unreachable:
        answer.say(gettext("The issuer doesn't answer as one does. Check its address."), "bad")
    except oidc.Refused:
        answer.say(
            gettext("Something answers there, but calls itself otherwise. Write the issuer exactly as it does."), "bad"
        )
    else:
        answer.say(gettext("The issuer answers. Whether ID and secret are right shows at the first sign-in."))
    return answer.moved(url_for(".sso_provider", provider_id=provider.id))


@bp.get("/admin/sso/<uuid:provider_id>/domains")
@allow("staff", "sso:update", of="sso_provider", fresh=True)
def sso_domains(provider_id: UUID) -> Response:
    """The provider's page, or for htmx the part that tells how the proofs of its domains stand."""
    provider = one_or_404(queries.provider(current_scope(), provider_id))
    return _page(_form(provider), provider, part="identity/sso/_domains.html")


@bp.post("/admin/sso/<uuid:provider_id>/domains/check")
@allow("staff", "sso:update", of="sso_provider", fresh=True)
def sso_check_domain(provider_id: UUID) -> Response:
    """Have a job look whether the record that proves one of the provider's domains is published."""
    provider = one_or_404(queries.provider(current_scope(), provider_id))
    domain = request.form.get("domain", "")
    if not provider.creates_users or domain not in provider.domains:
        raise NotFound
    domains.order_check(domain)
    return answer.moved(url_for(".sso_domains", provider_id=provider.id))


def _form(provider: SsoProvider | None) -> ProviderForm:
    roles = [role for side in SIDES for role in _roles(side) if provider is None or provider.side == side]
    kept = {name: getattr(provider, name) for name in TOLD if name != "domains"} if provider is not None else {}
    groups = db.session.execute(queries.group_roles(provider.id)).scalars().all() if provider is not None else []
    return ProviderForm(
        roles=roles,
        has_secret=provider is not None,
        data={
            "group_claim": "groups",
            "is_active": True,
            **kept,
            "domains": "\n".join(provider.domains) if provider is not None else "",
            "groups": [{"group": each.group_name, "role": str(each.role_id)} for each in groups],
        },
    )


def _roles(side: str) -> list[Role]:
    return list(db.session.execute(queries.roles_of("msp" if side == "msp" else "client")).scalars())


def _page(
    form: ProviderForm, provider: SsoProvider | None, *, part: str | None = None, is_bad: bool = False
) -> Response:
    facts: dict[str, Any] = {
        "title": provider.name if provider is not None else gettext("New single sign-on"),
        "form": form,
        "provider": provider,
        "sides": SIDES,
        "proofs": proofs.proofs(provider.domains) if provider is not None and provider.creates_users else [],
        "back_uri": coming_in.redirect_uri(provider) if provider is not None else None,
    }
    return answer.invalid(PAGE, **facts) if is_bad else answer.page(PAGE, part, **facts)


def _save(provider: SsoProvider | None) -> Response:
    form = _form(provider)
    if provider is not None:
        form.side.data = provider.side
        form.side.raw_data = [provider.side]
    if not form.validate():
        return _page(form, provider, is_bad=True)
    facts = {name: getattr(form, name).data for name in TOLD if name != "domains"}
    facts |= {"domains": form.domain_list(), "group_claim": form.group_claim.data or "groups"}
    data = ProviderData(facts, form.app_secret.data or "", tuple(form.group_pairs()))
    try:
        saved = providers.save(provider, data, by=current_scope())
    except NoWayBack:
        form.reject(
            "is_required", gettext("Set up a passkey for yourself first: it lets you in if the directory fails.")
        )
        return _page(form, provider, is_bad=True)
    answer.say(gettext("%(name)s is saved.", name=saved.name))
    return answer.moved(url_for(".sso_provider", provider_id=saved.id))
