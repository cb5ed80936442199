"""A client portal for managed service providers, and the part of a PSA behind it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portal.core.web.edge import Portal
    from portal.settings import Settings


def create_app(settings: "Settings | None" = None) -> "Portal":
    """The application for these settings, read from the environment where none are given; see `assembly.build`."""
    from portal.assembly import build  # a part may be imported without assembling the whole

    return build(settings)
