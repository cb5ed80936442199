"""The catalogue of events, handlers and duties, made from the code."""

from __future__ import annotations

import inspect
import types
import typing
from typing import Any

from portal.core.events import declare, payload, schedule


def entries() -> list[dict[str, Any]]:
    """Every event that a domain declares, with its facts and handlers, by kind, as JSON values."""
    return [
        {
            "kind": known.kind,
            "version": known.version,
            "about": _about(known.cls),
            "facts": {name: _word(hint) for name, hint in payload.shape(known.cls).items()},
            "handlers": [_handler(handler) for handler in declare.handlers_of(known.kind)],
        }
        for known in declare.all_types()
        if known.cls is not schedule.ScheduleDue
    ]


def duties() -> list[dict[str, Any]]:
    """Every periodic duty, by name, as JSON values."""
    return [
        {
            "name": duty.name,
            "every_seconds": int(duty.period.total_seconds()),
            "each_slot": duty.each_slot,
            "clock": duty.clock,
            **{key: value for key, value in _handler(duty.handler).items() if key != "name"},
        }
        for duty in schedule.duties()
    ]


def markdown() -> str:
    """The catalogue as a page."""
    lines = [
        "# Events",
        "",
        "Made from the code by `flask events --markdown`. Facts are ids and plain values; an event's `id` is also its",
        "row's in the outbox. Handlers run once for each event; the queue and the limit of one run stand beside them.",
        "",
    ]
    for entry in entries():
        lines += [f"## `{entry['kind']}` (version {entry['version']})", "", entry["about"], ""]
        lines += [f"- `{name}`: {hint}" for name, hint in entry["facts"].items()]
        lines += ["", "Handlers: " + (", ".join(_listed(handler) for handler in entry["handlers"]) or "none"), ""]
    lines += ["# Periodic duties", "", "| duty | every | queue | what it does |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{duty['name']}` | {_period(duty['every_seconds'])} | {duty['queue']} | {duty['about']} |"
        for duty in duties()
    ]
    return "\n".join(lines) + "\n"


def _handler(handler: declare.Handler) -> dict[str, Any]:
    return {
        "name": handler.name,
        "queue": handler.queue,
        "seconds": handler.seconds,
        "about": _about(handler.run),
    }


def _listed(handler: dict[str, Any]) -> str:
    return f"`{handler['name']}` ({handler['queue']}, {handler['seconds']} s)"


def _about(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def _word(hint: Any) -> str:
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return " or ".join("nothing" if option is type(None) else _word(option) for option in typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        return f"list of {_word(typing.get_args(hint)[0])}"
    return str(hint.__name__)


def _period(seconds: int) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
