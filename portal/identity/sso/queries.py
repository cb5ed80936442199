"""Providers, as the gate and the screen of those who set them up read them."""

from uuid import UUID

from sqlalchemy import Select, select

from portal.core.tenancy.scope import Viewer
from portal.core.web.cookies import Side
from portal.identity.models import Role, SsoGroupRole, SsoProvider


def offered(side: Side) -> Select[SsoProvider]:
    """What a side's sign-in page offers."""
    return (
        select(SsoProvider)
        .where(SsoProvider.side == side, SsoProvider.is_active)
        .order_by(SsoProvider.name, SsoProvider.id)
    )


def offered_as(slug: str) -> Select[SsoProvider]:
    """An active provider by its address."""
    return select(SsoProvider).where(SsoProvider.slug == slug, SsoProvider.is_active)


def providers(_viewer: Viewer) -> Select[SsoProvider]:
    """All of the tenant."""
    return select(SsoProvider).order_by(SsoProvider.side, SsoProvider.name, SsoProvider.id)


def provider(_viewer: Viewer, provider_id: UUID) -> Select[SsoProvider]:
    """One of them."""
    return select(SsoProvider).where(SsoProvider.id == provider_id)


def group_roles(provider_id: UUID) -> Select[SsoGroupRole]:
    """What a provider's groups mean."""
    return (
        select(SsoGroupRole)
        .where(SsoGroupRole.provider_id == provider_id)
        .order_by(SsoGroupRole.group_name, SsoGroupRole.id)
    )


def roles_of(side: Side) -> Select[Role]:
    """The roles that a provider's groups can mean."""
    kind = "internal" if side == "msp" else "client"
    return select(Role).where(Role.side == kind).order_by(Role.name, Role.id)
