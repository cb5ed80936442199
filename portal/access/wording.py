"""How rules are told in plain speech."""

from typing import Any

from flask_babel import gettext

from portal.access.explaining import Answer, Step


def _(words: str, **values: str) -> str:
    return str(gettext(words, **values))


def scope_words() -> dict[str, str]:
    """How far a client's person sees, in words."""
    return {
        "own": _("Own: tickets they asked for or opened"),
        "taking_part": _("Taking part: those, and tickets they follow or are affected by"),
        "site": _("Site: those, and all tickets of their site"),
        "company": _("Company: all tickets of their company"),
    }


def why_permission(answer: Answer) -> str:
    """The rule behind a permission."""
    roles = ", ".join(answer.roles)
    return {
        "given": lambda: _("The role %(roles)s gives it.", roles=roles),
        "at_sites": lambda: _(
            "The role %(roles)s gives it, but only at %(sites)s.", roles=roles, sites=", ".join(answer.sites)
        ),
        "denied_client": lambda: _("The role %(roles)s gives it, but it is taken from the whole client.", roles=roles),
        "denied_person": lambda: _("The role %(roles)s gives it, but it is taken from this person.", roles=roles),
        "no_role": lambda: _("No role of this person gives it."),
    }[answer.rule]()


def why_step(step: Step, facts: dict[str, Any]) -> str:
    """One rule about a ticket as it came out. `facts`: name, reads (a sentence), board, site, client."""
    return {
        "account": lambda: _account(step, facts["name"]),
        "served": lambda: _served(facts, passes=step.passes),
        "reads": lambda: str(facts["reads"]),
        "person": lambda: _person(step.why, facts["name"]),
        "boards": lambda: _boards(facts, passes=step.passes),
        "sites": lambda: _sites(facts, passes=step.passes),
        "private": lambda: _private(step.why, facts["name"]),
    }[step.rule]()


def _account(step: Step, name: str) -> str:
    return {
        "": lambda: _("%(name)s can sign in.", name=name),
        "user": lambda: _("The login of %(name)s isn't active.", name=name),
        "seat": lambda: _("The access of %(name)s to this client was taken away.", name=name),
        "portal": lambda: _("Portal access is switched off for %(name)s or for the client.", name=name),
    }[step.why]()


def _served(facts: dict[str, Any], *, passes: bool) -> str:
    if facts["is_staff"]:
        if passes:
            return _("%(name)s looks after the ticket's client.", name=facts["name"])
        return _("%(name)s sees assigned clients only, and the ticket's client isn't one of them.", name=facts["name"])
    if passes:
        return _("The ticket is of %(client)s, where %(name)s has access.", name=facts["name"], client=facts["client"])
    return _("The ticket isn't of %(client)s, where %(name)s has access.", name=facts["name"], client=facts["client"])


def _person(why: str, name: str) -> str:
    return {
        "company": lambda: _("%(name)s sees all tickets of the company.", name=name),
        "asker": lambda: _("%(name)s asked for it or opened it.", name=name),
        "taking_part": lambda: _("%(name)s takes part in it.", name=name),
        "own_site": lambda: _("It is at the site of %(name)s.", name=name),
        "not_own": lambda: _(
            "%(name)s sees own tickets only, and neither asked for this one nor opened it.", name=name
        ),
        "not_taking_part": lambda: _(
            "%(name)s sees tickets they take part in, and doesn't take part in this one.", name=name
        ),
        "not_site": lambda: _(
            "%(name)s sees tickets they take part in and those of their site; this one is neither.", name=name
        ),
    }[why]()


def _boards(facts: dict[str, Any], *, passes: bool) -> str:
    if facts["board_group"] is None:
        return _("%(name)s isn't held to any group of boards.", name=facts["name"])
    if passes:
        return _("The board %(board)s is in the group %(group)s.", board=facts["board"], group=facts["board_group"])
    return _(
        "%(name)s sees the boards of the group %(group)s, and %(board)s isn't one of them.",
        name=facts["name"], group=facts["board_group"], board=facts["board"],
    )  # fmt: skip


def _sites(facts: dict[str, Any], *, passes: bool) -> str:
    if passes:
        return _("Seeing tickets counts where this one is.")
    if facts["site"] is None:
        return _("%(name)s sees tickets at some sites only, and this one is at none.", name=facts["name"])
    return _(
        "%(name)s sees tickets at some sites only, and %(site)s isn't one of them.",
        name=facts["name"], site=facts["site"],
    )  # fmt: skip


def _private(why: str, name: str) -> str:
    return {
        "not_private": lambda: _("The ticket isn't private."),
        "asker": lambda: _("The ticket is private, and %(name)s asked for it or opened it.", name=name),
        "taking_part": lambda: _("The ticket is private, and %(name)s takes part in it.", name=name),
        "assigned": lambda: _("The ticket is private, and %(name)s works on it.", name=name),
        "opened": lambda: _("The ticket is private, and %(name)s opened it.", name=name),
        "holds_private": lambda: _("The ticket is private, and a role lets %(name)s see private ones.", name=name),
        "not_named": lambda: _("The ticket is private, and %(name)s isn't named on it.", name=name),
    }[why]()
