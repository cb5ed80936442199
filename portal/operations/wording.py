"""What states are called here, with the tone and shape of their badge."""

from typing import NamedTuple

from flask_babel import LazyString, lazy_gettext


class State(NamedTuple):
    """Words, tone and shape (`templates/ui/badge.html`)."""

    text: LazyString
    tone: str
    shape: str


MAIL_STATES = {
    "waiting": State(lazy_gettext("Waiting"), "info", "half"),
    "sent": State(lazy_gettext("Sent"), "good", "done"),
    "failed": State(lazy_gettext("Failed"), "bad", "square"),
}
DELIVERY_STATES = {
    "dead": State(lazy_gettext("Given up"), "bad", "square"),
    "discarded": State(lazy_gettext("Discarded"), "calm", "bar"),
}
RUN_STATES = {
    "open": State(lazy_gettext("Running or waiting"), "info", "half"),
    "done": State(lazy_gettext("Done"), "good", "done"),
    "dead": State(lazy_gettext("Given up"), "bad", "square"),
    "discarded": State(lazy_gettext("Discarded"), "calm", "bar"),
}
DUTIES = {
    "events.tidy": lazy_gettext("Forget deliveries that were done long ago"),
    "files.sweep_orphans": lazy_gettext("Remove files that nothing refers to"),
    "files.sweep_staged": lazy_gettext("Remove files of forms that were never sent"),
    "identity.clean_up": lazy_gettext("Remove sessions that have ended"),
    "identity.domains": lazy_gettext("Look again whether proven email domains still are"),
    "people.keep_groups": lazy_gettext("Keep access that came with groups of clients in step"),
    "people.start_reviews": lazy_gettext("Begin the access reviews that are due"),
    "trail.trim": lazy_gettext("Remove entries of the trail that were kept long enough"),
    "trail.watch": lazy_gettext("Look for unusual activity"),
}
"""What each periodic duty does, by its name in the code."""
