"""What mails about unusual activity say."""

from uuid import UUID

from sqlalchemy import select

from portal.core.tenancy.scope import viewer
from portal.core.web.links import link
from portal.extensions import db
from portal.identity.models import SecurityAlert
from portal.notifications.letters import Facts, letter
from portal.trail import alert_words

MOST_TOLD = 20


@letter("security_alerts", urgent=True)
def security_alerts(*, alert_ids: str) -> Facts | None:
    """To the administrators: what was unusual in the last minutes."""
    if not viewer.is_staff:
        return None
    ids = [UUID(each) for each in alert_ids.split(",")]
    found = select(SecurityAlert).where(SecurityAlert.id.in_(ids)).order_by(SecurityAlert.at, SecurityAlert.id)
    rows = list(db.session.execute(found).scalars())
    told = alert_words.lines(viewer, rows[:MOST_TOLD])
    return {"alerts": told, "count": len(rows), "url": link("trail.alerts")} if rows else None
