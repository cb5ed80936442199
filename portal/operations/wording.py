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
