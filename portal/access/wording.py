"""How rules are told in plain speech."""

from typing import NamedTuple

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


class Facts(NamedTuple):
    """What the words about one ticket and one person need, by name; empty where there is nothing.

    `at`: the client where the person is, `of`: the client whose ticket it is, `asker`: who asked for it.
    `reads`: why they see any tickets at all, and `name` who they are.
    """

    name: str
    is_staff: bool
    number: int
    of: str
    asker: str
    board: str
    site: str
    reads: Answer
    at: str = ""
    board_group: str = ""


def headings() -> dict[str, str]:
    """What each rule about a ticket looks at."""
    return {
        "account": _("Signing in"),
        "served": _("Company"),
        "reads": _("Roles"),
        "person": _("Whose tickets"),
        "boards": _("Boards"),
        "sites": _("Sites"),
        "private": _("Privacy"),
    }


def why_step(step: Step, facts: Facts) -> str:
    """One rule about a ticket as it came out."""
    return {
        "account": lambda: _account(step, facts),
        "served": lambda: _served(facts, passes=step.passes),
        "reads": lambda: _reads(facts),
        "person": lambda: _person(step.why, facts),
        "boards": lambda: _boards(facts, passes=step.passes),
        "sites": lambda: _sites(facts, passes=step.passes),
        "private": lambda: _private(step.why, facts),
    }[step.rule]()


def _account(step: Step, facts: Facts) -> str:
    return {
        "": lambda: _("%(name)s can sign in.", name=facts.name),
        "user": lambda: _("The login of %(name)s isn't active.", name=facts.name),
        "seat": lambda: _("The access of %(name)s to %(client)s was taken away.", name=facts.name, client=facts.at),
        "portal": lambda: _("Portal access is switched off for %(name)s or for the client.", name=facts.name),
    }[step.why]()


def _served(facts: Facts, *, passes: bool) -> str:
    if facts.is_staff and passes:
        return _("%(name)s looks after %(client)s.", name=facts.name, client=facts.of)
    if facts.is_staff:
        return _(
            "%(name)s sees assigned clients only, and %(client)s, whose ticket this is, isn't one of them.",
            name=facts.name, client=facts.of,
        )  # fmt: skip
    if passes:
        return _(
            "Ticket %(number)s belongs to %(client)s, and %(name)s is there.",
            number=str(facts.number), client=facts.of, name=facts.name,
        )  # fmt: skip
    return _(
        "Ticket %(number)s belongs to %(other)s. %(name)s is at %(client)s, and nobody sees another company's tickets.",
        number=str(facts.number), other=facts.of, name=facts.name, client=facts.at,
    )  # fmt: skip


def _reads(facts: Facts) -> str:
    answer, name, roles = facts.reads, facts.name, ", ".join(facts.reads.roles)
    return {
        "given": lambda: _("The role %(roles)s lets %(name)s see tickets.", roles=roles, name=name),
        "at_sites": lambda: _(
            "The role %(roles)s lets %(name)s see tickets at %(sites)s.",
            roles=roles, name=name, sites=", ".join(answer.sites),
        ),
        "denied_client": lambda: _(
            "The role %(roles)s lets people see tickets, but that was taken from everybody at %(client)s.",
            roles=roles, client=facts.at,
        ),
        "denied_person": lambda: _(
            "The role %(roles)s lets people see tickets, but that was taken from %(name)s.", roles=roles, name=name
        ),
        "no_role": lambda: _("%(name)s has no role that lets people see tickets.", name=name),
    }[answer.rule]()  # fmt: skip


def _person(why: str, facts: Facts) -> str:
    name, asker = facts.name, facts.asker
    return {
        "company": lambda: _("%(name)s sees all tickets of the company.", name=name),
        "asker": lambda: _("%(name)s asked for it or opened it.", name=name),
        "taking_part": lambda: _("%(name)s takes part in it.", name=name),
        "own_site": lambda: _("It is at the site of %(name)s.", name=name),
        "not_own": lambda: _(
            "%(name)s sees only tickets that they asked for or opened. %(asker)s asked for this one.",
            name=name, asker=asker,
        ),
        "not_taking_part": lambda: _(
            "%(name)s sees only tickets that they take part in. %(asker)s asked for this one, and nobody added"
            " %(name)s to it.", name=name, asker=asker,
        ),
        "not_site": lambda: _(
            "%(name)s sees tickets that they take part in and those of their own site. %(asker)s asked for this one,"
            " which is elsewhere.", name=name, asker=asker,
        ),
    }[why]()  # fmt: skip


def _boards(facts: Facts, *, passes: bool) -> str:
    if not facts.board_group:
        return _("%(name)s may look at every board.", name=facts.name)
    if passes:
        return _("The board %(board)s is in the group “%(group)s”.", board=facts.board, group=facts.board_group)
    return _(
        "%(name)s sees the boards of the group “%(group)s”. This ticket is on the board %(board)s, which isn't in it.",
        name=facts.name, group=facts.board_group, board=facts.board,
    )  # fmt: skip


def _sites(facts: Facts, *, passes: bool) -> str:
    sites = ", ".join(facts.reads.sites)
    if passes and not sites:
        return _("%(name)s isn't limited to particular sites.", name=facts.name)
    if passes:
        return _("The ticket is at %(site)s, where %(name)s may see tickets.", site=facts.site, name=facts.name)
    if not facts.site:
        return _("%(name)s sees tickets at %(sites)s only, and this one is at no site.", name=facts.name, sites=sites)
    return _(
        "%(name)s sees tickets at %(sites)s only, and this one is at %(site)s.",
        name=facts.name, sites=sites, site=facts.site,
    )  # fmt: skip


def _private(why: str, facts: Facts) -> str:
    name = facts.name
    return {
        "not_private": lambda: _("The ticket isn't private."),
        "asker": lambda: _("The ticket is private, and %(name)s asked for it or opened it.", name=name),
        "taking_part": lambda: _("The ticket is private, and %(name)s takes part in it.", name=name),
        "assigned": lambda: _("The ticket is private, and %(name)s works on it.", name=name),
        "opened": lambda: _("The ticket is private, and %(name)s opened it.", name=name),
        "holds_private": lambda: _("The ticket is private, and a role lets %(name)s see private ones.", name=name),
        "not_named": lambda: _(
            "The ticket is private: only the people named on it see it, and %(name)s isn't one of them.", name=name
        ),
    }[why]()
