"""Coming in by a directory: to the issuer, back with a code, and through the gate like everybody else."""

from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID

import structlog
from sqlalchemy import select

from portal.core import audit
from portal.core.outbound import Unreachable
from portal.core.tenancy import doors
from portal.core.tenancy.scope import current_scope, system_scope
from portal.core.tenancy.session import transaction
from portal.core.web.cookies import Side
from portal.core.web.place import here
from portal.extensions import db
from portal.identity.devices import Device
from portal.identity.models import RolePermission, SsoProvider, StaffRole
from portal.identity.services import refusals
from portal.identity.services.entering import KIND, Halfway, SignedIn, go_on, recognised
from portal.identity.services.sessions import Visit
from portal.identity.sso import directory, oidc, queries, state
from portal.identity.sso.oidc import App, Refused
from portal.identity.sso.state import Journey

_log = structlog.get_logger(__name__)


class SsoRefused(Exception):
    """The directory's word doesn't let anybody in here; which of the reasons it was stands in the trail."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where to go, and what the browser takes along."""

    url: str
    journey: Journey


def side_of(provider: SsoProvider) -> Side:
    """The side that a provider lets in."""
    return "msp" if provider.side == "msp" else "client"


def redirect_uri(provider: SsoProvider) -> str:
    """Where the issuer sends people back to: the tenant's own name, never a Host header's."""
    return f"{here().origin}/auth/sso/{quote(provider.slug, safe='')}"


def app_of(provider: SsoProvider) -> App:
    """What the issuer knows this portal by."""
    return App(provider.issuer, provider.app_id, provider.app_secret or "", redirect_uri(provider))


def note_refusal(provider: SsoProvider, reason: str, *, address: str) -> None:
    """Tell the trail that a journey ended before anybody was proven; its issuer's own words stay out of it."""
    act = refusals.act("sso.refused", "sso.throttled", address=address)
    if act is not None:
        audit.record(act, side=side_of(provider), provider=provider.slug, reason=reason)


def _reason(error: Unreachable | Refused) -> str:
    return error.reason if isinstance(error, Refused) else "unreachable"


def leave(provider: SsoProvider, wish: str, *, address: str) -> Leaving:
    """Begin a journey to the issuer, which is asked of itself only now. Raises SsoRefused."""
    app = app_of(provider)
    try:
        place = oidc.discover(app.issuer)
    except (Unreachable, Refused) as error:
        _log.warning("sso issuer unusable", provider=provider.slug, reason=str(error) or "unreachable")
        note_refusal(provider, _reason(error), address=address)
        raise SsoRefused from None
    journey, token = state.begin(provider.id, wish)
    url = oidc.way_to(app, place, state=token, nonce=journey.nonce, verifier=journey.verifier)
    return Leaving(url, journey)


def come_in(provider: SsoProvider, journey: Journey, code: str, *, visit: Visit, device: Device) -> SignedIn | Halfway:
    """Let in whom the code proves, or to the second factor. Raises SsoRefused; the caller commits the trail.

    A directory that says that it asked for more than a password (`amr` holds `mfa`)
    counts for the second factor as well; otherwise the portal asks for its own.
    """
    side = side_of(provider)
    app, provider_id, slug = app_of(provider), provider.id, provider.slug
    try:
        place = oidc.discover(app.issuer)
        token = oidc.redeem(app, place, code=code, verifier=journey.verifier)
        said = directory.said_by(provider, oidc.claims_of(token, app, place, nonce=journey.nonce))
        user_id = _settled(provider_id, said)
    except (Unreachable, Refused) as error:
        audit.record("sso.refused", side=side, provider=slug, reason=_reason(error))
        raise SsoRefused from None
    person = recognised(side, *doors.recognise_user(kind=KIND[side], user_id=user_id))
    if person is None or person.why_not:
        reason = person.why_not if person is not None else "unknown"
        audit.record("sso.refused", person and person.user, side=side, provider=slug, reason=reason)
        raise SsoRefused
    return go_on(person, "sso", visit=visit, device=device, factor="sso" if said.has_second_factor else "")


def _settled(provider_id: UUID, said: directory.Said) -> UUID:
    """See `directory.settle`; as the system, committed before the gate looks, whatever the gate says then."""
    origin = db.session().info.get("origin", {})
    with transaction(system_scope(current_scope().tenant_id)) as session:
        session.info["origin"] = origin
        return directory.settle(provider_id, said)


def required(side: Side) -> SsoProvider | None:
    """The provider that this side has to come in by; None where passwords do. Known to every stranger at the gate."""
    found: SsoProvider | None = db.session.execute(
        queries.offered(side).where(SsoProvider.is_required).limit(1)
    ).scalar_one_or_none()
    return found


def may_come_in_besides(user_id: UUID, side: Side) -> bool:
    """Whether this person may come in by a passkey although a directory is required.

    Of the staff those who set the directory up: somebody must be able to mend it
    when it fails, and a passkey can't be phished. Nobody else.
    """
    if required(side) is None:
        return True
    if side != "msp":
        return False
    holders = (
        select(StaffRole.id)
        .join(RolePermission, RolePermission.role_id == StaffRole.role_id)
        .where(StaffRole.user_id == user_id, RolePermission.permission == "sso:update")
    )
    with transaction(system_scope(current_scope().tenant_id)) as session:
        return session.execute(holders.limit(1)).first() is not None
