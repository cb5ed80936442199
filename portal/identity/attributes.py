"""Rules about attributes, next to roles: which clients somebody of the staff sees, and who decides about amounts.

Pure: a viewer and values in, yes or no out. `TABLE` in the tests says it for every shipped role.
"""

from uuid import UUID

from portal.core.tenancy.scope import Viewer

UNLIMITED = "amount:unlimited"
"""Whoever holds it decides about any amount; of the roles that are shipped only the Administrator does."""


def sees_client(viewer: Viewer, client_id: UUID) -> bool:
    """Whether a client exists for the viewer: the own one, for the staff every one or those that are assigned."""
    if viewer.is_client:
        return viewer.client_id == client_id
    return viewer.is_staff and (viewer.client_ids is None or client_id in viewer.client_ids)


def may_decide(viewer: Viewer, amount_minor: int, limit_minor: int | None) -> bool:
    """Whether the viewer may decide about an amount: up to the limit whoever may at all, above it few.

    Both in minor units of the tenant's currency; `limit_minor` is `AccessSettings.amount_limit_minor`,
    None for no limit. A credit counts as much as a charge: the sign is no matter.
    """
    return limit_minor is None or abs(amount_minor) <= limit_minor or viewer.may(UNLIMITED)
