"""The board, statuses and priorities of a new tenant, and what they are called in the reader's language.

A tenant that keeps our names reads them translated; a name of its own is shown as it was given.
"""

from flask_babel import gettext

from portal.core.words import N_

BOARD = N_("Service desk")
STATUSES = (
    (N_("New"), "new"),
    (N_("In progress"), "open"),
    (N_("Waiting for client"), "waiting"),
    (N_("Resolved"), "resolved"),
    (N_("Closed"), "closed"),
)
PRIORITIES = (
    (N_("Critical"), N_("Nobody can work"), 1),
    (N_("High"), N_("I can't work"), 2),
    (N_("Normal"), N_("It slows me down"), 3),
    (N_("Low"), N_("A question or a wish"), 4),
)
DEFAULT_RANK = 3

NAMES = frozenset(
    {BOARD}
    | {name for name, _category in STATUSES}
    | {words for name, label, _rank in PRIORITIES for words in (name, label)}
)


def named(name: str) -> str:
    """What a board, status or priority is called to its reader, given its name or label in the database."""
    return str(gettext(name)) if name in NAMES else name
