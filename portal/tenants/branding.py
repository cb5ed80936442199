"""How a tenant looks: its colour and its logo. Every change makes a new version, whose address may be kept for good."""

from tempfile import TemporaryFile

from portal.core import audit, images
from portal.core.colour import is_colour
from portal.core.storage import keeping
from portal.tenants.models import Tenant

LARGEST_BYTES = 5 * 1024 * 1024
"""Of a logo as it is sent; what is kept of it is a few kilobytes."""
WEBP = b"RIFF"


class LogoRefused(Exception):
    """The file can't be the logo; `reason` says why."""

    def __init__(self, reason: images.Reason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class NoColour(ValueError):
    """The colour is not written as `#rrggbb`."""


def set_logo(tenant: Tenant, image: bytes, *, alt: str = "") -> None:
    """Give the tenant this logo. Raises LogoRefused, StorageError.

    What was sent (JPEG, PNG, WebP, GIF; no SVG, which is a program) is never kept or
    shown: it is decoded in a child process, and the pixels are written anew as WebP of
    at most 320 points either way, which is sharp at the height pages show it in and
    small enough for their budget.
    """
    if len(image) > LARGEST_BYTES:
        raise LogoRefused(images.Reason.LARGE)
    with TemporaryFile() as source, TemporaryFile() as full, TemporaryFile() as small:
        source.write(image)
        source.flush()
        try:
            images.remake(source, full, small)
        except images.ImageRefused as error:
            raise LogoRefused(error.reason) from error
        kept = keeping.keep(tenant.id, small)
    old = {"logo_key": tenant.logo_key, "logo_alt": tenant.logo_alt}
    tenant.logo_key, tenant.logo_alt = kept.key, alt
    _next_version(tenant, "tenant.logo_set", old=old, new={"logo_key": kept.key, "logo_alt": alt})


def remove_logo(tenant: Tenant) -> None:
    """Show the tenant's name instead of a logo. The file stays until the storage is tidied."""
    old = {"logo_key": tenant.logo_key, "logo_alt": tenant.logo_alt}
    tenant.logo_key, tenant.logo_alt = None, ""
    _next_version(tenant, "tenant.logo_removed", old=old, new={"logo_key": None, "logo_alt": ""})


def set_color(tenant: Tenant, color: str | None) -> None:
    """Give the tenant's client side this colour, `#rrggbb`; None gives it the product's own. Raises NoColour."""
    if color is not None and not is_colour(color):
        raise NoColour(color[:20])
    old = {"brand_color": tenant.brand_color}
    tenant.brand_color = color
    _next_version(tenant, "tenant.color_set", old=old, new={"brand_color": color})


def _next_version(tenant: Tenant, action: str, *, old: dict[str, str | None], new: dict[str, str | None]) -> None:
    tenant.brand_version += 1
    audit.record(action, tenant, old=old, new=new)


def content_type(image: bytes) -> str:
    """The type of a logo as it is kept; anything else is a fault, and is served as bytes that show nothing."""
    is_webp = image.startswith(WEBP) and image[8:12] == b"WEBP"
    return "image/webp" if is_webp else "application/octet-stream"
