"""What stands for one visitor where tries and requests are counted by address."""

import ipaddress

_IPV6_NETWORK = 64
"""Bits; whoever has an IPv6 address has all that share them."""


def network(address: str) -> str:
    """What one visitor certainly has: an IPv4 address, or the /64 of an IPv6 one. Empty for what is no address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, _IPV6_NETWORK), strict=False))
    return str(parsed)
