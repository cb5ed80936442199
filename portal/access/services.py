"""Changing what the tenant allows at its doors."""

from collections.abc import Mapping
from typing import Any

from portal.core import audit
from portal.identity.models import AccessSettings


def change_access(settings: AccessSettings, values: Mapping[str, Any]) -> None:
    """Set the columns of these names; the same again changes nothing."""
    changed = {name: value for name, value in values.items() if getattr(settings, name) != value}
    if not changed:
        return
    old = {name: getattr(settings, name) for name in changed}
    for name, value in changed.items():
        setattr(settings, name, value)
    audit.record("access.changed", settings, old=old, new=changed)
