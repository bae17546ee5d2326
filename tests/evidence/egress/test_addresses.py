"""Which addresses are connected to: public ones, whatever notation a private one hides in."""

from __future__ import annotations

import pytest

from bot.evidence.egress.addresses import disguised, is_loopback, not_public

PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.9.9.9",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:53aa:64c::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "4000::1",
    "e000::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_special_address_is_not_public(address: str) -> None:
    """Private, local, mapped, translated, tunnelled, reserved, a cloud's own: each has a reason."""
    assert not_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "157.240.1.35", "2606:4700:4700::1111", "2a03:2880::1"]
)
def test_an_address_of_the_open_net_is_public(address: str) -> None:
    """What platforms live at can be connected to."""
    assert not_public(address) is None


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "127.1", "0x7f.0.0.1", "1.2.3.4.5", "::g", "a" * 1_000_000])
def test_what_is_no_address_is_not_public(text: str) -> None:
    """A resolver that answers nonsense is not believed."""
    assert not_public(text) == "not an address"


@pytest.mark.parametrize(
    "host",
    ["2130706433", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "127.0.0.1.", "0x", "1.2.3.4.5"],
)
def test_an_address_in_other_digits_is_seen_through(host: str) -> None:
    """Decimal, octal, hexadecimal and cut short: browsers read all of these as addresses."""
    assert disguised(host)


@pytest.mark.parametrize("host", ["www.facebook.com", "127.0.0.1", "8.8.8.8", "4chan.org", "1e100.net", "x.0x7g", ""])
def test_a_plain_name_or_address_is_no_disguise(host: str) -> None:
    """Digits in a name don't make it an address; a dotted quad is what it looks like."""
    assert not disguised(host)


def test_this_machine_is_known_by_its_plain_names_only() -> None:
    """``localhost`` and loopback addresses; a name that merely begins so is somebody else's."""
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.0.0.2", "::1")))
    assert not any(map(is_loopback, ("localhost.example.org", "127.0.0.1.nip.io", "0.0.0.0", "10.0.0.1", "")))
