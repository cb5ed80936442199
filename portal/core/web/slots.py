"""Named places in a page that upper domains fill, so that the page imports nobody.

A domain registers a panel with its permission, a query and a partial; the page
renders what is registered for its slot and the viewer may see.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import render_template
from markupsafe import Markup

from portal.core.tenancy.scope import current_scope


@dataclass(frozen=True, slots=True)
class Panel:
    """One filling: `facts(subject)` returns the partial's context, or None to show nothing."""

    slot: str
    order: int
    permission: str | None
    template: str
    facts: Callable[[Any], dict[str, Any] | None]


_panels: list[Panel] = []


def fill(panel: Panel) -> None:
    """Register a panel once."""
    if panel not in _panels:
        _panels.append(panel)
        _panels.sort(key=lambda each: each.order)


def panels(slot: str, subject: object) -> list[Markup]:
    """The rendered panels of a slot that this viewer may see."""
    scope = current_scope()
    shown = []
    for panel in _panels:
        if panel.slot == slot and (panel.permission is None or scope.may(panel.permission)):
            facts = panel.facts(subject)
            if facts is not None:
                shown.append(Markup(render_template(panel.template, **facts)))  # noqa: S704  # our own template's output
    return shown
