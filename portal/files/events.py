"""What happens to files. Ids and facts only."""

from portal.core.events.declare import Event, event


@event("files.original_replaced", version=1)
class OriginalReplaced(Event):
    """A file was written anew and its row names the new bytes; `blob_key` names those that it was sent as."""

    blob_key: str
