"""The demo's tenants: two MSPs with their looks, and as many invented ones beside them as are asked for."""

import io
import math
from dataclasses import dataclass
from uuid import UUID

from PIL import Image, ImageDraw

from portal.core.tenancy import doors
from portal.core.tenancy.scope import system_scope
from portal.core.tenancy.session import transaction
from portal.tenants import branding
from portal.tenants.services import NewTenant, create_tenant

SIZE = (160, 160)
"""Points of a mark as it is drawn; pages show it at a quarter of that."""


@dataclass(frozen=True, slots=True)
class Msp:
    """An MSP of the demo."""

    slug: str
    name: str
    color: str
    city: str
    time_zone: str = "Europe/Berlin"


MSPS = (
    Msp("harbor", "Harbor IT", "#0b6b87", "Hamburg"),
    Msp("summit", "Summit Networks", "#3f6212", "Innsbruck", "Europe/Vienna"),
)
_FIRST = ("Atlas", "Birch", "Copper", "Dune", "Ember", "Fjord", "Granite", "Heron", "Iris", "Juniper")
_SECOND = ("Systems", "Networks", "Services", "Technik", "Support")
_COLORS = ("#9a3412", "#6d28d9", "#0f766e", "#1d4ed8", "#be185d", "#4d7c0f", "#7c2d12")


def msps(count: int) -> list[Msp]:
    """The first so many MSPs: the two that everybody knows, then invented ones."""
    return [MSPS[place] if place < len(MSPS) else _invented(place - len(MSPS)) for place in range(count)]


def _invented(place: int) -> Msp:
    first, second = _FIRST[place % len(_FIRST)], _SECOND[place // len(_FIRST) % len(_SECOND)]
    turn = place // (len(_FIRST) * len(_SECOND))
    name = f"{first} {second}" + (f" {turn + 1}" if turn else "")
    return Msp(name.lower().replace(" ", "-"), name, _COLORS[place % len(_COLORS)], "Berlin")


def tenant_of(msp: Msp) -> UUID | None:
    """The id of the MSP's tenant, where it is there already."""
    with transaction(None):
        found = doors.tenants(msp.slug)
    return found[0][0] if found else None


def make_tenant(msp: Msp, tenant_id: UUID) -> None:
    """Make the tenant with its look, closed until its data is there. Raises SlugTaken."""
    new = NewTenant(
        slug=msp.slug,
        name=msp.name,
        time_zone=msp.time_zone,
        support_email=f"help@{msp.slug}.example",
        support_phone="+49 30 23125 100" if msp.slug != "summit" else "+43 512 000 210",
        support_hours="Mon-Fri 7:30-18:00",
        website=f"https://www.{msp.slug}.example",
        brand_color=msp.color,
    )
    with transaction(system_scope(tenant_id)):
        tenant = create_tenant(new)
        branding.set_logo(tenant, logo(msp), alt=msp.name)
        tenant.state = "suspended"


def logo(msp: Msp) -> bytes:
    """The MSP's logo as PNG: a mark in its colour. Pages write the name beside it."""
    image = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((8, 8, 152, 152), radius=32, fill=msp.color)
    marks = {"harbor": _waves, "summit": _peaks}
    marks.get(msp.slug, _ring)(draw)
    kept = io.BytesIO()
    image.save(kept, "PNG", optimize=True)
    return kept.getvalue()


def _waves(draw: ImageDraw.ImageDraw) -> None:
    for height in (58, 86, 114):
        points = [(x, height + 9 * math.sin((x - 28) / 104 * 4 * math.pi)) for x in range(28, 133, 2)]
        draw.line(points, fill="white", width=10, joint="curve")


def _peaks(draw: ImageDraw.ImageDraw) -> None:
    draw.polygon([(24, 124), (66, 48), (108, 124)], fill="white")
    draw.polygon([(72, 124), (104, 76), (136, 124)], fill=(255, 255, 255, 190))


def _ring(draw: ImageDraw.ImageDraw) -> None:
    draw.ellipse((40, 40, 120, 120), outline="white", width=14)
