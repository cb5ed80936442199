"""The roles of a tenant: made once, asked for by key."""

from sqlalchemy import select

from portal.core import audit
from portal.extensions import db
from portal.identity import queries
from portal.identity.models import Role, RolePermission
from portal.identity.permissions import ROLES, RoleSide, ShippedRole, permissions_of
from portal.tenants.provisioning import provisions


class MissingRole(LookupError):
    """A role that the product needs is not there; nothing else is taken in its place."""

    def __init__(self, side: str, key: str) -> None:
        """Name the role and the way out."""
        super().__init__(f"the {side} role “{key}” is missing in this tenant: `flask tenant provision` makes it again")


def role(side: RoleSide, key: str) -> Role:
    """The tenant's role of this key. Raises MissingRole; there is no fallback."""
    found: Role | None = db.session.execute(queries.role(side, key)).scalar_one_or_none()
    if found is None:
        raise MissingRole(side, key)
    return found


@provisions("identity", order=10)
def provision_roles() -> None:
    """Make the shipped roles that the tenant lacks; those it has stay as people made them."""
    known = {(side, key) for side, key in db.session.execute(select(Role.side, Role.key))}
    for shipped in ROLES:
        if (shipped.side, shipped.key) not in known:
            _make(shipped)


def _make(shipped: ShippedRole) -> None:
    made = Role(key=shipped.key, name=shipped.name, side=shipped.side, is_giveable=shipped.is_giveable)
    db.session.add(made)
    db.session.flush()
    permissions = sorted(permissions_of(shipped.key))
    db.session.add_all(RolePermission(role_id=made.id, permission=permission) for permission in permissions)
    audit.record("role.created", made, new={"name": shipped.name, "permissions": permissions})
