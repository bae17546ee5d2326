"""Which addresses are public. A name may lead anywhere; these networks are never connected to, whoever asks.

Written out, because ``ipaddress`` alone isn't enough: Python 3.11.7 holds 192.0.0.8 and fec0::1 to be public, and
knows nothing of the address by which a cloud's machines ask for their own passwords.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Source: the IANA special-purpose registries (RFC 6890 and its updates), and the makers' documents for the clouds.
_NETWORKS = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "a carrier's own",
    "127.0.0.0/8": "this machine",
    "168.63.129.16/32": "a cloud's own",
    "169.254.0.0/16": "link-local, where clouds keep their metadata",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "for documentation",
    "192.31.196.0/24": "reserved",
    "192.52.193.0/24": "reserved",
    "192.88.99.0/24": "a relay (6to4)",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "reserved",
    "198.18.0.0/15": "for measurements",
    "198.51.100.0/24": "for documentation",
    "203.0.113.0/24": "for documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "::1/128": "this machine",
    "::ffff:0:0/96": "an IPv4 address in disguise",
    "::ffff:0:0:0/96": "an IPv4 address in disguise",
    "::/96": "an IPv4 address in disguise",
    "64:ff9b::/96": "a translator (NAT64)",
    "64:ff9b:1::/48": "a translator (NAT64)",
    "100::/64": "a sink",
    "2001::/32": "a relay (Teredo)",
    "2001::/23": "reserved",
    "2001:db8::/32": "for documentation",
    "2002::/16": "a relay (6to4)",
    "3fff::/20": "for documentation",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
}
_DENIED: Mapping[Network, str] = {ipaddress.ip_network(network): why for network, why in _NETWORKS.items()}
_PUBLIC_6 = ipaddress.ip_network("2000::/3")  # all that was ever given out
_DIGITS = re.compile(r"\d+|0[xX][0-9a-fA-F]*")


def not_public(address: str) -> str | None:
    """Why this address (as the resolver writes it) is not connected to; ``None`` when it is public."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "not an address"
    for network, why in _DENIED.items():
        if found.version == network.version and found in network:
            return why
    given_out = found.is_global and (found.version == 4 or found in _PUBLIC_6)
    return None if given_out else "not a public address"


def is_loopback(host: str) -> bool:
    """Whether this is a name or address of this machine, plainly written."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def disguised(host: str) -> bool:
    """Whether this is an IPv4 address written so as not to look like one: decimal, octal, hexadecimal, cut short.

    Source: the URL standard's "ends in a number" rule, by which browsers read such hosts.
    """
    last = host.removesuffix(".").rpartition(".")[2]
    if not _DIGITS.fullmatch(last):
        return False
    try:
        return str(ipaddress.IPv4Address(host)) != host
    except ValueError:
        return True
