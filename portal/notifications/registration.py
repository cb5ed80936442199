"""What this domain brings into the application: its table and what reacts to a mail that was asked for."""

from portal.notifications import handlers, models

__all__ = ["handlers", "models"]
