"""From facts to words: a letter written out for one reader, under that reader's own scope."""

import re
from dataclasses import dataclass
from typing import Any

from flask import g, render_template
from flask_babel import get_locale

from portal.core.colour import CLIENT_BLUE, STAFF_VIOLET, is_colour
from portal.core.palette import palette
from portal.core.tenancy.session import transaction
from portal.core.web.place import Place
from portal.extensions import db
from portal.notifications.letters import Letter
from portal.notifications.readers import Reader
from portal.settings import current
from portal.tenants import queries as tenants
from portal.tenants.models import Tenant

LONGEST_SUBJECT = 200
"""Characters; mail programs show about 80, and a longer one is somebody's pasted text."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")


@dataclass(frozen=True, slots=True)
class Correspondence:
    """Whose mail it is: the tenant, and the name it answers at."""

    tenant: Tenant
    host: str

    @property
    def sender(self) -> str:
        """The address in From: the tenant's support mailbox, or one that nobody reads."""
        return self.tenant.support_email or f"no-reply@{self.host}"

    def place_for(self, reader: Reader) -> Place:
        """The frame of the mail, as a page of this reader's would have it."""
        tenant = self.tenant
        return Place(
            side="msp" if reader.is_staff else "client",
            slug=tenant.slug,
            display_name=tenant.display_name,
            support_email=tenant.support_email,
            support_phone=tenant.support_phone,
            support_hours=tenant.support_hours,
            website=tenant.website,
            origin=current().origin(self.host),
            tenant_locale=tenant.locale,
            tenant_time_zone=tenant.time_zone,
            person_name=reader.name,
            person_locale=reader.locale,
            person_time_zone=reader.time_zone,
        )


@dataclass(frozen=True, slots=True)
class Words:
    """A letter in the reader's language."""

    subject: str
    text: str
    html: str


def correspondence(reader: Reader) -> Correspondence:
    """Tenant and host for a mail to this reader; the host is the verified own domain, else the slug's."""
    tenant_id = reader.scope.tenant_id
    tenant = db.session.execute(tenants.tenant(tenant_id)).scalar_one()
    own = db.session.execute(tenants.own_host(tenant_id)).scalar_one_or_none()
    return Correspondence(tenant, own or f"{tenant.slug}.{current().base_domain}")


def written(letter: Letter, reader: Reader, house: Correspondence, facts: dict[str, Any]) -> Words | None:
    """The letter as this reader may read it; None where it has nothing to tell them.

    It is a transaction of its own under the reader's scope, beside the caller's:
    what row-level security hides from them isn't there to be written down.
    """
    with transaction(reader.scope):
        g.place = house.place_for(reader)
        get_locale()  # the frame names its language before the first translated word would choose it
        found = letter.facts(**facts)
        if found is None:
            return None
        context = {**found, "reader": reader, "paint": paint(house.tenant, reader)}
        folder = f"emails/{letter.name}"
        return Words(
            subject=one_line(render_template(f"{folder}/subject.txt", **context))[:LONGEST_SUBJECT],
            text=render_template(f"{folder}/body.txt", **context).strip() + "\n",
            html=render_template(f"{folder}/body.html", **context),
        )


def paint(tenant: Tenant, reader: Reader) -> dict[str, str]:
    """The colours of the brand, for light paper; mail programs make their own dark."""
    own = tenant.brand_color or ""
    brand = STAFF_VIOLET if reader.is_staff else own if is_colour(own) else CLIENT_BLUE
    return {name.replace("-", "_"): colour for name, colour in palette(brand).light.items()}


def one_line(text: str) -> str:
    """The text without line breaks and control characters, so that no header can be smuggled in."""
    return _UNPRINTABLE.sub(" ", text).strip()
