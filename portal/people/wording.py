"""States and scopes in words, with tone and shape."""

from typing import NamedTuple

from flask_babel import LazyString, gettext, lazy_gettext

from portal.clients.models import Contact
from portal.identity.models import Membership, Role, StaffProfile, User
from portal.identity.permissions import ROLES


class Badge(NamedTuple):
    """What `templates/ui/badge.html` shows."""

    text: str
    tone: str
    shape: str


SCOPES: dict[str, LazyString] = {
    "own": lazy_gettext("Only tickets they asked for"),
    "taking_part": lazy_gettext("Tickets they take part in"),
    "site": lazy_gettext("Tickets of their site"),
    "company": lazy_gettext("All tickets of the company"),
}
"""How much of a company's tickets a person sees, as a membership says it."""

_INVITED: dict[str | None, tuple[LazyString, str]] = {
    "open": (lazy_gettext("Invited"), "info"),
    "expired": (lazy_gettext("Invitation expired"), "warn"),
    "revoked": (lazy_gettext("Invitation withdrawn"), "calm"),
}

_SHIPPED: dict[str, LazyString] = {
    "user": lazy_gettext("User"),
    "finance": lazy_gettext("Finance"),
    "admin": lazy_gettext("Admin"),
    "read_only": lazy_gettext("Read-only"),
    "billing": lazy_gettext("Billing"),
    "technician": lazy_gettext("Technician"),
    "dispatcher": lazy_gettext("Dispatcher"),
    "administrator": lazy_gettext("Administrator"),
}


_NAMES = {role.key: role.name for role in ROLES}


def role_name(key: str | None, name: str) -> str:
    """A role's name: those that are shipped in the reader's language, others as the tenant wrote them."""
    shipped = _SHIPPED.get(key or "")
    return str(shipped) if shipped is not None and _NAMES.get(key or "") == name else name


def name_of_role(role: Role) -> str:
    """The same of a row, for templates."""
    return role_name(role.key, role.name)


def account_badge(
    contact: Contact, membership: Membership | None, state: str | None, invitation: str | None = None
) -> Badge:
    """Whether and how a contact can come in; `state` is the login's, None where there is none.

    `invitation`: what became of the last one of a seat that isn't in force.
    """
    if membership is None or state is None:
        return Badge(gettext("No account"), "calm", "ring")
    if not membership.is_active and invitation in _INVITED:
        text, tone = _INVITED[invitation]
        return Badge(str(text), tone, "half")
    if not membership.is_active or not contact.is_active:
        return Badge(gettext("Deactivated"), "calm", "bar")
    if not contact.portal_access:
        return Badge(gettext("Portal access off"), "warn", "bar")
    return state_badge(state)


def state_badge(state: str) -> Badge:
    """A login's own state."""
    return {
        "pending": Badge(gettext("Invited"), "info", "half"),
        "active": Badge(gettext("Active"), "good", "dot"),
        "suspended": Badge(gettext("Suspended"), "bad", "square"),
        "locked": Badge(gettext("Locked"), "warn", "square"),
    }[state]


def colleague_badge(user: User, profile: StaffProfile, invitation: str | None = None) -> Badge:
    """Whether somebody of the staff can come in. `invitation`: what became of the last one."""
    if user.state == "pending" and invitation in _INVITED:
        text, tone = _INVITED[invitation]
        return Badge(str(text), tone, "half")
    if user.state == "active" and not profile.is_active:
        return Badge(gettext("Deactivated"), "calm", "bar")
    return state_badge(user.state)
