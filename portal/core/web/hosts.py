"""From the Host header to a name that a tenant may have; nothing else chooses a tenant."""

import re
from dataclasses import dataclass

HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Named:
    """A host split into what it may mean: the installation itself, a slug below it, or an own domain."""

    host: str
    slug: str = ""
    is_base: bool = False


def named(header: str, base_domain: str) -> Named | None:
    """What a Host header names; None where it is no host name that we could answer at.

    >>> named("harbor.localhost:8000", "localhost")
    Named(host='harbor.localhost', slug='harbor', is_base=False)
    """
    host = header.rpartition(":")[0] if re.search(r":\d{0,5}$", header) else header
    host = host.lower()
    if not HOST.fullmatch(host):
        return None
    if host == base_domain:
        return Named(host, is_base=True)
    if host.endswith(f".{base_domain}"):
        slug = host.removesuffix(f".{base_domain}")
        return Named(host, slug=slug) if LABEL.fullmatch(slug) else None
    return Named(host)
