"""What people read when a file can't be taken: which one, why, and what to do."""

from collections.abc import Sequence

from flask_babel import gettext, ngettext

from portal.core.filetypes import FileRefused, Refusal

_MEGABYTE = 1_000_000


def _(words: str, **values: str | int) -> str:
    return str(gettext(words, **values))


def too_big(name: str, limit: int) -> str:
    """One file is over the limit of bytes."""
    return _(
        "“%(name)s” is over %(limit)d MB. Choose a smaller one; everything else is still here.",
        name=name,
        limit=limit // _MEGABYTE,
    )


def too_much(name: str, limit: int) -> str:
    """All files together would be over the limit of bytes."""
    return _(
        "With “%(name)s” the files here would be over %(limit)d MB together. Leave it out or make it smaller.",
        name=name,
        limit=limit // _MEGABYTE,
    )


def too_many(limit: int, left_out: Sequence[str]) -> str:
    """More files than the limit; these were left out."""
    names = ", ".join(_("“%(name)s”", name=name) for name in left_out[:3])
    more = len(left_out) - 3
    if more > 0:
        names = ngettext("%(names)s and %(num)d more", "%(names)s and %(num)d more", more, names=names)
    return _(
        "You can send %(limit)d files at a time. Left out: %(names)s. Send them in a second message.",
        limit=limit,
        names=names,
    )


def refused(name: str, refusal: FileRefused) -> str:
    """The file itself can't be taken."""
    if refusal.reason is Refusal.EMPTY:
        return _("“%(name)s” is empty. Check that it was saved, then choose it again.", name=name)
    if refusal.reason is Refusal.MISMATCH:
        return _(
            "“%(name)s” isn't inside what its name says. Open it, save it again, and choose the new file.", name=name
        )
    return _(
        "We can't take “%(name)s”. Photos, screen recordings, PDF, Office files, text and .zip are fine.", name=name
    )


def no_room() -> str:
    """The storage is full."""
    return _(
        "We have no room for files just now. Your text is still here: send it without the files, or try again later."
    )


def no_storage() -> str:
    """The storage doesn't answer."""
    return _(
        "We couldn't keep your files just now. Your text is still here: try again in a minute, or send it without them."
    )


_PROCESSING = {
    "large": lambda: _("the picture has more than 40 million pixels"),
    "frames": lambda: _("the animation is too long"),
    "broken": lambda: _("the picture is damaged"),
    "damaged": lambda: _("the file is damaged"),
    "slow": lambda: _("the picture is too complex"),
    "missing": lambda: _("the file was lost on its way"),
}


def why(reason: str) -> str:
    """Why a file was refused after it had been sent, as the end of a sentence; empty for an unknown reason."""
    words = _PROCESSING.get(reason)
    return words() if words else ""
