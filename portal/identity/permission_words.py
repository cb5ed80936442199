"""What each permission means, in a sentence that screens show."""

from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

RESOURCES: Final[dict[str, LazyString]] = {
    "ticket": _l("Tickets"),
    "client": _l("Clients"),
    "user": _l("People with access"),
    "review": _l("Access reviews"),
    "portal": _l("Open portal as…"),
    "role": _l("Roles"),
    "access": _l("Ways in"),
    "sso": _l("Single sign-on"),
    "amount": _l("Amounts"),
    "activity": _l("Activity"),
    "audit": _l("Audit trail"),
    "job": _l("Periodic work"),
    "outbox": _l("Email and deliveries"),
}
"""The headings under which permissions stand, in the order of screens."""

WORDS: Final[dict[str, LazyString]] = {
    "ticket:read": _l("See tickets, as far as person, boards and sites allow."),
    "ticket:create": _l("Open tickets."),
    "ticket:comment": _l("Write on the own company's tickets."),
    "ticket:resolve": _l("Say that a ticket is solved, or that it isn't."),
    "ticket:reply": _l("Write to the client."),
    "ticket:note": _l("Write notes that only colleagues read."),
    "ticket:assign": _l("Give tickets out, and hear of new ones."),
    "ticket:update": _l("Change status, priority and who may see a ticket."),
    "ticket:private": _l("See private tickets of others, such as HR or security."),
    "client:read": _l("See clients, their sites and contacts."),
    "client:update": _l("Change clients, their sites and contacts."),
    "user:read": _l("See who has access."),
    "user:invite": _l("Invite people."),
    "user:update": _l("Change people's roles and what they see."),
    "user:deactivate": _l("Take access away, and give it back."),
    "review:decide": _l("Confirm or remove people when access is reviewed."),
    "portal:view_as": _l("Look at the portal as a client's person sees it."),
    "role:read": _l("See roles, and ask why somebody may do something."),
    "role:update": _l("Change roles and what narrows them."),
    "access:update": _l("Set how people come in, codes and requests included."),
    "sso:update": _l("Set up single sign-on; as good as being an Administrator, since a directory can give any role."),
    "amount:unlimited": _l("Decide about amounts above the limit that is set."),
    "activity:read": _l("See who did what in the own company."),
    "audit:read": _l("Read the audit trail."),
    "audit:export": _l("Take the audit trail out as a file."),
    "job:read": _l("See what runs by itself."),
    "outbox:read": _l("See outgoing email and what failed."),
    "outbox:replay": _l("Try what failed again, or discard it."),
}


def grouped(permissions: frozenset[str]) -> list[tuple[LazyString, list[str]]]:
    """These permissions under their headings, in the order of screens."""
    found = []
    for resource, heading in RESOURCES.items():
        own = [each for each in WORDS if each in permissions and each.partition(":")[0] == resource]
        if own:
            found.append((heading, own))
    return found
