"""Why somebody may do something or see a ticket: pure functions over what was found out about them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role of somebody's. `sites`: the names of those that it counts at; none: everywhere."""

    name: str
    permissions: frozenset[str]
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether somebody holds a permission, and by which rule.

    `rule`: given (by `roles`), at_sites (given at `sites` alone), denied_client, denied_person, or no_role.
    """

    permission: str
    allowed: bool
    rule: str
    roles: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


def explain_permission(
    permission: str, roles: Iterable[HeldRole], *, denied_client: frozenset[str], denied_person: frozenset[str]
) -> Answer:
    """The rule that decides: a denial takes whatever roles give; a role without sites gives it everywhere."""
    giving = [each for each in roles if permission in each.permissions]
    names = tuple(each.name for each in giving)
    if not giving:
        return Answer(permission, allowed=False, rule="no_role")
    if permission in denied_client:
        return Answer(permission, allowed=False, rule="denied_client", roles=names)
    if permission in denied_person:
        return Answer(permission, allowed=False, rule="denied_person", roles=names)
    if everywhere := tuple(each.name for each in giving if not each.sites):
        return Answer(permission, allowed=True, rule="given", roles=everywhere)
    sites = tuple(sorted({site for each in giving for site in each.sites}))
    return Answer(permission, allowed=True, rule="at_sites", roles=names, sites=sites)


STEPS = ("account", "served", "reads", "person", "boards", "sites", "private")
"""The rules about seeing a ticket, in the order in which one would tell them; the first that fails decides."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rule about a ticket, and whether it lets the person through. `why` says how, by name."""

    rule: str
    passes: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether somebody sees a ticket, and all that was asked."""

    sees: bool
    steps: tuple[Step, ...] = field(default=())

    @property
    def told(self) -> tuple[Step, ...]:
        """The rules worth telling: whose company's ticket it isn't, what else would hide it means nothing there."""
        if self.decided_by.rule != "served" or self.sees:
            return self.steps
        return self.steps[: self.steps.index(self.decided_by) + 1]

    @property
    def decided_by(self) -> Step:
        """The rule that hides it, or the one that shows it."""
        return next((step for step in self.steps if not step.passes), self.showing)

    @property
    def showing(self) -> Step:
        """The rule by which a visible ticket is visible: privacy for a private one, else the person's scope."""
        by_rule = {step.rule: step for step in self.steps}
        private = by_rule.get("private")
        if private is not None and private.why not in {"", "not_private"}:
            return private
        return by_rule.get("person") or by_rule["reads"]


def explain_ticket(parts: Mapping[str, bool], *, account: str, reads: bool, is_staff: bool, scope: str = "") -> Verdict:
    """Put the parts of the predicate together.

    `parts`: each part of `policy.parts_for` and `reasons_for` as the database answered for this ticket.
    `account`: empty, or why the person can't come in at all. `scope`: the person's own, for clients.
    """
    steps = [
        Step("account", not account, account),
        Step("served", parts["served"]),
        Step("reads", reads),
    ]
    if not is_staff:
        steps.append(Step("person", parts["person"], _tie(parts, scope)))
        steps += [Step("boards", parts["boards"]), Step("sites", parts["sites"])]
    steps.append(Step("private", parts["private"], _privacy(parts, is_staff=is_staff)))
    return Verdict(all(step.passes for step in steps), tuple(steps))


def _tie(parts: Mapping[str, bool], scope: str) -> str:
    """What shows it to the person, or the scope that doesn't."""
    if scope == "company":
        return "company"
    if parts["asker"] and (scope == "own" or parts["person"]):
        return "asker"
    if scope in {"taking_part", "site"} and parts["taking_part"]:
        return "taking_part"
    if scope == "site" and parts["own_site"]:
        return "own_site"
    return f"not_{scope}"


def _privacy(parts: Mapping[str, bool], *, is_staff: bool) -> str:
    if not parts["is_private"]:
        return "not_private"
    ties = ("assigned", "opened") if is_staff else ("asker", "taking_part")
    named = next((tie for tie in ties if parts[tie]), None)
    if named is not None:
        return named
    return "holds_private" if parts["private"] else "not_named"
