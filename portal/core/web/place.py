"""Where a page stands: whose portal, which side, which person. Layouts read it, and nothing else."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

from babel import Locale
from flask import g, url_for

from portal.core import policy
from portal.core.signing import signer
from portal.core.tenancy.doors import Entry
from portal.core.tenancy.scope import scope_or_none
from portal.core.web import nav
from portal.core.web.cookies import Side
from portal.core.web.nav import Entry as Way
from portal.settings import Settings

LEAVING: Final = "people.leave_portal"
SWITCHING: Final = "people.seats"
SIGN_OUT: Final[dict[Side, str]] = {"client": "identity.client_sign_out", "msp": "identity.msp_sign_out"}


@dataclass(frozen=True)
class Place:
    """The facts of a page's frame. Without a tenant (bare domain, unknown host) the texts are empty.

    `seats`: how many companies the person may come in at. `staff_name`: who of the staff
    looks on as this person; `looks_only`: without writing.
    """

    side: Side = "client"
    display_name: str = ""
    support_email: str = ""
    support_phone: str = ""
    support_hours: str = ""
    website: str = ""
    logo_alt: str = ""
    logo_key: str | None = None
    brand_version: int = 0
    origin: str = ""
    tenant_locale: str | None = None
    tenant_time_zone: str = "UTC"
    person_name: str | None = None
    person_locale: str | None = None
    person_time_zone: str | None = None
    client_name: str | None = None
    signed_in_elsewhere: bool = False
    slug: str = ""
    seats: int = 0
    staff_name: str | None = None
    looks_only: bool = True

    @cached_property
    def brand_css_url(self) -> str | None:
        """The brand's stylesheet; its address changes with the brand."""
        if not self.brand_version:
            return None
        return url_for("brand.stylesheet", side=self.side, version=self.brand_version)

    @cached_property
    def logo_url(self) -> str | None:
        """The tenant's logo, None where it has none."""
        return url_for("brand.logo", version=self.brand_version) if self.logo_key else None

    @cached_property
    def nav(self) -> list[Way]:
        """The places that this person may go to."""
        scope = scope_or_none()
        return nav.entries(self.side, scope) if scope is not None and self.person_name else []

    @cached_property
    def menu(self) -> list[Way]:
        """What the person's own menu leads to."""
        scope = scope_or_none()
        return nav.entries(self.side, scope, in_menu=True) if scope is not None and self.person_name else []

    @cached_property
    def action(self) -> Way | None:
        """What one comes for most often, in the middle of a phone's bar."""
        scope = scope_or_none()
        return nav.act(self.side, scope) if scope is not None and self.person_name else None

    @property
    def signout_url(self) -> str | None:
        """Where the button goes that ends the session; None before sign-in."""
        if self.staff_name is not None:
            return self.leaving_url
        return url_for(SIGN_OUT[self.side]) if self.person_name else None

    @property
    def leaving_url(self) -> str:
        """Where the button goes with which somebody of the staff stops looking on."""
        return url_for(LEAVING)

    @property
    def switch_url(self) -> str | None:
        """Where the person changes to another of their companies; None where there is but one."""
        return url_for(SWITCHING) if self.seats > 1 and self.staff_name is None else None

    @property
    def draft_key(self) -> str | None:
        """A name for this person in this browser's storage; it says nothing outside."""
        scope = scope_or_none()
        if scope is None or scope.user_id is None or not self.person_name:
            return None
        return urlsafe_b64encode(signer().macs("person in browser", scope.user_id.bytes)[0][:12]).decode()

    @property
    def home_url(self) -> str:
        """Where the mark at the top leads."""
        return "/msp" if self.side == "msp" else "/"

    @property
    def locale(self) -> str:
        """The language of the page, as BCP 47 writes it."""
        return str(g.get("locale", "en")).replace("_", "-")

    @property
    def dir(self) -> str:
        """`rtl` or `ltr`."""
        return _direction(str(g.get("locale", "en")))


@cache
def _direction(locale: str) -> str:
    return str(Locale.parse(locale).text_direction)


def of_entry(entry: Entry, *, side: Side, settings: Settings) -> Place:
    """The place of a request that came through the door."""
    row: Any = entry.facts
    host = row.own_host or f"{row.slug}.{settings.base_domain}"
    return Place(
        side=side,
        slug=row.slug,
        display_name=row.display_name,
        support_email=row.support_email,
        support_phone=row.support_phone,
        support_hours=row.support_hours,
        website=row.website if row.website.startswith(("https://", "http://")) else "",  # it becomes a link
        logo_alt=row.logo_alt or row.display_name,
        logo_key=row.logo_key,
        brand_version=row.brand_version,
        origin=settings.origin(host),
        tenant_locale=row.tenant_locale,
        tenant_time_zone=row.tenant_time_zone,
        person_name=row.user_name,
        person_locale=row.user_locale,
        person_time_zone=row.user_time_zone,
        client_name=row.client_name,
        signed_in_elsewhere=row.other_side,
        seats=row.seats or 0,
        staff_name=row.staff_name,
        looks_only=policy.LOOKERS_MAY_WRITE.isdisjoint(entry.scope.permissions),
    )


def here() -> Place:
    """The place of the request at hand; an empty one before or without the door."""
    place: Place | None = g.get("place")
    return place if place is not None else Place()
