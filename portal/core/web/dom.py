"""Ids of elements, made from the objects they show."""

import re


def dom_id(target: object, prefix: str = "") -> str:
    """The id of the element that shows this row: `ticket-…`, `new-ticket` for a class."""
    name = target.__name__ if isinstance(target, type) else type(target).__name__
    kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    tail = "new" if isinstance(target, type) else str(getattr(target, "id", ""))
    return "-".join(part for part in (prefix, kebab, tail) if part)
