"""What happens in this domain."""

from uuid import UUID

from portal.core.events.declare import Event, event


@event("security.alerted", version=1)
class UnusualActivity(Event):
    """Something unusual was found and written down; each alert is told once."""

    alert_ids: tuple[UUID, ...]
