"""What the domain name system says of a name: whether a TXT record with a given text is published.

It asks the resolvers that the operator named (`DNS_RESOLVERS`), else the system's own, each by itself: whoever
has just published a record finds that one resolver still remembers that there was none. The first that
knows the record decides. Nothing but the operator's resolvers is ever connected to. The library is loaded
when it is needed, as it takes long to load and few processes need it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Literal

from portal.settings import current

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dns.resolver

Outcome = Literal["found", "other", "no_name", "timeout", "failed"]
"""The text is there; the name has other TXT records or none; there is no such name; no answer; servers refused."""
SECONDS: Final = 3.0
"""For all resolvers together."""
MOST_RESOLVERS: Final = 3
PORT: Final = 53
_RANKS: Final[tuple[Outcome, ...]] = ("other", "no_name", "failed", "timeout")
"""Which answer tells most, where resolvers differ and none knows the record."""


def look_for(name: str, text: str) -> Outcome:
    """Whether one of the TXT records of this name is exactly this text. Takes at most `SECONDS`."""
    resolvers = list(_resolvers())
    ends = time.monotonic() + SECONDS
    said: set[Outcome] = set()
    for place, resolver in enumerate(resolvers):
        left = ends - time.monotonic()
        if left <= 0:
            said.add("timeout")
            break
        resolver.lifetime = resolver.timeout = left / (len(resolvers) - place)
        outcome = _asked(resolver, name, text)
        if outcome == "found":
            return outcome
        said.add(outcome)
    return next((each for each in _RANKS if each in said), "failed")


def _resolvers() -> Iterator[dns.resolver.Resolver]:
    """One for each server, so that each is asked by itself."""
    import dns.resolver

    for host, port in _servers()[:MOST_RESOLVERS]:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [host], port
        yield resolver


def _servers() -> list[tuple[str, int]]:
    import dns.exception
    import dns.resolver

    named = current().dns_resolvers
    if named:
        return list(named)
    try:
        system = dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return []
    return [(str(each), system.port) for each in system.nameservers]


def _asked(resolver: dns.resolver.Resolver, name: str, text: str) -> Outcome:
    import dns.exception
    import dns.resolver

    try:
        answer = resolver.resolve(f"{name}.", "TXT", search=False)
    except dns.resolver.NXDOMAIN:
        return "no_name"
    except dns.resolver.NoAnswer:
        return "other"
    except dns.exception.Timeout:
        return "timeout"
    except (dns.exception.DNSException, OSError):
        return "failed"
    # A text of more than 255 bytes, and many a hoster's form, splits it into several strings of one record.
    texts = {b"".join(record.strings).decode("ascii", "replace").strip() for record in answer}
    return "found" if text in texts else "other"
