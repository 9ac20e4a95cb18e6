"""Which addresses lie on the public internet: everything else is somebody's inside, perhaps ours."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_NOT_PUBLIC: Final = tuple(
    map(
        ip_network,
        (
            # IANA IPv4 Special-Purpose Address Registry, multicast (RFC 5771) and what is reserved (RFC 1112)
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            # Microsoft's cloud answers its own machines at this one, though it looks public
            "168.63.129.16/32",
            # IANA IPv6 Special-Purpose Address Registry, as far as it lies in 2000::/3: Teredo and others that
            # carry addresses of another kind inside, documentation, 6to4, AS112
            "2001::/23",
            "2001:db8::/32",
            "2002::/16",
            "2620:4f:8000::/48",
            "3fff::/20",
        ),
    )
)
_GLOBAL_UNICAST: Final = ip_network("2000::/3")
"""Nothing else of IPv6 is handed out (RFC 4291, 2.4): mapped, translated, local and multicast lie outside."""


def is_public(address: str) -> bool:
    """Whether it is a public unicast address; what cannot be read as an address is not."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and (found.scope_id or found not in _GLOBAL_UNICAST):
        return False
    return not any(found in network for network in _NOT_PUBLIC if network.version == found.version)
