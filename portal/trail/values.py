"""What the facts of an entry say to people: words for codes, names for ids, yes and no for flags."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from uuid import UUID

from flask_babel import LazyString, gettext, lazy_gettext

from portal.core.web import amounts
from portal.identity.permission_words import WORDS as PERMISSIONS
from portal.people.wording import SCOPES

Naming = Callable[[str, UUID], str]
"""What an object of a table is called; empty where it has no name or the reader may not know it."""

REFERENCES: Final[dict[str, str]] = {
    "clients": "clients",
    "sites": "sites",
    "site": "sites",
    "boards": "boards",
    "board_group": "board_groups",
    "contact": "contacts",
    "seat": "memberships",
    "user": "users",
}
"""Fields that hold ids, and of which table."""
UNTOLD: Final = frozenset({"key", "logo_key", "comment_id", "request", "session"})
"""Fields that machines alone read."""
FLAGS: Final = frozenset({"new_device", "private"})
"""Numbers that say whether; what isn't so is not worth a word."""
AMOUNTS: Final = frozenset({"amount_limit_minor"})
"""Minor units of money."""
SENTENCES: Final = frozenset({"permissions", "denied"})

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WORDS: Final[dict[str, dict[str, LazyString]]] = {
    "side": {
        "client": lazy_gettext("Clients' portal"),
        "msp": lazy_gettext("Staff console"),
        "internal": lazy_gettext("Staff"),
    },
    "way": {
        "password": lazy_gettext("Password"),
        "link": lazy_gettext("Link from an email"),
        "passkey": lazy_gettext("Passkey"),
        "sso": lazy_gettext("Company login"),
    },
    "part": {
        "affected": lazy_gettext("Affected"),
        "follower": lazy_gettext("Follows"),
    },
    "factor": {
        "app": lazy_gettext("Authenticator app"),
        "code": lazy_gettext("Authenticator app"),
        "recovery": lazy_gettext("Recovery code"),
        "passkey": lazy_gettext("Passkey"),
        "password": lazy_gettext("Password"),
        "sso": lazy_gettext("Company login"),
    },
    "what": {
        "app": lazy_gettext("Authenticator app"),
        "passkey": lazy_gettext("Passkey"),
        "codes": lazy_gettext("Recovery codes"),
    },
    "kind": {"client": lazy_gettext("Client"), "internal": lazy_gettext("Staff")},
    "decision": {"kept": lazy_gettext("Access kept"), "removed": lazy_gettext("Access taken away")},
    "state": {
        "pending": lazy_gettext("Invited"),
        "active": lazy_gettext("Active"),
        "suspended": lazy_gettext("Suspended"),
        "locked": lazy_gettext("Locked"),
        "open": lazy_gettext("Open"),
        "approved": lazy_gettext("Approved"),
        "refused": lazy_gettext("Refused"),
    },
    "reason": {
        "password": lazy_gettext("Wrong password"),
        "unknown": lazy_gettext("No such account"),
        "number": lazy_gettext("Wrong password for this number"),
        "several meant": lazy_gettext("The number is that of several accounts"),
        "second factor": lazy_gettext("Wrong second factor"),
        "wrong": lazy_gettext("It was not right"),
        "spent": lazy_gettext("The link was used or too old"),
        "no membership": lazy_gettext("No access to any client"),
        "pending": lazy_gettext("The invitation isn't accepted yet"),
        "suspended": lazy_gettext("The account is suspended"),
        "locked": lazy_gettext("The account is locked"),
        "by hand": lazy_gettext("By hand"),
        "replaced": lazy_gettext("Another one was opened"),
        "with the console's session": lazy_gettext("The console's session ended"),
        "password changed": lazy_gettext("The password was changed"),
        "second factors reset": lazy_gettext("The second factors were reset"),
        "by an administrator": lazy_gettext("By an administrator"),
        "by the staff": lazy_gettext("By the staff"),
        "sso required": lazy_gettext("Only the company login opens this side"),
        "domain not proven": lazy_gettext("The email domain isn't proven"),
        "state": lazy_gettext("The way back was of another browser, too old or used before"),
        "the issuer refused": lazy_gettext("The company login said no"),
        "unreachable": lazy_gettext("The company login couldn't be reached"),
    },
    "purpose": {
        "invitation": lazy_gettext("Invitation"),
        "password_reset": lazy_gettext("New password"),
        "verification": lazy_gettext("Proof of an email address"),
        "sign_in": lazy_gettext("Signing in"),
        "unlocking": lazy_gettext("Opening a locked account"),
    },
    "by": {"group": lazy_gettext("A group of clients")},
}


def told(field: str, value: Any, naming: Naming) -> str | None:
    """A value in words; None where there is nothing to say."""
    if value is None or value in ("", []) or field in UNTOLD or (field in FLAGS and not value):
        return None
    if isinstance(value, bool) or field in FLAGS:
        return str(gettext("yes") if value else gettext("no"))
    several = value if isinstance(value, list) else [value]
    words = [said for each in several if (said := _one(field, each, naming))]
    return ("; " if field in SENTENCES else ", ").join(words) or None


def _one(field: str, value: Any, naming: Naming) -> str:
    if isinstance(value, str) and _UUID.fullmatch(value):
        return naming(REFERENCES[field], UUID(value)) if field in REFERENCES else ""
    if field in AMOUNTS:
        return amounts.written(value)
    if field in {"scope", "ticket_scope"}:
        return str(SCOPES.get(value, value))
    if field in SENTENCES:
        return str(PERMISSIONS.get(value, value)).rstrip(".")
    return str(_WORDS.get(field, {}).get(str(value), value))


def differing(old: Any, new: Any) -> tuple[Any, Any]:
    """Of two lists what only one of them holds; anything else as it is.

    >>> differing(["a", "b"], ["b", "c"]), differing(1, 2), differing(None, ["a"])
    ((['a'], ['c']), (1, 2), (None, ['a']))
    """
    if isinstance(old, list) and isinstance(new, list):
        return [each for each in old if each not in new], [each for each in new if each not in old]
    return old, new


def ids_in(facts: dict[str, Any]) -> Iterator[tuple[str, UUID]]:
    """Table and id of what an entry's facts point at by id."""
    for field, value in _fields(facts):
        if field in REFERENCES:
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, str) and _UUID.fullmatch(each):
                    yield REFERENCES[field], UUID(each)


def _fields(facts: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    for part in (facts, facts.get("old") or {}, facts.get("new") or {}):
        yield from part.items()
