"""What a ticket's timeline and badges say, to the client and to the staff."""

from collections.abc import Callable
from typing import NamedTuple

from flask_babel import gettext, pgettext

from portal.tickets.rules import Happening, Phase
from portal.tickets.shipped import named


def _(words: str, **values: str) -> str:
    return str(gettext(words, **values))


class Badge(NamedTuple):
    """Words, tone and shape of a state (`templates/ui/badge.html`)."""

    text: str
    tone: str
    shape: str


def client_badge(phase: str, *, is_taken: bool = True) -> Badge:
    """Where a ticket stands, as its client is told. `is_taken`: somebody has it, or has begun on it."""
    if phase == Phase.DONE:
        return Badge(_("Done"), "calm", "done")
    if phase == Phase.WAITING_ON_CLIENT:
        return Badge(_("Waiting for you"), "warn", "dot")
    if is_taken:
        return Badge(_("With us"), "info", "half")
    return Badge(_("Received"), "info", "ring")


def staff_badge(phase: str) -> Badge:
    """Where a ticket stands, as the staff are told."""
    if phase == Phase.DONE:
        return Badge(_("Done"), "calm", "done")
    if phase == Phase.WAITING_ON_CLIENT:
        return Badge(_("Waiting for client"), "warn", "dot")
    return Badge(_("Waiting for us"), "info", "ring")


def priority_badge(name: str, rank: int) -> Badge:
    """How urgent a ticket is: the first two ranks stand out, the rest are calm."""
    tone = {1: "bad", 2: "warn"}.get(rank, "calm")
    return Badge(named(name), tone, "bar" if tone == "calm" else "up")


def part_words(part: str) -> str:
    """How a contact takes part in a ticket; empty for those who just do."""
    return {"requester": _("asked for it"), "affected": _("affected")}.get(part, "")


def client_line(kind: str, *, name: str, old: str, new: str, mine: bool) -> str:
    """A grey line as the client reads it; `mine`: the reader did it."""
    if kind == Happening.ASSIGNED:
        return _("%(name)s is on it now", name=new) if new else _("It waits for somebody to take it on")
    if kind in _BOTH:
        return _BOTH[Happening(kind)](name, old or new)
    said = _CLIENT_MINE.get(Happening(kind)) if mine else None
    return (said or _CLIENT[Happening(kind)])(name)


def staff_line(kind: str, *, name: str, old: str, new: str, mine: bool) -> str:
    """A grey line as the staff read it."""
    del mine
    if kind == Happening.ASSIGNED:
        return _assigned(name, new)
    if kind in _BOTH:
        return _BOTH[Happening(kind)](name, old or new)
    old, new = named(old), named(new)
    if kind == Happening.PRIORITY:
        return _("%(name)s changed the priority from %(old)s to %(new)s", name=name, old=old, new=new)
    return _("%(name)s changed the status from %(old)s to %(new)s", name=name, old=old, new=new)


def _assigned(name: str, new: str) -> str:
    if not new:
        return _("%(name)s gave it back to nobody", name=name)
    if new == name:
        return _("%(name)s took this on", name=name)
    return _("%(name)s gave it to %(colleague)s", name=name, colleague=new)


Sentence = Callable[[str], str]

_BOTH: dict[Happening, Callable[[str, str], str]] = {
    Happening.SEALED: lambda name, _who: _("%(name)s made it private: only the people named on it see it", name=name),
    Happening.UNSEALED: lambda name, _who: _("%(name)s ended that it is private", name=name),
    Happening.AFFECTED: lambda name, who: _("%(name)s named %(person)s as affected", name=name, person=who),
    Happening.FOLLOWS: lambda name, who: _("%(name)s let %(person)s follow it", name=name, person=who),
    Happening.LEFT: lambda name, who: _("%(name)s took %(person)s off it", name=name, person=who),
}
"""Lines that read alike on both sides: who did it, and to whom."""
_CLIENT: dict[Happening, Sentence] = {
    Happening.BEGUN: lambda name: _("%(name)s has begun to work on it", name=name),
    Happening.WAITING: lambda name: _("%(name)s is waiting for you", name=name),
    Happening.RESUMED: lambda name: _("%(name)s went on with it", name=name),
    Happening.RESOLVED: lambda name: _("%(name)s marked it as solved", name=name),
    Happening.CLOSED: lambda name: _("%(name)s closed it", name=name),
    Happening.REOPENED: lambda name: _("%(name)s opened it again", name=name),
    Happening.PRIORITY: lambda name: _("%(name)s changed how urgent it is", name=name),
}
_CLIENT_MINE: dict[Happening, Sentence] = {
    Happening.RESOLVED: lambda _name: _("You marked it as solved"),
    Happening.REOPENED: lambda _name: _("You opened it again"),
}


def sent_by(*, mine: bool, us: bool, tenant: str, client: str) -> str:
    """Who stands behind a letter's author: the reader, the MSP, or (for staff) the client."""
    if mine and not us:
        return str(pgettext("author of a letter", "you"))
    return tenant if us else client
