"""Setting up providers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from portal.core import audit, clock
from portal.core.tenancy.scope import Viewer
from portal.extensions import db
from portal.identity.models import Passkey, SsoGroupRole, SsoProvider
from portal.identity.sso import domains, queries
from portal.identity.sso.coming_in import side_of

TOLD: Final = (
    "name", "kind", "side", "issuer", "app_id", "group_claim", "domains", "creates_users", "is_required", "is_active",
)  # fmt: skip
"""What the trail tells of a provider; the secret is not among it."""


class NoWayBack(Exception):
    """Nobody could come in if the directory failed: whoever makes it the only way needs a passkey first."""


@dataclass(frozen=True, slots=True)
class ProviderData:
    """A provider as it is to be. `secret` empty: it stays. `groups`: (group, role id) pairs."""

    facts: dict[str, Any]
    secret: str
    groups: tuple[tuple[str, str], ...]


def save(provider: SsoProvider | None, data: ProviderData, *, by: Viewer) -> SsoProvider:
    """Add a provider, or change one; its side and address stay. Raises NoWayBack."""
    facts = dict(data.facts)
    if provider is not None:
        facts["side"] = provider.side
    if facts["is_required"] and facts["side"] == "msp" and not _has_passkey(by):
        raise NoWayBack
    is_new = provider is None
    if provider is None:
        provider = SsoProvider(slug=_free_slug(facts["name"]), created_at=clock.now(), **facts)
        old: dict[str, Any] | None = None
    else:
        old = _told(provider)
        for name, value in facts.items():
            setattr(provider, name, value)
    if data.secret:
        provider.app_secret = data.secret
    db.session.add(provider)
    db.session.flush()
    _follow_domains(set(old["domains"]) if old is not None else set(), provider)
    groups = _set_groups(provider, data.groups)
    new = _told(provider)
    changed = [name for name in TOLD if old is None or old[name] != new[name]]
    audit.record(
        "sso.provider_added" if is_new else "sso.provider_changed", provider,
        old=None if old is None else {name: old[name] for name in changed},
        new={name: new[name] for name in changed} | ({"secret": "new"} if data.secret else {}) | groups,
    )  # fmt: skip
    return provider


def _follow_domains(before: set[str], provider: SsoProvider) -> None:
    """Make a record for each domain whose people get accounts; what was proven of one that is gone is forgotten."""
    domains.forget_unused(before - set(provider.domains))
    for domain in provider.domains if provider.creates_users else ():
        domains.ensure(domain)


def _told(provider: SsoProvider) -> dict[str, Any]:
    return {name: getattr(provider, name) for name in TOLD}


def _has_passkey(by: Viewer) -> bool:
    return db.session.execute(select(Passkey.id).where(Passkey.user_id == by.user_id).limit(1)).first() is not None


def _free_slug(name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "sso"
    taken = set(db.session.execute(select(SsoProvider.slug).where(SsoProvider.slug.startswith(slug))).scalars())
    return next(
        each for number in range(1, 10_000) if (each := slug if number == 1 else f"{slug}-{number}") not in taken
    )


def _set_groups(provider: SsoProvider, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Make the table what it is to be; roles that this side doesn't have are left out."""
    allowed = {str(role.id): role for role in db.session.execute(queries.roles_of(side_of(provider))).scalars()}
    wanted = {(group, UUID(role_id)) for group, role_id in pairs if role_id in allowed}
    rows = db.session.execute(queries.group_roles(provider.id)).scalars().all()
    kept = {(row.group_name, row.role_id) for row in rows}
    if kept == wanted:
        return {}
    for row in rows:
        if (row.group_name, row.role_id) not in wanted:
            db.session.delete(row)
    for group, role_id in sorted(wanted - kept):
        db.session.add(SsoGroupRole(provider_id=provider.id, group_name=group, role_id=role_id))
    db.session.flush()
    return {"roles": [f"{group}: {allowed[str(role_id)].name}" for group, role_id in sorted(wanted)]}
