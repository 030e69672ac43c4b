"""Which network addresses are public. What is not may be a neighbour that trusts us, or this machine (SSRF)."""

import ipaddress
import socket
from collections.abc import Callable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Resolve = Callable[[str, int], Sequence[str]]
"""Names the addresses of a host, as text. Raises OSError."""

NOT_PUBLIC_4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # behind a carrier's NAT (RFC 6598)
        "127.0.0.0/8",  # loopback (RFC 1122)
        "169.254.0.0/16",  # link-local, and where clouds keep their secrets (RFC 3927)
        "172.16.0.0/12",  # private (RFC 1918)
        "192.0.0.0/24",  # protocol assignments (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.88.99.0/24",  # 6to4 relays, given up (RFC 7526)
        "192.168.0.0/16",  # private (RFC 1918)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation (RFC 5737)
        "203.0.113.0/24",  # documentation (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved, and broadcast (RFC 1112)
    )
)

NOT_PUBLIC_6 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",  # unspecified, loopback, and IPv4 in disguise, given up (RFC 4291)
        "::ffff:0:0/96",  # IPv4 in disguise (RFC 4291)
        "::ffff:0:0:0/96",  # IPv4 in disguise (RFC 2765)
        "64:ff9b::/96",  # IPv4 behind a translator (RFC 6052)
        "64:ff9b:1::/48",  # the same, private (RFC 8215)
        "100::/64",  # discarded (RFC 6666)
        "2001::/23",  # protocol assignments, Teredo among them (RFC 2928)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # IPv4 in disguise: 6to4 (RFC 3056)
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segment routing (RFC 9602)
        "fc00::/7",  # private (RFC 4193)
        "fe80::/10",  # link-local (RFC 4291)
        "fec0::/10",  # site-local, given up (RFC 3879)
        "ff00::/8",  # multicast (RFC 4291)
    )
)
"""IANA's registries of special-purpose addresses, and what carries an IPv4 address that nobody would look at."""


def is_public(text: str) -> bool:
    """Tell whether an address belongs to the public network; what is no address does not."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in network for network in NOT_PUBLIC_4)
    return address.is_global and not any(address in network for network in NOT_PUBLIC_6)


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except UnicodeError as error:  # a label that is too long or empty
        raise OSError(f"{host!r} is no name of a host") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))
