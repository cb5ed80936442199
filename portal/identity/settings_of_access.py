"""What the tenant allows at its doors: one row, made with the tenant."""

from sqlalchemy import select

from portal.extensions import db
from portal.identity.models import AccessSettings
from portal.tenants.provisioning import provisions


def access_settings() -> AccessSettings:
    """The row of the scope's tenant; every reach may read it. Raises LookupError where provisioning was skipped."""
    found: AccessSettings | None = db.session.execute(select(AccessSettings)).scalar_one_or_none()
    if found is None:
        message = "this tenant has no access settings: `flask tenant provision` makes them"
        raise LookupError(message)
    return found


@provisions("access", order=15)
def provision_access_settings() -> None:
    """Make the tenant's row, with every way in but the password closed."""
    if db.session.execute(select(AccessSettings.id)).first() is None:
        db.session.add(AccessSettings())
        db.session.flush()
